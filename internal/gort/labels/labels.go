//go:build linux && (amd64 || arm64)

package labels

import (
	"context"
	"errors"
	"runtime/pprof"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
)

// words is how much of runtime.g is looked at: the labels are word 44 of 57 in Go 1.26 and
// 1.27.
const words = 54

// A label is internal/runtime/pprof/label.Label.
type label struct{ key, value string }

// Find finds where runtime.g has the labels, an offset. It takes some microseconds.
func Find() (offset uintptr, err error) {
	found := make(chan uintptr)
	go func() { found <- probe() }() // it has no labels but these
	if offset = <-found; offset == 0 {
		return 0, errors.New("gort/labels: no word of runtime.g leads to the labels that were set")
	}
	return offset, nil
}

// probe sets two sets of labels in turn. The word is the one that is nil without any, and is
// the same twice with the same set and another with the other. Only then it is followed.
func probe() uintptr {
	ctx := context.Background()
	first := pprof.WithLabels(ctx, pprof.Labels("epitaph", "first", "zz", "2"))
	second := pprof.WithLabels(ctx, pprof.Labels("epitaph", "second"))
	with := func(ctx context.Context) [words]uintptr {
		pprof.SetGoroutineLabels(ctx)
		return *(*[words]uintptr)(gort.G())
	}
	none := with(ctx)
	a, b, again := with(first), with(second), with(first)
	defer pprof.SetGoroutineLabels(ctx)
	for i := range none {
		if none[i] != 0 || a[i] == 0 || a[i] != again[i] || b[i] == 0 || b[i] == a[i] {
			continue
		}
		set := *(**[]label)(unsafe.Add(gort.G(), i*8))
		if l := *set; len(l) == 2 && l[0] == (label{"epitaph", "first"}) && l[1] == (label{"zz", "2"}) {
			return uintptr(i) * 8
		}
	}
	return 0
}
