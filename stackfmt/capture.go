package stackfmt

import (
	"bytes"
	"io"
	"iter"
	"runtime"
	"slices"
	"strconv"
)

// ExtractStack returns the stack of the calling goroutine, ending with the
// caller of ExtractStack. A positive limit keeps the most recent calls, as the
// walk starts there. It answers to traceback.extract_stack.
func ExtractStack(opts ...TakeOption) Stack { return extract(newConfig(opts), 1) }

// FormatStack returns the text of the stack of the calling goroutine, one string
// per frame, ending with the caller of FormatStack. It answers to
// traceback.format_stack.
func FormatStack(opts ...Option) []string {
	c := newConfig(opts)
	s := extract(c, 1)
	return collect(items(c.forCurrentStack(), s.print))
}

// PrintStack writes the stack of the calling goroutine to w, ending with the caller of PrintStack. It answers to
// traceback.print_stack.
func PrintStack(w io.Writer, opts ...Option) error {
	c := newConfig(opts)
	s := extract(c, 1)
	return printTo(w, c.forCurrentStack(), s.print)
}

// WalkStack returns an iterator over the stack of the calling goroutine, the
// caller of WalkStack first. The stack is taken at the call, not when the
// iterator runs. It answers to traceback.walk_stack.
func WalkStack(opts ...TakeOption) iter.Seq[Frame] {
	s := extract(newConfig(opts), 1)
	return func(yield func(Frame) bool) {
		for _, f := range slices.Backward(s) {
			if !yield(f) {
				return
			}
		}
	}
}

// Extract collects the frames of a walk, in its order. A positive limit keeps
// the first frames of the walk, a negative one the last. A stack from the most
// recent call, as [WalkStack] yields it, has to be reversed to be printed. It
// answers to StackSummary.extract.
func Extract(walk iter.Seq[Frame], opts ...TakeOption) Stack {
	c := newConfig(opts)
	var s Stack
	if walk != nil {
		for f := range walk {
			if c.limitSet && c.limit >= 0 && len(s) >= c.limit {
				break
			}
			s = append(s, f)
		}
	}
	s = c.limited(s, false)
	c.addLocals(s)
	return s
}

// extract takes the current stack without the skip innermost functions, which
// are those of this package between the program and extract.
func extract(c config, skip int) Stack {
	s := stackOf(callers(skip+1+c.skip, c.mostCalls()))
	s = c.limited(s, true)
	c.addLocals(s)
	return s
}

// mostCalls is how many of the most recent calls the options can keep.
func (c *config) mostCalls() int {
	n := maxCalls
	if c.limitSet && c.limit >= 0 {
		n = min(n, c.limit)
	}
	if c.last >= 0 && c.first < 0 {
		n = min(n, c.last)
	}
	return n
}

// maxCalls bounds what a stack takes: a goroutine that recursed through a
// gigabyte of stack has some ten million calls.
const maxCalls = 1 << 24

// callers returns the return addresses of at least n calls, if there are as
// many, the innermost first, without the skip innermost functions.
func callers(skip, n int) []uintptr {
	// An address can stand for several inlined calls, never for less than one.
	pcs := make([]uintptr, min(n, 64))
	for {
		got := runtime.Callers(skip+2, pcs)
		if got < len(pcs) || len(pcs) >= n {
			return pcs[:got]
		}
		pcs = make([]uintptr, min(n, 4*len(pcs)))
	}
}

func frameOf(f *runtime.Frame) Frame {
	out := Frame{File: f.File, Line: f.Line, Func: f.Function}
	if out.Func == gopanic {
		out.Func = "panic" // as printFuncName (runtime/traceback.go) has it
	}
	if f.Entry != 0 && f.PC >= f.Entry {
		// PC is that of the call, the runtime prints where it returns to.
		out.Offset = uint64(f.PC-f.Entry) + 1
	}
	return out
}

// addLocals asks the hook for the variables of each frame. A hook that panics
// costs its variables, as a failing repr does in Python.
func (c *config) addLocals(s Stack) {
	if c.captureLocals == nil {
		return
	}
	for i := range s {
		s[i].Locals = c.localsOf(s[i])
	}
}

func (c *config) localsOf(f Frame) (locals map[string]string) {
	defer func() {
		if recover() != nil {
			locals = map[string]string{"<locals>": "<local repr() failed>"}
		}
	}()
	return c.captureLocals(f)
}

// forCurrentStack returns the options for printing what extract returned: its
// limits are applied, and StyleGo wants the goroutine's number.
func (c config) forCurrentStack() config {
	c.limitSet, c.first, c.last = false, -1, -1
	if c.style == StyleGo {
		c.goroutine = goroutineID()
	}
	return c
}

// goroutineID reads the number of this goroutine from the first line of its own
// traceback, the only place that tells it.
func goroutineID() int {
	var buf [64]byte
	text := buf[:runtime.Stack(buf[:], false)]
	text, ok := bytes.CutPrefix(text, []byte("goroutine "))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0
	}
	return n
}
