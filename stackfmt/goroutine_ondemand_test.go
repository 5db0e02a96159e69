package stackfmt_test

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestStacksOnDemand: stacks that are read on demand are those that are read at once,
// for everything that takes goroutines.
func TestStacksOnDemand(t *testing.T) {
	all := readDumps(t)
	for name, text := range dumps(t) {
		all[name] = string(text)
	}
	all["twice"] = all["go1.27-quit"] + "\n" + all["go1.27-ancestors"] + "\n" + all["go1.27-quit"]
	all["long"] = "goroutine 1 [running]:\n" + strings.Repeat("main.f(0x1, ...)\n\t/x.go:1 +0x1\n", 25_000)
	for name, text := range all {
		for _, args := range []bool{true, false} {
			want := stackfmt.ParseGoroutines([]byte(text), stackfmt.WithArgs(args))
			got := stackfmt.ParseGoroutines([]byte(text), stackfmt.WithStacksOnDemand(), stackfmt.WithArgs(args))
			if !reflect.DeepEqual(got.Traceback(), want.Traceback()) {
				t.Errorf("%s: another Traceback", name)
			}
			for _, s := range []stackfmt.Similarity{stackfmt.SameLines, stackfmt.SameCalls} {
				if g, w := stackfmt.GroupStacks(got.Goroutines, stackfmt.WithSimilarity(s)), stackfmt.GroupStacks(want.Goroutines, stackfmt.WithSimilarity(s)); !reflect.DeepEqual(g, w) {
					t.Errorf("%s: other groups", name)
				}
			}
			for i := range got.Goroutines {
				g, w := &got.Goroutines[i], &want.Goroutines[i]
				if g.Stack != nil {
					t.Errorf("%s: goroutine %d: the stack is there", name, g.ID)
				}
				if c := slices.Collect(g.Calls()); !reflect.DeepEqual(stackfmt.Stack(c), w.Stack) || !reflect.DeepEqual(c, slices.Collect(w.Calls())) {
					t.Errorf("%s: goroutine %d: calls\n%+v\nwant\n%+v", name, g.ID, c, w.Stack)
				}
				g.ReadStacks()
				g.ReadStacks()
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: differs when read", name)
			}
		}
	}
}

// TestStacksOnDemandAtOnce: dumps that are read at the same time, and one after the
// other with the same tables, do not change each other.
func TestStacksOnDemandAtOnce(t *testing.T) {
	all := dumps(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var read []*stackfmt.GoroutineDump
			var want []string
			for name, text := range all {
				read = append(read, stackfmt.ParseGoroutines(text, stackfmt.WithStacksOnDemand()))
				want = append(want, name)
			}
			for i, d := range read {
				for k := range d.Goroutines {
					d.Goroutines[k].ReadStacks()
				}
				if !reflect.DeepEqual(d, stackfmt.ParseGoroutines(all[want[i]])) {
					t.Errorf("%s: differs", want[i])
				}
			}
		})
	}
	wg.Wait()
}

// TestCallsStops: a loop over calls can end early.
func TestCallsStops(t *testing.T) {
	text := "goroutine 1 [running]:\nmain.g()\n\t/x.go:2 +0x1\nmain.f()\n\t/x.go:1 +0x1\n"
	for _, opts := range [][]stackfmt.ParseOption{nil, {stackfmt.WithStacksOnDemand()}} {
		d := stackfmt.ParseGoroutines([]byte(text), opts...)
		for f := range d.Goroutines[0].Calls() {
			if f.Func != "main.f" {
				t.Errorf("%s is the oldest", f.Func)
			}
			break
		}
	}
}
