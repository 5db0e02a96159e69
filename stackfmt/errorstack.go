package stackfmt

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// The libraries that record stacks agree on no interface, so their errors are
// known by the shape of their methods. None of the libraries is imported.
//
//	StackTrace() []uintptr           tozd/go/errors, the proposals for the standard library
//	StackTrace() T                   pkg/errors, cockroachdb/errors: T is a slice of a uintptr type
//	Callers() []uintptr              go-errors, bugsnag
//	StackFrames() []uintptr          eris
//	StackFrames() []runtime.Frame    samber/oops
type (
	pcStackTracer interface{ StackTrace() []uintptr }
	pcCallers     interface{ Callers() []uintptr }
	pcFrames      interface{ StackFrames() []uintptr }
	runtimeFrames interface{ StackFrames() []runtime.Frame }
)

// errorStack is what an error tells about its stack, most recent call first:
// addresses or, from libraries that give nothing else, frames.
type errorStack struct {
	pcs    []uintptr
	frames []runtime.Frame
	// position says that it is only where the error was made, and no stack.
	position bool
}

func (s errorStack) empty() bool { return len(s.pcs) == 0 && len(s.frames) == 0 }

// same reports whether an error repeats the stack of the one that it wraps.
func (s errorStack) same(t errorStack) bool {
	if s.frames != nil || t.frames != nil {
		return slices.Equal(s.frames, t.frames)
	}
	return slices.Equal(s.pcs, t.pcs)
}

// carriedStack returns the stack that err itself carries. Errors of x/xerrors have
// a position only.
func carriedStack(err error) (s errorStack) {
	switch e := err.(type) {
	case pcStackTracer:
		s.pcs = e.StackTrace()
	case pcCallers:
		s.pcs = e.Callers()
	case pcFrames:
		s.pcs = e.StackFrames()
	case runtimeFrames:
		s.frames = e.StackFrames()
	default:
		s.pcs = typedStackTrace(err)
	}
	if typePathOf(err) == xerrorsPath {
		s.frames, s.position = xerrorsPosition(err), true
	}
	return s
}

// typedStackTrace calls StackTrace() T where T is a slice of a type of kind
// uintptr. The name is a constant, so that the linker need not keep every
// method of the program (cmd/link's deadcode pass knows this form).
func typedStackTrace(err error) []uintptr {
	m := reflect.ValueOf(err).MethodByName("StackTrace")
	if !m.IsValid() {
		return nil
	}
	t := m.Type()
	if t.NumIn() != 0 || t.NumOut() != 1 || t.Out(0).Kind() != reflect.Slice || t.Out(0).Elem().Kind() != reflect.Uintptr {
		return nil
	}
	list := m.Call(nil)[0]
	pcs := make([]uintptr, list.Len())
	for i := range pcs {
		pcs[i] = uintptr(list.Index(i).Uint())
	}
	return pcs
}

// resolve returns the stack, oldest call first.
func (c *config) resolve(s errorStack) Stack {
	if s.frames == nil {
		return c.errorStackOf(s.pcs)
	}
	stack := c.newStack(len(s.frames))
	for i := range s.frames {
		f := fullNames(s.frames[i])
		stack = append(stack, frameOf(&f))
		stack[i].loose = true // oops leaves out those of the standard library
	}
	slices.Reverse(stack)
	return stack
}

// fullNames undoes the shortening of file and function names that is meant for
// display: without the whole path no source line can be found.
func fullNames(f runtime.Frame) runtime.Frame {
	if f.PC == 0 {
		return f
	}
	// CallersFrames takes return addresses, PC is that of the call.
	frames := runtime.CallersFrames([]uintptr{f.PC + 1})
	for more := true; more; {
		var g runtime.Frame
		g, more = frames.Next()
		if g.Line == f.Line && strings.HasSuffix(g.Function, f.Function) {
			return g
		}
	}
	return f
}

// notesOf returns what err wants to be printed after its message: its Notes, and
// the hints and details of cockroachdb/errors.
func notesOf(err error) (notes []string) {
	if e, ok := err.(interface{ Notes() []string }); ok {
		notes = append(notes, e.Notes()...)
	}
	if e, ok := err.(interface{ ErrorDetail() string }); ok {
		notes = append(notes, e.ErrorDetail())
	}
	if e, ok := err.(interface{ ErrorHint() string }); ok {
		notes = append(notes, "hint: "+e.ErrorHint())
	}
	return append(notes, libraryNotes(err)...)
}

// guard calls f, a method of an error, and returns how it panicked, or "".
func guard(method string, f func()) (failed string) {
	defer func() {
		if r := recover(); r != nil {
			failed = "Ignored panic in " + method + ": " + panicText(r)
		}
	}()
	f()
	return ""
}

// panicText is the text of a panic value for one line. Its own methods are not
// called a second time if they panic: fmt prints that.
func panicText(r any) string {
	return fmt.Sprintf("%v", r)
}
