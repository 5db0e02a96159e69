// Package gotext turns a report into the text that Go itself prints when a program
// crashes, for tools that read that text: panicparse, editors, the recognizers of
// issue trackers.
//
// C functions stand in a stack as Go functions do. The goroutine that called C, or the
// thread if it was C's own, comes first, as "goroutine 7 [running]:", with C and Go calls
// in one list; a C thread is goroutine 0. Other threads have no place in Go's text and are
// left out. Where Go has written its own text it is taken as it is.
//
// The package is pure Go and has no requirements.
package gotext

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// Write writes the report as Go would have. Errors are those of w.
func Write(w io.Writer, r *report.Report) error {
	if _, err := w.Write(Append(nil, r)); err != nil {
		return fmt.Errorf("gotext: %w", err)
	}
	return nil
}

// Append appends what Write writes.
func Append(b []byte, r *report.Report) []byte {
	shown := map[uint64]bool{}
	if text := r.GoText.Bytes(); len(text) > 0 {
		for _, m := range header.FindAllSubmatch(text, -1) {
			id, _ := strconv.ParseUint(string(m[1]), 10, 64)
			shown[id] = true
		}
		b = append(bytes.TrimRight(append(b, text...), "\n"), '\n')
	} else {
		b = append(append(b, "fatal error: "...), r.Summary()...)
		b = append(b, '\n')
		if t := r.Current(); t != nil {
			id := crashing(r, t)
			shown[id] = id != 0
			b = appendBlock(b, id, "running", t.Frames)
		}
	}
	for i := range r.GoroutineGroups {
		g := &r.GoroutineGroups[i]
		if g.Cut {
			continue
		}
		ids := g.IDs
		if len(ids) == 0 {
			ids = []uint64{0} // stacks of a profile: whose is unknown
		}
		for _, id := range ids {
			if !shown[id] {
				b = appendBlock(b, id, state(g), g.Frames)
			}
		}
	}
	return b
}

var header = regexp.MustCompile(`(?m)^goroutine (\d+) .*\[`)

// crashing is the goroutine that the thread worked for, or 0.
func crashing(r *report.Report, t *report.Thread) uint64 {
	for i := range r.GoroutineGroups {
		g := &r.GoroutineGroups[i]
		if tid := g.Thread(); tid != 0 && tid == t.TID() && len(g.IDs) > 0 {
			return g.IDs[0]
		}
	}
	return 0
}

// state is what Go has in brackets. It has no names of threads and no labels.
func state(g *report.GoroutineGroup) string {
	s := g.Status
	if s == "" {
		s = "unknown"
	}
	if wait := g.Wait(); wait > 0 {
		s += fmt.Sprintf(", %d minutes", int(wait.Minutes()))
	}
	for _, d := range g.Details {
		if d == "locked to thread" {
			s += ", " + d
		}
	}
	return s
}

func appendBlock(b []byte, id uint64, state string, frames []report.Frame) []byte {
	b = fmt.Appendf(b, "\ngoroutine %d [%s]:\n", id, state)
	calls := 0
	for _, f := range frames {
		switch f.Kind {
		case report.SourceFrame, report.BinaryFrame, report.UnknownFrame, report.NotExecutableFrame, report.CodeFrame:
			b = append(append(b, function(f)...), "(...)\n\t"...)
			b = append(appendPlace(b, f), '\n')
			calls++
		case report.CutFrames, report.RepeatedFrames:
			if calls > 0 {
				b = append(b, "...additional frames elided...\n"...)
			}
		case report.CreatedBy:
			if calls == 0 {
				continue
			}
			b = append(append(b, "created by "...), f.Func...)
			if f.Goroutine != 0 {
				b = fmt.Appendf(b, " in goroutine %d", f.Goroutine)
			}
			b = append(appendPlace(append(b, "\n\t"...), f), '\n')
		case report.SignalFrame, report.LostFrames, report.NoStack, report.SeenFromOutside:
		}
	}
	if calls == 0 {
		b = append(b, "\tgoroutine running on other thread; stack unavailable\n"...)
	}
	return b
}

// harmless are names of C++ and of places without a name for readers of Go's, to which a
// slash ends a path, and a per cent sign or a plus begins an escape or is one.
var harmless = strings.NewReplacer("%", "_", "+", "_", "/", "_")

func function(f report.Frame) string {
	if f.IsGo() {
		return f.Func
	}
	return harmless.Replace(f.Name())
}

// appendPlace appends the file and line. Tools know Go's files, C's and assembler's; for
// others Go has, as for C without debug information, two question marks.
func appendPlace(b []byte, f report.Frame) []byte {
	file := f.File
	switch path.Ext(file) {
	case ".go", ".c", ".s":
	default:
		file = "??"
	}
	return strconv.AppendInt(append(append(b, file...), ':'), int64(f.Line), 10)
}
