package stackfmt_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// mixed is a dump with goroutines that are alike in different degrees.
const mixed = `goroutine 1 [running]:
main.main()
	/src/main.go:9 +0x1

goroutine 5 [chan receive, 2 minutes]:
main.worker(0x1)
	/src/main.go:20 +0x10
created by main.start in goroutine 1
	/src/main.go:12 +0x1

goroutine 6 [chan receive, 7 minutes]:
main.worker(0x2)
	/src/main.go:20 +0x10
created by main.start in goroutine 1
	/src/main.go:12 +0x1

goroutine 7 [chan receive]:
main.worker(0x2)
	/src/main.go:22 +0x20
created by main.start in goroutine 1
	/src/main.go:12 +0x1

goroutine 8 [select]:
main.worker(0x2)
	/src/main.go:20 +0x10
created by main.start in goroutine 1
	/src/main.go:12 +0x1

goroutine 9 [chan receive]:
main.worker(0x1)
	/src/main.go:20 +0x10
main.loop(...)
	/src/main.go:30
main.loop(...)
	/src/main.go:30
created by main.restart in goroutine 1
	/src/main.go:14 +0x1

goroutine 10 [chan receive]:
main.worker(0x1)
	/src/main.go:20 +0x10
main.loop(...)
	/src/main.go:30
...98 frames elided...
main.loop(...)
	/src/main.go:30
created by main.restart in goroutine 1
	/src/main.go:14 +0x1
`

func TestGroupStacks(t *testing.T) {
	d := stackfmt.ParseGoroutines([]byte(mixed))
	if len(d.Goroutines) != 7 || d.Unknown != nil {
		t.Fatalf("%+v", d)
	}
	for _, tt := range []struct {
		name string
		opts []stackfmt.GroupOption
		want [][]int64
	}{
		{"default", nil, [][]int64{{5, 6}, {1}, {7}, {8}, {9}, {10}}},
		{"calls", []stackfmt.GroupOption{stackfmt.WithSimilarity(stackfmt.SameCalls)}, [][]int64{{1}, {5}, {6}, {7}, {8}, {9}, {10}}},
		{"functions", []stackfmt.GroupOption{stackfmt.WithSimilarity(stackfmt.SameFunctions)}, [][]int64{{5, 6, 7}, {1}, {8}, {9}, {10}}},
		{"functions across states", []stackfmt.GroupOption{stackfmt.WithSimilarity(stackfmt.SameFunctions), stackfmt.WithAllStates()}, [][]int64{{5, 6, 7, 8}, {1}, {9}, {10}}},
		{"creator", []stackfmt.GroupOption{stackfmt.WithSimilarity(stackfmt.SameCreator), stackfmt.WithAllStates()}, [][]int64{{5, 6, 7, 8}, {9, 10}, {1}}},
		{"recursion", []stackfmt.GroupOption{stackfmt.WithoutRecursion()}, [][]int64{{5, 6}, {9, 10}, {1}, {7}, {8}}},
		{"innermost", []stackfmt.GroupOption{stackfmt.WithInnermost(1)}, [][]int64{{5, 6}, {9, 10}, {1}, {7}, {8}}},
		{"nil option", []stackfmt.GroupOption{nil}, [][]int64{{5, 6}, {1}, {7}, {8}, {9}, {10}}},
	} {
		var got [][]int64
		for _, g := range stackfmt.GroupStacks(d.Goroutines, tt.opts...) {
			got = append(got, g.IDs)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	g := stackfmt.GroupStacks(d.Goroutines)[0]
	if g.MinWait != 2*time.Minute || g.MaxWait != 7*time.Minute || g.Stack[0].Func != "main.worker" {
		t.Errorf("group %+v", g)
	}
	if got, want := g.Header(), "Goroutines 5, 6 [chan receive, 7 minutes]:"; got != want {
		t.Errorf("header %q, want %q", got, want)
	}
	if stackfmt.GroupStacks(nil) != nil {
		t.Error("groups of nothing")
	}
}

func TestGroupHeader(t *testing.T) {
	var b strings.Builder
	for i := range 5316 {
		fmt.Fprintf(&b, "goroutine %d [chan receive, %d minutes, locked to thread]:\nmain.f()\n\t/x.go:1 +0x1\n\n", i+7, i%4)
	}
	groups := stackfmt.GroupStacks(stackfmt.ParseGoroutines([]byte(b.String())).Goroutines)
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	if got, want := groups[0].Header(), "Goroutines 7, 8, 9, … (5316 in all) [chan receive, 3 minutes, locked to thread]:"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkGroupStacks(b *testing.B) {
	gs := stackfmt.ParseGoroutines(dumps(b)["gopanic_all"]).Goroutines
	b.ReportAllocs()
	for b.Loop() {
		stackfmt.GroupStacks(gs)
	}
}
