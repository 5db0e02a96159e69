//go:build linux && (amd64 || arm64)

package panics_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/panics"
)

func TestLayout(t *testing.T) {
	layout, err := panics.FindLayout()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := panics.FindLayout(); again != layout || err != nil {
			t.Fatalf("%v, %v; first it was %v", again, err, layout)
		}
	}
	// noted is what a deferred function sees while f runs and panics.
	noted := func(f func()) (value any, ok bool) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			defer func() {
				now := layout.Panics()
				if ok = len(now) > 0; ok {
					value = now[0].Value
				}
				for _, p := range now {
					if p.Argument != p.Value {
						t.Errorf("called with %v, the value is %v", p.Argument, p.Value)
					}
				}
			}()
			f()
		}()
		<-done
		return value, ok
	}
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		f    func()
		want any
	}{
		"none":      {func() {}, nil},
		"string":    {func() { panic("text") }, "text"},
		"error":     {func() { panic(boom) }, boom},
		"number":    {func() { panic(7) }, 7},
		"exit":      {runtime.Goexit, nil},
		"recovered": {func() { defer func() { _ = recover() }(); panic(boom) }, nil},
		"second": {func() {
			defer func() { panic("second") }()
			panic("first")
		}, "second"},
		"deep": {func() { deep(5000, func() { panic(boom) }) }, boom},
	} {
		if got, ok := noted(c.f); got != c.want || ok != (c.want != nil) {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, c.want)
		}
	}
	if now := layout.Panics(); now != nil {
		t.Errorf("panics %v where there is none", now)
	}
}

// Several panics at once, some of which were recovered, and an exit in between.
func TestPanics(t *testing.T) {
	layout, err := panics.FindLayout()
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		defer func() {
			for _, p := range layout.Panics() {
				got = append(got, p.Argument)
				if p.Recovered {
					t.Errorf("not recovered: %v", p.Argument)
				}
			}
			_ = recover()
			for i, p := range layout.Panics() {
				if p.Recovered != (i == 0) {
					t.Errorf("after recover, recovered is %v of %v", p.Recovered, p.Argument)
				}
			}
		}()
		defer func() {
			func() {
				defer func() { _ = recover() }()
				panic("recovered")
			}()
			defer panic(3)
			runtime.Goexit()
		}()
		defer deep(100, func() { panic("second") })
		panic("first")
	}()
	<-done
	if want := []any{3, "second", "first"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestGoid(t *testing.T) {
	goid, err := panics.FindGoid()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[uint64]bool{goid.Current(): true}
	for range 10 {
		id := make(chan uint64)
		go func() { id <- goid.Current() }()
		ids[<-id] = true
	}
	if len(ids) != 11 || ids[0] {
		t.Errorf("11 goroutines have the ids %v", ids)
	}
}

func deep(n int, f func()) {
	if n > 0 {
		deep(n-1, f)
		return
	}
	f()
}
