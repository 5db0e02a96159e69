package goroutines

import (
	"strconv"
	"strings"
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
// "snapshot 0.8 s old (Go did not answer)".
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
		w.counted("... (", more, " more ", plural("goroutine", more), ")\n\n")
		put(0)
	}
	return size
}

// writer takes the place of package fmt, whose buffers are in a sync.Pool: the
// caller may be pinned to its P, and must not block.
type writer struct{ b []byte }

func (w *writer) text(s string) { w.b = append(w.b, s...) }
func (w *writer) number(n int)  { w.b = strconv.AppendInt(w.b, int64(n), 10) }

// counted writes a number within text.
func (w *writer) counted(before string, n int, after ...string) {
	w.text(before)
	w.number(n)
	for _, s := range after {
		w.text(s)
	}
}

func (w *writer) hex(before string, v uint64, digits int) {
	w.text(before)
	for i := 4 * (digits - 1); i >= 0; i -= 4 {
		w.b = append(w.b, "0123456789abcdef"[v>>i&15])
	}
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func (w *writer) header(s *Set, live string) {
	w.counted("Goroutines: ", s.Count, ", ", live, ", in ")
	w.counted("", len(s.Groups), " ", plural("group", len(s.Groups)))
	if s.Own > 0 {
		w.counted("; ", s.Own, " of Epitaph's own not shown")
	}
	w.text("\n\n")
}

func (w *writer) group(g *Group) {
	if len(g.IDs) == 0 {
		w.counted("", g.Count, " ", plural("goroutine", g.Count))
	} else {
		w.text(plural("Goroutine", g.Count))
		for i, id := range g.IDs[:min(len(g.IDs), maxIDs)] {
			if i > 0 {
				w.text(",")
			}
			w.b = strconv.AppendInt(append(w.b, ' '), id, 10)
		}
		if g.Count > maxIDs {
			w.counted(", ... (", g.Count, " in all)")
		}
		w.details(g)
	}
	w.text(" (most recent call first):\n")
	if g.NoStack != "" {
		w.text("  <no stack: ")
		w.escaped(g.NoStack)
		w.text(">\n")
	}
	w.frames(g.Frames)
	if g.CreatedBy.Func != "" {
		w.text("  Created by ")
		w.escaped(g.CreatedBy.Func)
		if g.Parent > 0 {
			w.counted(" in goroutine ", int(g.Parent))
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
		w.counted(", synctest bubble ", int(g.Bubble))
	}
	for _, l := range g.Labels {
		w.text(", label ")
		w.inList(l.Key)
		w.text(" = ")
		w.inList(l.Value)
	}
	if g.Thread != 0 {
		w.counted(", thread ", g.Thread)
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
		w.counted("  [Previous line repeated ", n, " more ", plural("time", n), "]\n")
	}
}

func (w *writer) frame(f Frame) {
	switch {
	case f.Elided < 0:
		w.text("  ...\n")
	case f.Elided > 0:
		w.counted("  ... (", f.Elided, " more ", plural("frame", f.Elided), ")\n")
	case f.Func == "" || f.File == "":
		w.hex("  Binary file \"<unknown>\" [0x", f.PC, 16)
		w.text("]\n")
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
		case r == utf8.RuneError && size == 1, r < ' ', r == 0x7f, r == '"', r == '\\', r < utf8.RuneSelf && strings.ContainsRune(special, r):
			w.hex(`\x`, uint64(s[0]), 2)
		case r < utf8.RuneSelf:
			w.b = append(w.b, s[0])
		case r < 0x10000:
			w.hex(`\u`, uint64(r), 4)
		default:
			w.hex(`\U`, uint64(r), 8)
		}
		s = s[size:]
	}
}
