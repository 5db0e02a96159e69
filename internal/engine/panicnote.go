//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// A panicReader is what is needed to note a panic.
type panicReader struct {
	layout panics.Layout
	goid   panics.Goid
}

// reader is nil until Enable has found out how to read them.
var reader atomic.Pointer[panicReader]

// learnPanics does so, once.
func learnPanics() {
	if reader.Load() != nil {
		return
	}
	layout, err := panics.FindLayout()
	if err != nil {
		return
	}
	goid, err := panics.FindGoid()
	if err != nil {
		return
	}
	reader.Store(&panicReader{layout, goid})
	prepareForkCopy()
}

// panicking reports whether the calling goroutine runs deferred functions because of a
// panic that was not recovered.
func panicking() bool {
	r := reader.Load()
	return r != nil && slices.ContainsFunc(r.layout.Panics(), func(p panics.Panic) bool { return !p.Recovered })
}

// NotePanic notes the panic that is on its way, if there is one.
func (Engine) NotePanic() {
	r := reader.Load()
	if r == nil {
		return
	}
	now := r.layout.Panics()
	if len(now) == 0 {
		return
	}
	// A value whose methods panic is left to Go.
	defer func() { _ = recover() }()
	value := now[0].Value
	var earlier []any
	for _, p := range now[1:] {
		earlier = append(earlier, p.Value)
	}
	line, _, _ := strings.Cut(printedText(value), "\n")
	writePanicNote(r.goid.Current(), line, formatPanic(value, earlier))
}

// formatPanic is the traceback of a panic with the value, and of those that it arose
// in, without source lines: no file is read.
func formatPanic(value any, earlier []any) []byte {
	traceback := stackfmt.FromPanic(value, stackfmt.WithEarlierPanics(earlier...))
	return traceback.Append(nil, stackfmt.WithLookupLines(false), stackfmt.WithCarets(false))
}

// printedText is what Go prints of the value; empty where only the runtime knows how
// it prints it.
func printedText(value any) string {
	switch v := value.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	}
	return ""
}

// notedPanics counts them.
var notedPanics atomic.Uint64

// notePlaces is how many places are tried.
const notePlaces = 4

func writePanicNote(goroutine uint64, message string, text []byte) {
	for range notePlaces {
		if cgo.NotePanic(notedPanics.Add(1), goroutine, message, text) {
			return
		}
	}
}
