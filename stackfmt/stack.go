package stackfmt

import (
	"io"
	"iter"
	"slices"
	"strings"
)

// Stack is a list of calls, the oldest first and the most recent last: Python's
// StackSummary. It is a plain slice, so that a list that came from elsewhere
// (Python's from_list) is a Stack by conversion and can be edited before it is
// formatted.
type Stack []Frame

// Append appends the text of s to dst and returns it: the frames, without a
// header. It is the fastest of the formatting functions; with room in dst and
// without source lines it allocates nothing per frame.
func (s Stack) Append(dst []byte, opts ...PrintOption) []byte {
	c := newConfig(opts)
	p := newPrinter(&c, c.themeFor(nil), dst)
	p.printStack(s, nil, nil)
	return p.dst
}

// Format returns the text of s, one string per frame with its source line, each
// ending in a newline. It answers to StackSummary.format.
func (s Stack) Format(opts ...PrintOption) []string { return collect(s.Lines(opts...)) }

// Lines is Format as an iterator: a line is formatted when the loop gets to it.
func (s Stack) Lines(opts ...PrintOption) iter.Seq[string] {
	return items(newConfig(opts), func(p *printer) { p.printStack(s, nil, nil) })
}

// Print writes the text of s to w as it is formatted, in pieces of a few
// kilobytes. It returns the first error of w. It answers
// to traceback.print_list.
func (s Stack) Print(w io.Writer, opts ...PrintOption) error {
	return printTo(w, newConfig(opts), func(p *printer) { p.printStack(s, nil, nil) })
}

func (s Stack) print(p *printer) { p.printStack(s, nil, nil) }

// String returns the text of s as one string.
func (s Stack) String() string { return string(s.Append(nil)) }

// FormatList returns the text of a list of frames, one string per frame. It
// answers to traceback.format_list.
func FormatList(s Stack, opts ...PrintOption) []string { return s.Format(opts...) }

// PrintList writes the text of a list of frames to w. It answers to traceback.print_list.
func PrintList(w io.Writer, s Stack, opts ...PrintOption) error { return s.Print(w, opts...) }

// ClearFrames drops the values of local variables and arguments from s. It
// answers to traceback.clear_frames, which exists because Python's frames keep
// objects alive; here they keep only text, which may be large or secret.
func ClearFrames(s Stack) {
	for i := range s {
		s[i].Locals, s[i].Args = nil, ""
	}
}

// limited applies the limits of the options. fromRecent says that the stack was
// walked from its most recent call, which decides what a positive limit keeps.
// Applying limits twice gives the same as once, so they may be applied both when
// a stack is taken and when it is printed.
func (c *config) limited(s Stack, fromRecent bool) Stack {
	if c.limitSet {
		n, keepRecent := c.limit, fromRecent
		if n < 0 {
			n, keepRecent = -n, !fromRecent
			if n < 0 { // the most negative int
				n = len(s)
			}
		}
		if n < len(s) {
			if keepRecent {
				s = s[len(s)-n:]
			} else {
				s = s.firstFrames(n)
			}
		}
	}
	switch {
	case c.first < 0 && c.last < 0:
	case c.last < 0:
		s = s.firstFrames(min(c.first, len(s)))
	case c.first < 0:
		s = s[len(s)-min(c.last, len(s)):]
	default:
		s = cutMiddle(s, c.first, c.last)
	}
	return s
}

// firstFrames returns the first n frames. What the last of them called is kept.
func (s Stack) firstFrames(n int) Stack {
	if n == 0 || n == len(s) || calleeOf(s, n-1) == s[n-1].Callee {
		return s[:n]
	}
	out := slices.Clone(s[:n])
	out[n-1].Callee = calleeOf(s, n-1)
	return out
}

// cutMiddle keeps the first and the last frames of s around a mark that counts
// the others.
func cutMiddle(s Stack, first, last int) Stack {
	calls := 0
	unknown := false
	for i := range s {
		switch n := s[i].Elided; {
		case n > 0:
			calls += n
		case n < 0:
			unknown = true
		default:
			calls++
		}
	}
	if first >= len(s) || last >= len(s)-first || len(s) == first+last+1 && s[first].Elided != 0 {
		return s
	}
	out := make(Stack, 0, first+1+last)
	out = append(out, s[:first]...)
	if first > 0 {
		out[first-1].Callee = calleeOf(s, first-1)
	}
	out = append(out, Frame{})
	out = append(out, s[len(s)-last:]...)
	for i := range out {
		if n := out[i].Elided; n != 0 {
			calls -= n
		} else if i != first {
			calls--
		}
	}
	out[first].Elided = calls
	if unknown || calls <= 0 {
		out[first].Elided = -1
	}
	return out
}

// visible applies the hidden prefixes and the hooks. What a frame called, which
// may be hidden itself, is kept.
func (c *config) visible(s Stack) Stack {
	if c.hook == nil && len(c.hidden) == 0 {
		return s
	}
	shown := make(Stack, 0, len(s))
	for i := range s {
		f := s[i]
		if c.hides(f.Func) {
			continue
		}
		if c.hook != nil {
			var ok bool
			if f, ok = c.hook(f); !ok {
				continue
			}
		}
		if f.Callee == "" {
			f.Callee = calleeOf(s, i)
		}
		shown = append(shown, f)
	}
	return shown
}

// calleeOf returns the function that frame i of s called, "" if it is the last
// or if what follows is not known.
func calleeOf(s Stack, i int) string {
	if s[i].Callee == "" && i+1 < len(s) && s[i+1].Elided == 0 {
		return s[i+1].Func
	}
	return s[i].Callee
}

// siteOf returns what is known of the call that frame i of s was making. t is the
// error that the stack belongs to, nil if there is none.
func siteOf(s Stack, i int, t *Traceback) callSite {
	f := &s[i]
	q := callSite{fn: f.Func, line: f.Line, callee: calleeOf(s, i), calleeLine: unknownLine, loose: f.loose}
	if i+1 < len(s) && s[i+1].Func == q.callee && s[i+1].Line > 0 {
		q.calleeLine = elsewhere
		if s[i+1].File == f.File {
			q.calleeLine = s[i+1].Line
		}
	}
	switch {
	case q.callee == "panic":
		// The runtime leaves out its own functions below that one.
		q.kind, q.guessed = failPanic, true
	case q.callee == "" && i == len(s)-1:
		if t != nil && isRuntimeType(t.Type) {
			q.kind, q.guessed = failureSaid(t.Message), true
		}
	case isAmbiguous(q.callee):
		if t != nil && isRuntimeType(t.Type) && s.endsInRuntime(i+1) {
			q.kind = failureSaid(t.Message)
		}
	default:
		q.kind = failureOf(q.callee)
	}
	return q
}

// endsInRuntime reports whether frame i and all behind it are the runtime's own.
func (s Stack) endsInRuntime(i int) bool {
	for ; i < len(s); i++ {
		if !strings.HasPrefix(s[i].Func, "runtime.") || s[i].Func == gopanic {
			return false
		}
	}
	return true
}

func (c *config) hides(fn string) bool {
	for _, prefix := range c.hidden {
		if prefix != "" && len(fn) >= len(prefix) && fn[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}
