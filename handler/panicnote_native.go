//go:build cgo && linux && amd64

package handler

import (
	"fmt"
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
}

func notePanic() {
	reader := panics.Load()
	if reader == nil {
		return
	}
	if value, ok := reader.layout.Value(); ok {
		// A value whose methods panic is left to Go.
		defer func() { _ = recover() }()
		traceback := stackfmt.FromPanic(value)
		text := traceback.Append(nil, stackfmt.WithLookupLines(false), stackfmt.WithCarets(false))
		writePanicNote(gort.Goid(reader.goid), firstLine(value), text)
	}
}

// firstLine is the first line of what Go will print of the value; empty where only
// the runtime knows how it prints it.
func firstLine(value any) string {
	var text string
	switch v := value.(type) {
	case error:
		text = v.Error()
	case fmt.Stringer:
		text = v.String()
	case string:
		text = v
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
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
