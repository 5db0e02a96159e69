package snapshot_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/snapshot"
	"github.com/epitaph-go/epitaph/report"
)

// take takes a snapshot and parses its text.
func take(t *testing.T, c *snapshot.Collector) (boxformat.Slot, *report.Report) {
	t.Helper()
	var slot boxformat.Slot
	c.Take(&slot)
	text := fmt.Sprintf("Goroutines: %d, snapshot 0.000 s old, in %d groups\n\n%s", slot.Goroutines, slot.Groups, slot.Text)
	r, err := report.Parse([]byte(text))
	if err != nil || len(r.Unknown) > 0 {
		t.Fatalf("%v, unknown %v in:\n%s", err, r.Unknown, text)
	}
	if r.String() != text {
		t.Errorf("printed as\n%s\nnot\n%s", r, text)
	}
	return slot, r
}

// group returns the one whose first frame is a function of this package.
func group(r *report.Report, function string) *report.GoroutineGroup {
	for i, g := range r.GoroutineGroups {
		if len(g.Frames) > 0 && strings.HasSuffix(g.Frames[0].Func, "snapshot_test."+function) {
			return &r.GoroutineGroups[i]
		}
	}
	return nil
}

func inReceive(c chan int) { <-c }
func inSend(c chan int)    { c <- 1 }
func inSelect(c, d chan int) {
	select {
	case <-c:
	case <-d:
	}
}
func inNilSelect()                  { select {} }
func inMutex(m *sync.Mutex)         { m.Lock(); defer m.Unlock() }
func inWaitGroup(w *sync.WaitGroup) { w.Wait() }
func inSleep()                      { time.Sleep(time.Hour) }
func inCond(c *sync.Cond)           { c.L.Lock(); c.Wait() }
func inRead(f *os.File)             { f.Read(make([]byte, 1)) }

// inPackage skips the frames of the library, to find who called it.
func inPackage(r *report.Report, function string) *report.GoroutineGroup {
	for i, g := range r.GoroutineGroups {
		for _, frame := range g.Frames {
			if strings.HasSuffix(frame.Func, "snapshot_test."+function) {
				return &r.GoroutineGroups[i]
			}
		}
	}
	return nil
}

func TestStates(t *testing.T) {
	c := make(chan int)
	var m sync.Mutex
	var w sync.WaitGroup
	m.Lock()
	w.Add(1)
	pipe, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close(); pipe.Close() })
	want := map[string]string{
		"inReceive": "chan receive", "inSend": "chan send", "inSelect": "select", "inNilSelect": "select (no cases)",
		"inMutex": "sync.Mutex.Lock", "inWaitGroup": "sync.WaitGroup.Wait", "inSleep": "sleep", "inCond": "sync.Cond.Wait",
		"inRead": "IO wait",
	}
	for range 3 {
		go inReceive(make(chan int))
		go inSend(make(chan int))
		go inSelect(c, c)
		go inNilSelect()
		go inMutex(&m)
		go inWaitGroup(&w)
		go inSleep()
		go inCond(sync.NewCond(new(sync.Mutex)))
	}
	go inRead(pipe)
	collector := snapshot.NewCollector(nil)
	eventually(t, func() string {
		_, r := take(t, collector)
		for function, state := range want {
			g := inPackage(r, function)
			if g == nil || g.Status != state || function != "inRead" && g.Count%3 != 0 { // 3 for each run of the test
				return fmt.Sprintf("%s: %+v, want %s", function, g, state)
			}
		}
		return ""
	})
}

func recurse(n int, c chan int) {
	if n > 0 {
		recurse(n-1, c)
		return
	}
	<-c
}

func TestLongStack(t *testing.T) {
	c := make(chan int)
	defer close(c)
	go recurse(100, c)
	collector := snapshot.NewCollector(nil)
	var g *report.GoroutineGroup
	eventually(t, func() string {
		_, r := take(t, collector)
		if g = group(r, "recurse"); g == nil || g.Status != "chan receive" {
			return fmt.Sprintf("recurse: %+v", g)
		}
		return ""
	})
	if n := len(g.Frames); n < 20 || g.Frames[n-1].String() != "  ..." {
		t.Errorf("%d frames, the last is %q", n, g.Frames[n-1])
	}
}

// TestOwn: goroutines of the owner's are neither shown nor counted, and one goroutine is one.
func TestOwn(t *testing.T) {
	c := make(chan int)
	defer close(c)
	go recurse(5, c)
	eventually(t, func() string {
		for _, hidden := range []bool{false, true} {
			collector := snapshot.NewCollector(func(f string) bool { return hidden && strings.HasSuffix(f, ".recurse") })
			slot, r := take(t, collector)
			g := group(r, "recurse")
			if hidden != (g == nil) {
				return fmt.Sprintf("hidden %v: %+v", hidden, g)
			}
			if g != nil && (g.Count != 1 || len(g.IDs) != 0 || !strings.Contains(r.String(), "\nGoroutine ... [chan receive] (most recent call first):\n")) {
				return fmt.Sprintf("%+v\n%s", g, r)
			}
			sum := 0
			for _, g := range r.GoroutineGroups {
				sum += g.Count
			}
			if uint64(sum) != slot.Goroutines {
				return fmt.Sprintf("hidden %v: %d shown, %d counted", hidden, sum, slot.Goroutines)
			}
		}
		return ""
	})
}

// More stacks than fit: the largest groups are shown, the others counted.
func TestMoreGroupsThanFit(t *testing.T) {
	c := make(chan int)
	defer close(c)
	const depths, each = 25, 20
	for depth := range depths {
		for range each {
			go deeper(depth, c)
		}
	}
	collector := snapshot.NewCollector(nil)
	var slot boxformat.Slot
	var r *report.Report
	eventually(t, func() string {
		slot, r = take(t, collector)
		// Those that have not started yet are one group.
		if slot.Groups < depths || len(r.Notes) == 0 || r.GoroutineGroups[0].Count != each {
			return fmt.Sprintf("%d groups, notes %q, the first group has %d", slot.Groups, r.Notes, r.GoroutineGroups[0].Count)
		}
		return ""
	})
	if len(slot.Text) > boxformat.SlotText || len(slot.Text) < boxformat.SlotText/2 {
		t.Errorf("%d bytes of text", len(slot.Text))
	}
	shown := uint64(len(r.GoroutineGroups))
	want := fmt.Sprintf("%d more groups of goroutines did not fit", slot.Groups-shown)
	if shown == slot.Groups || len(r.Notes) != 1 || string(r.Notes[0]) != want {
		t.Errorf("%d of %d groups, notes %q", shown, slot.Groups, r.Notes)
	}
	for i := 1; i < len(r.GoroutineGroups); i++ {
		if r.GoroutineGroups[i].Count > r.GoroutineGroups[i-1].Count {
			t.Errorf("group %d is larger than the one before", i)
		}
	}
}

// eventually waits for goroutines to get to where they wait. What is missing is
// the result of the function.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func deeper(n int, c chan int) {
	if n > 0 {
		deeper(n-1, c)
		return
	}
	inReceive(c)
}

func TestFigures(t *testing.T) {
	collector := snapshot.NewCollector(nil)
	var slot boxformat.Slot
	eventually(t, func() string { // those of other tests are on their way out
		slot, _ = take(t, collector)
		if n := runtime.NumGoroutine(); slot.Goroutines != uint64(n) {
			return fmt.Sprintf("%d goroutines, there are %d", slot.Goroutines, n)
		}
		return ""
	})
	for name, n := range map[string]uint64{
		"heap objects": slot.HeapObjects, "heap goal": slot.HeapGoal, "Go memory": slot.GoMemory, "GOMAXPROCS": slot.GOMAXPROCS,
		"threads": slot.Threads,
	} {
		if n == 0 || n == boxformat.Unknown {
			t.Errorf("%s: %d", name, n)
		}
	}
	if runtime.GOOS == "linux" && (slot.Resident < 1<<20 || slot.Resident == boxformat.Unknown) {
		t.Errorf("resident: %d", slot.Resident)
	}
	cycles := slot.GCCycles
	runtime.GC()
	if slot, _ = take(t, collector); slot.GCCycles <= cycles {
		t.Errorf("%d GC cycles after %d and another", slot.GCCycles, cycles)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := make(chan int)
			for i := range n {
				go deeper(i%10, c)
			}
			defer close(c)
			collector := snapshot.NewCollector(nil)
			var slot boxformat.Slot
			collector.Take(&slot)
			b.ReportAllocs()
			for b.Loop() {
				collector.Take(&slot)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/goroutine")
		})
	}
}
