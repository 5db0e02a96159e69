//go:build cgo && linux && amd64

package handler

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// A panicReader is what is needed to note a panic.
type panicReader struct {
	layout gort.PanicLayout
	goid   uintptr
}

// panics is nil until Enable has found out how to read them.
var panics atomic.Pointer[panicReader]

// learnPanics does so, once.
func learnPanics() {
	if panics.Load() != nil {
		return
	}
	layout, err := gort.FindPanicLayout()
	if err != nil {
		return
	}
	goid, err := gort.GoidOffset()
	if err != nil {
		return
	}
	panics.Store(&panicReader{layout, goid})
	prepareSandbox()
}

// panicking tells whether the calling goroutine runs deferred functions because of a
// panic that nobody has recovered.
func panicking() bool {
	reader := panics.Load()
	return reader != nil && slices.ContainsFunc(reader.layout.Panics(), func(p gort.Panic) bool { return !p.Recovered })
}

func notePanic() {
	reader := panics.Load()
	if reader == nil {
		return
	}
	now := reader.layout.Panics()
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
	writePanicNote(gort.Goid(reader.goid), line, formatPanic(value, earlier))
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
