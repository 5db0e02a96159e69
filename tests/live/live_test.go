//go:build linux && (amd64 || arm64) && cgo

package live

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var everywhere = []string{"cgo", "goroutine", "callback", "thread"}

// checkCrashed checks that the goroutine that crashed comes first and is linked
// with its thread; on a C thread there is none.
func checkCrashed(t *testing.T, r *report.Report, place string) {
	t.Helper()
	if !r.Goroutines.Live || len(r.GoroutineGroups) == 0 {
		t.Fatalf("no live goroutines: %+v", *r.Goroutines)
	}
	first := r.GoroutineGroups[0]
	if place == "thread" {
		for _, g := range r.GoroutineGroups {
			if g.Thread() != 0 {
				t.Errorf("goroutine %v is linked with thread %d", g.IDs, g.Thread())
			}
		}
		return
	}
	if want := r.Process.TID; first.Thread() != want || first.Count != 1 {
		t.Errorf("the first group is %+v, want one goroutine of thread %d", first, want)
	}
	// The same calls as in the thread's stack, where C frames are between them.
	var names []string
	for _, f := range r.Current().Frames {
		names = append(names, f.Func)
	}
	for _, f := range first.Frames {
		if f.Kind == report.SourceFrame && !slices.Contains(names, f.Func) {
			t.Errorf("%s is on the goroutine's stack, but not on the thread's %q", f.Func, names)
		}
	}
	if place == "goroutine" && count(r, "main.crash.func1") != 1 {
		t.Error("main.crash.func1 is not there")
	}
}

// checkPlaces checks that the parked goroutines are all there.
func checkPlaces(t *testing.T, r *report.Report, n int, status string) {
	t.Helper()
	for i := range 10 {
		name := fmt.Sprintf("main.place%d", i)
		if got := count(r, name); got != n/10 {
			t.Errorf("%d goroutines in %s, want %d", got, name, n/10)
		}
		for _, g := range r.GoroutineGroups {
			if len(g.Frames) > 0 && g.Frames[0].Func == name && (g.Status != status || g.Count != n/10) {
				t.Errorf("the group in %s is %+v", name, g)
			}
		}
	}
	checkSum(t, r)
}

func TestThousand(t *testing.T) {
	for _, place := range everywhere {
		t.Run(place, func(t *testing.T) {
			r, o := crash(t, plain, "crash parked=1000 place="+place)
			checkCrashed(t, r, place)
			checkPlaces(t, r, 1000, "chan receive")
			want := map[string]int{"goroutine": 1002}[place]
			if want == 0 {
				want = 1001
			}
			if r.Goroutines.Count != want || r.Goroutines.Own < 1 {
				t.Errorf("%+v, want %d and at least one of Epitaph's", *r.Goroutines, want)
			}
			if o.Status.Signal() != syscall.SIGSEGV || len(r.Unknown) > 0 {
				t.Errorf("unknown lines %v: %s", r.Unknown, o)
			}
			sizes := make([]int, 0)
			for _, g := range r.GoroutineGroups[1:] {
				sizes = append(sizes, g.Count)
				if g.Count == 100 && (len(g.IDs) != 10 || !slices.IsSorted(g.IDs)) {
					t.Errorf("the goroutines of a group are %v", g.IDs)
				}
			}
			if !slices.IsSortedFunc(sizes, func(a, b int) int { return b - a }) {
				t.Errorf("the groups are not sorted by size: %v", sizes)
			}
			if n := created(r, "main.park"); n != 1000 {
				t.Errorf("%d goroutines were created by main.park", n)
			}
		})
	}
}

// The answer to a question must not make an idle program die slowly.
func TestQuick(t *testing.T) {
	for _, poll := range []string{"50ms", "0"} {
		best := time.Hour
		for range 5 {
			r, _ := crash(t, plain, "crash poll="+poll)
			checkCrashed(t, r, "cgo")
			best = min(best, took(r))
		}
		if best > 40*time.Millisecond { // below the period of the poll
			t.Errorf("with a poll of %s the quickest of five reports took %v", poll, best)
		}
	}
}

// 500 goroutines that want to run on 2 Ps all the time are ahead of everybody
// in the queue; the timer is not in it. Nothing can be promised for a machine
// that is itself so busy that the process does not come to run within two
// seconds, so one of the eight crashes may go unanswered, if it says so.
func TestSpinning(t *testing.T) {
	unanswered := 0
	for _, place := range append(everywhere, everywhere...) {
		r, o := crash(t, plain, "crash spin=500 delay=500 place="+place, "GOMAXPROCS=2")
		if !r.Goroutines.Live {
			unanswered++
			checkUnanswered(t, r, noP, noStop)
			t.Logf("%s: %+v", place, *r.Goroutines)
			continue
		}
		checkCrashed(t, r, place)
		if n := created(r, "main.startLoad.func2"); n != 500 {
			t.Errorf("%s: %d goroutines spin, want 500: %s", place, n, o)
		}
		checkSum(t, r)
	}
	if unanswered > 1 {
		t.Errorf("%d of 8 crashes were not answered", unanswered)
	}
}

func TestGarbageCollection(t *testing.T) {
	for _, place := range everywhere {
		t.Run(place, func(t *testing.T) {
			r, _ := crash(t, plain, "crash gc=4 parked=100 delay=200 place="+place)
			checkCrashed(t, r, place)
			checkPlaces(t, r, 100, "chan receive")
		})
	}
}

// A thread that dies inside malloc holds its lock.
func TestInMalloc(t *testing.T) {
	for _, place := range everywhere {
		t.Run(place, func(t *testing.T) {
			for range 3 {
				r, o := crash(t, crashdemo, "run in-malloc -place "+place)
				if !r.Goroutines.Live || count(r, "main.main") != 1 {
					t.Errorf("%+v: %s", *r.Goroutines, o)
				}
			}
		})
	}
}

func TestMany(t *testing.T) {
	t.Run("10000", func(t *testing.T) {
		r, o := crash(t, plain, "crash parked=9990 place=thread")
		checkPlaces(t, r, 9990, "chan receive")
		if !r.Goroutines.Live || len(o.Stderr) > 100000 {
			t.Errorf("%+v, %d bytes", *r.Goroutines, len(o.Stderr))
		}
		t.Log("took", took(r))
	})
	// Beyond 10 000 there are no ids and states, but every goroutine is counted.
	t.Run("20000", func(t *testing.T) {
		r, _ := crash(t, plain, "crash parked=20000 place=goroutine")
		checkPlaces(t, r, 20000, "")
		// The runtime has some without a function of the program's on a busy machine, and
		// so many stacks are not asked one by one whose they are.
		program := 0
		for _, g := range r.GoroutineGroups {
			if len(g.Frames) > 0 {
				program += g.Count
			}
		}
		if !r.Goroutines.Live || program != 20002 || r.Goroutines.Count < program {
			t.Errorf("%d of %+v", program, *r.Goroutines)
		}
		t.Log("took", took(r))
	})
	t.Run("deep", func(t *testing.T) {
		r, _ := crash(t, plain, "crash parked=1000 depth=200 place=cgo")
		checkCrashed(t, r, "cgo")
		checkPlaces(t, r, 1000, "chan receive")
		if n := count(r, "main.below"); n != 1000 {
			t.Errorf("%d goroutines in main.below", n)
		}
	})
}

func TestBuilds(t *testing.T) {
	for _, p := range []*victim.Program{race, go127} {
		for _, place := range everywhere {
			t.Run(p.Name+"/"+place, func(t *testing.T) {
				r, _ := crash(t, p, "crash parked=100 place="+place)
				checkCrashed(t, r, place)
				checkPlaces(t, r, 100, "chan receive")
			})
		}
	}
}

func TestPID1(t *testing.T) {
	unshare := []string{"--pid", "--fork", "--mount-proc", "--kill-child"}
	if o := victim.Run(t, "unshare", append(unshare, "true"), victim.Limit(limit)); o.Status != 0 {
		t.Skipf("no program can be PID 1 here: %s", o)
	}
	for _, place := range everywhere {
		t.Run(place, func(t *testing.T) {
			r, _ := reportIn(t, plain.Run(t, "crash parked=100 place="+place, victim.Under("unshare", unshare...)))
			checkCrashed(t, r, place)
			checkPlaces(t, r, 100, "chan receive")
		})
	}
}

// With GOTRACEBACK=crash, Go's own dumps show frames and goroutines of the
// runtime; a report does not.
func TestTracebackLevels(t *testing.T) {
	for _, level := range []string{"none", "single", "all", "system", "crash"} {
		r, _ := crash(t, plain, "crash parked=20 place=goroutine", "GOTRACEBACK="+level)
		checkCrashed(t, r, "goroutine")
		checkPlaces(t, r, 20, "chan receive")
		if r.Goroutines.Count != 22 {
			t.Errorf("GOTRACEBACK=%s: %+v", level, *r.Goroutines)
		}
	}
}

func TestLabels(t *testing.T) {
	r, _ := crash(t, plain, "crash parked=20 labels=1", "GODEBUG=tracebacklabels=1")
	found := 0
	for _, g := range r.GoroutineGroups {
		if strings.Contains(strings.Join(g.Details, ", "), "label request = ") {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d groups have the label, want 1: %+v", found, r.GoroutineGroups)
	}
}
