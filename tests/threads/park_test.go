//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// parked reads which thread is in which function from the victim's output.
func parked(t *testing.T, out *victim.Outcome, want int) map[int]string {
	t.Helper()
	functions := make(map[int]string)
	for line := range strings.Lines(out.Stdout) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "thread" {
			tid, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			functions[tid] = fields[2]
		}
	}
	if len(functions) != want {
		t.Fatalf("the victim made %d threads, not %d", len(functions), want)
	}
	return functions
}

// 1000 threads in 20 functions, with as many goroutines: each thread is there
// once, in its function, with as many frames of it as it has.
func TestThousandThreads(t *testing.T) {
	sizes := []int{20, 1000}
	if victim.Full {
		sizes = append(sizes, 3000)
	}
	for _, n := range sizes {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			r, out := crash(t, fmt.Sprintf("park %d", n))
			accounted(t, r)
			stacks := byTID(t, r)
			named, inFunction := 0, make(map[string]int)
			functions := parked(t, out, n)
			for tid, function := range functions {
				thread := stacks[tid]
				if thread == nil {
					continue // in a group whose list of names was cut
				}
				named++
				number, err := strconv.Atoi(strings.TrimPrefix(function, "park_"))
				if err != nil {
					t.Fatal(err)
				}
				late := mark(thread).Reason != ""
				if got, want := count(thread, function), number%3+1; got != want && !late {
					t.Errorf("thread %d has %d frames of %s, not %d\n%v", tid, got, function, want, thread.Frames)
				}
				// Threads that were late stand in one group, and each has its name.
				own := slices.IndexFunc(thread.Members, func(m report.Member) bool { return m.TID == tid })
				if got, want := thread.Members[own].Name, strings.Replace(function, "_", "-", 1); got != want {
					t.Errorf("thread %d has the name %q, not %q", tid, got, want)
				}
			}
			for _, thread := range r.Threads {
				for i := range 20 {
					if function := fmt.Sprintf("park_%02d", i); has(&thread, function) {
						inFunction[function] += thread.Count
					}
				}
			}
			// A thread whose answer comes too late on an overloaded machine is seen
			// from outside, which does not go far when it is about to answer.
			missing := 0
			for i := range 20 {
				function := fmt.Sprintf("park_%02d", i)
				if inFunction[function] > n/20 {
					t.Errorf("%d threads in %s, not %d", inFunction[function], function, n/20)
				}
				missing += n/20 - inFunction[function]
			}
			if missing > r.Answers.Late {
				t.Errorf("%d threads are in none of the functions, %d were late: %v", missing, r.Answers.Late, inFunction)
			}
			if n <= 1000 && named != n {
				t.Errorf("%d of %d threads are named", named, n)
			}
			goroutinesAccounted(t, r, n)
			if r.Answers.Answered+r.Answers.Late != r.Answers.Total {
				t.Errorf("not all answered: %+v", *r.Answers)
			}
			if stacks[r.Process.TID] == nil || !stacks[r.Process.TID].Current() {
				t.Error("the crashing thread is not the current one")
			}
			t.Logf("%d threads in %v", n, r.End.Duration)
		})
	}
}

// goroutinesAccounted checks that as many as said are in the groups, and n of
// them where the victim parks them.
func goroutinesAccounted(t *testing.T, r *report.Report, n int) {
	t.Helper()
	if r.Goroutines == nil {
		t.Fatal("no goroutines")
	}
	if !r.Goroutines.Live { // the machine was too busy; package live tests that
		t.Logf("no live goroutines: %+v", *r.Goroutines)
		return
	}
	shown, waiting := 0, 0
	for _, group := range r.GoroutineGroups {
		shown += group.Count
		if len(group.Frames) > 0 && group.Frames[0].Func == "main.park.func1" {
			waiting += group.Count
		}
	}
	// The others: main's, which crashes.
	if shown != r.Goroutines.Count || waiting != n || shown != n+1 {
		t.Errorf("%d goroutines shown, %d of them parked, %+v said", shown, waiting, *r.Goroutines)
	}
}

// WithMaxThreads limits the stacks shown, and tells the rest.
func TestMaxThreads(t *testing.T) {
	r, _ := crash(t, "max 3")
	accounted(t, r)
	if len(r.Threads) != 1+3+1 {
		t.Errorf("%d blocks: %v", len(r.Threads), r.Threads)
	}
	if r.Answers.Total < 100 {
		t.Errorf("counted: %+v", *r.Answers)
	}
}

func TestWithoutOtherThreads(t *testing.T) {
	r, _ := crash(t, "alone")
	if len(r.Threads) != 1 || r.Answers != nil {
		t.Errorf("%d stacks, %v", len(r.Threads), r.Answers)
	}
}

func TestThreadSignal(t *testing.T) {
	r, _ := crash(t, "signal 50")
	accounted(t, r)
	if r.Answers.Answered+r.Answers.Late != r.Answers.Total {
		t.Errorf("%+v", *r.Answers)
	}
	_, out := survive(t, "taken 50")
	if !strings.Contains(out.Stdout, "something other than Go handles signal 50") {
		t.Errorf("Enable said %q", out.Stdout)
	}
}
