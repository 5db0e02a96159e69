package goroutines

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxIDs is how many goroutines of a group are named.
const maxIDs = 10

// keptRepeats is how often a line may come until the rest is counted, as in the
// core's stacks.
const keptRepeats = 3

// Render writes the goroutines as lines of a report (package report) into to,
// and returns how many bytes that takes. Groups that there is no room for are
// counted. live is what the first line says of where they come from, "live" or
// "snapshot 0.8 s old (no P came)".
func (s *Set) Render(to []byte, live string) int {
	var w writer
	w.header(s, live)
	shown, size := 0, 0
	put := func(reserve int) bool {
		if size+len(w.b)+reserve > len(to) {
			return false
		}
		size += copy(to[size:], w.b)
		w.b = w.b[:0]
		return true
	}
	const cutLine = len("... (9223372036854775807 more goroutines)\n\n")
	if !put(cutLine) {
		return 0
	}
	for i := range s.Groups {
		w.group(&s.Groups[i])
		if !put(cutLine) {
			break
		}
		shown += s.Groups[i].Count
	}
	w.b = w.b[:0]
	if more := s.Count - shown; more > 0 {
		w.b = fmt.Appendf(w.b, "... (%d more %s)\n\n", more, plural("goroutine", more))
		put(0)
	}
	return size
}

type writer struct{ b []byte }

func (w *writer) text(s string) { w.b = append(w.b, s...) }
func (w *writer) number(n int)  { w.b = strconv.AppendInt(w.b, int64(n), 10) }

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func (w *writer) header(s *Set, live string) {
	w.b = fmt.Appendf(w.b, "Goroutines: %d, %s, in %d %s", s.Count, live, len(s.Groups), plural("group", len(s.Groups)))
	if s.Own > 0 {
		w.b = fmt.Appendf(w.b, "; %d of Epitaph left out", s.Own)
	}
	w.text("\n\n")
}

func (w *writer) group(g *Group) {
	if len(g.IDs) == 0 {
		w.b = fmt.Appendf(w.b, "%d %s", g.Count, plural("goroutine", g.Count))
	} else {
		w.text(plural("Goroutine", g.Count))
		for i, id := range g.IDs[:min(len(g.IDs), maxIDs)] {
			if i > 0 {
				w.text(",")
			}
			w.b = strconv.AppendInt(append(w.b, ' '), id, 10)
		}
		if g.Count > maxIDs {
			w.b = fmt.Appendf(w.b, ", ... (%d in all)", g.Count)
		}
		w.details(g)
	}
	w.text(" (most recent call first):\n")
	if g.NoStack != "" {
		w.b = fmt.Appendf(w.b, "  <no stack: %s>\n", g.NoStack)
	}
	w.frames(g.Frames)
	if g.CreatedBy.Func != "" {
		w.text("  Created by ")
		w.escaped(g.CreatedBy.Func)
		if g.Parent > 0 {
			w.b = fmt.Appendf(w.b, " in goroutine %d", g.Parent)
		}
		w.text(`, File "`)
		w.escaped(g.CreatedBy.File)
		w.text(`", line `)
		w.number(g.CreatedBy.Line)
		w.text("\n")
	}
	w.text("\n")
}

// details writes what stands in brackets.
func (w *writer) details(g *Group) {
	w.text(" [")
	w.escaped(g.State)
	if g.MaxWait > 0 {
		w.text(", ")
		if g.MinWait != g.MaxWait {
			w.number(int(g.MinWait / time.Minute))
			w.text(" to ")
		}
		w.number(int(g.MaxWait / time.Minute))
		w.text(" minutes")
	}
	if g.Locked {
		w.text(", locked to thread")
	}
	if g.Bubble != 0 {
		w.b = fmt.Appendf(w.b, ", synctest bubble %d", g.Bubble)
	}
	for _, l := range g.Labels {
		w.text(", label ")
		w.inList(l.Key)
		w.text(" = ")
		w.inList(l.Value)
	}
	if g.Thread != 0 {
		w.b = fmt.Appendf(w.b, ", thread %d", g.Thread)
	}
	w.text("]")
}

func (w *writer) frames(frames []Frame) {
	repeats := 0
	for i, f := range frames {
		if f.Elided == 0 && i > 0 && f == frames[i-1] {
			if repeats++; repeats >= keptRepeats {
				continue
			}
		} else {
			w.repeated(repeats)
			repeats = 0
		}
		w.frame(f)
	}
	w.repeated(repeats)
}

func (w *writer) repeated(repeats int) {
	if n := repeats - keptRepeats + 1; n > 0 {
		w.b = fmt.Appendf(w.b, "  [Previous line repeated %d more %s]\n", n, plural("time", n))
	}
}

func (w *writer) frame(f Frame) {
	switch {
	case f.Elided < 0:
		w.text("  ...\n")
	case f.Elided > 0:
		w.b = fmt.Appendf(w.b, "  ... (%d more %s)\n", f.Elided, plural("frame", f.Elided))
	case f.Func == "" || f.File == "":
		w.b = fmt.Appendf(w.b, "  Binary file \"<unknown>\" [0x%016x]\n", f.PC)
	default:
		w.text(`  File "`)
		w.escaped(f.File)
		w.text(`", line `)
		w.number(f.Line)
		w.text(" in ")
		w.escaped(f.Func)
		w.text("\n")
	}
}

// maxString is EPI_OUT_STRING: longer strings from outside end in "...".
const maxString = 500

// escaped writes a string as epi_out_escaped does: other code points than
// printable ASCII as \uNNNN or \UNNNNNNNN, bytes that are no text, quotes and
// backslashes as \xNN.
func (w *writer) escaped(s string) { w.without(s, "") }

// inList writes a string into a list in brackets, where some characters have a
// meaning.
func (w *writer) inList(s string) { w.without(s, ",;[]=") }

func (w *writer) without(s, special string) {
	for n := 0; s != ""; n++ {
		if n == maxString {
			w.text("...")
			return
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, r < ' ', r == 0x7f, r == '"', r == '\\', r < utf8.RuneSelf && bytes.ContainsRune([]byte(special), r):
			w.b = fmt.Appendf(w.b, `\x%02x`, s[0])
		case r < utf8.RuneSelf:
			w.b = append(w.b, s[0])
		case r < 0x10000:
			w.b = fmt.Appendf(w.b, `\u%04x`, r)
		default:
			w.b = fmt.Appendf(w.b, `\U%08x`, r)
		}
		s = s[size:]
	}
}
