//go:build linux && amd64 && cgo

package bench_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/snapshot"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// BenchmarkSnapshot measures what a program of more and more goroutines pays.
// take/N takes one snapshot after another, for what one costs and for the pauses
// of the world; period/N lets programs of that many be, and measures the share
// of a core that they take.
func BenchmarkSnapshot(b *testing.B) {
	// Upwards: Go keeps the descriptors of goroutines that ended, and its profile
	// goes through them as well.
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run("take/"+strconv.Itoa(n), func(b *testing.B) { take(b, n, 0) })
		b.Run("take-busy/"+strconv.Itoa(n), func(b *testing.B) { take(b, n, runtime.GOMAXPROCS(0)) })
		b.Run("period/"+strconv.Itoa(n), func(b *testing.B) { period(b, n) })
	}
}

// take compares the pauses with those of the least that can stop the world,
// runtime.ReadMemStats, which does so once where a snapshot does twice; in turns,
// with as many goroutines that spin.
//
// A pause is long when a thread that has to stop, or the one that waits for it,
// has no processor. How long the process's threads waited for one is in their
// schedstat: a long pause during which they waited less than it lasted is one
// that has another reason.
func take(b *testing.B, n, spinning int) {
	defer waiting(n)()
	defer spin(spinning)()
	collector := snapshot.NewCollector(nil)
	slot, buffer := boxformat.Slot{}, make([]byte, boxformat.SlotSize)
	collector.Take(&slot) // stacks that are new are rendered: once
	var stats runtime.MemStats
	var ours, peers stops
	var cost, collection time.Duration
	runtime.LockOSThread() // for its clock
	defer runtime.UnlockOSThread()
	for b.Loop() {
		ours.during(b, func() {
			began := threadTime(b)
			collection += collector.Take(&slot)
			slot.Encode(buffer)
			cost += threadTime(b) - began
		})
		peers.during(b, func() {
			runtime.ReadMemStats(&stats)
			runtime.ReadMemStats(&stats)
		})
	}
	b.ReportMetric(cost.Seconds()*1e3/float64(b.N), "cpu-ms/take")
	b.ReportMetric(collection.Seconds()*1e3/float64(b.N), "gc-ms/take")
	ours.report(b, "pause")
	peers.report(b, "memstats-pause")
	b.ReportMetric(float64(ours.unexplained), "pauses-unexplained")
}

// spin has n goroutines spin until end is called.
func spin(n int) (end func()) {
	var quit atomic.Bool
	var ended sync.WaitGroup
	for range n {
		ended.Go(func() {
			for !quit.Load() {
			}
		})
	}
	return func() {
		quit.Store(true)
		ended.Wait()
	}
}

// periods is for how many periods a program is watched. The collector comes once
// in some eight snapshots; where a period lasts longer, it comes more often.
func periods(n int) uint64 {
	if n > 10_000 {
		return 2
	}
	return 10
}

// period has three programs at the same time: without Epitaph, without
// snapshots, and with all of it. From one snapshot to a later one is a whole
// number of periods; over the same time, the kernel's clocks of the three say
// what they took.
func period(b *testing.B, n int) {
	program.Path(b) // built before anything is measured
	box := filepath.Join(b.TempDir(), "box")
	names := []string{"plain", "quiet", "snapshots"}
	programs := make([]*victim.Child, len(names))
	for i, name := range names {
		programs[i] = startProgram(b, fmt.Sprintf("idle %s %d", name, n), victim.Args(box))
		programs[i].Line()
	}
	clocks := func() (used [3]time.Duration) {
		for i, p := range programs {
			used[i] = p.ProcessorTime()
		}
		return used
	}
	var last blackbox.Snapshot
	var before, after [3]time.Duration
	var elapsed time.Duration
	for b.Loop() {
		last = nextSnapshot(b, box, nextSnapshot(b, box, 0).Number) // not Enable's own
		end := last.Number + periods(n)
		before = clocks()
		began := time.Now()
		for last.Number < end {
			last = nextSnapshot(b, box, last.Number)
		}
		after, elapsed = clocks(), time.Since(began)
		if last.Goroutines < n {
			b.Fatalf("snapshot %d, of %d goroutines", last.Number, last.Goroutines)
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(last.Cost.Seconds()*1e3, "cost-ms")
	b.ReportMetric(last.Period.Seconds(), "period-s")
	for i, name := range names {
		share := float64(after[i]-before[i]) / float64(elapsed)
		b.ReportMetric(100*share, "%core-"+name)
	}
}

// nextSnapshot waits for one with a higher number.
func nextSnapshot(b *testing.B, box string, number uint64) blackbox.Snapshot {
	for ; ; time.Sleep(5 * time.Millisecond) {
		run, err := blackbox.Open(box)
		if err != nil {
			b.Fatal(err)
		}
		if n := len(run.Snapshots); n > 0 && run.Snapshots[n-1].Number > number {
			return run.Snapshots[n-1]
		}
	}
}

// waiting starts n goroutines that wait in stacks of ten depths; end ends them.
func waiting(n int) (end func()) {
	quit := make(chan struct{})
	var ready, ended sync.WaitGroup
	ready.Add(n)
	for i := range n {
		ended.Go(func() { deeper(i%10, ready.Done, quit) })
	}
	ready.Wait()
	runtime.GC() // not while something is measured
	return func() {
		close(quit)
		ended.Wait()
		debug.FreeOSMemory() // which Go would do in the background, later
	}
}

func deeper(depth int, ready func(), quit chan struct{}) {
	if depth > 0 {
		deeper(depth-1, ready, quit)
		return
	}
	ready()
	<-quit
}
