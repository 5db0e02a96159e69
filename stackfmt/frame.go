package stackfmt

import (
	"fmt"
	"io"
	"maps"
	"strconv"
)

// Frame is one call of a stack: Python's FrameSummary. It holds only copied
// values, so keeping one keeps no goroutine, error or file alive.
//
// The zero value of every field means "not known". A frame is one of:
//
//   - a Go, C or C++ call with a source position (File and Line);
//   - a call in a module without debug information (Binary, PC and Offset);
//   - a mark for calls that were left out (Elided).
//
// Frames are values; they may be copied and used by several goroutines as long
// as none of them writes.
type Frame struct {
	// File is the source file as the binary names it (which, with -trimpath, is
	// no path on this machine; see [WithPathRewrite]).
	File string
	// Line is the 1-based line, 0 if not known.
	Line int
	// Func is the function as the runtime or the symbol table names it.
	Func string
	// Source is the text of the lines Line to EndLine, indentation kept, lines
	// separated by "\n". Empty means that it was not read yet: it is looked up
	// when the frame is formatted, and stays empty where it cannot be found.
	Source string
	// EndLine is the last line of the expression, 0 if it is Line.
	EndLine int
	// Col and EndCol are 0-based byte offsets in the first and in the last
	// line. They are known if they span something, see [Frame.HasColumns].
	Col, EndCol int
	// Callee is the function that the call was making, where the next frame of the
	// stack does not say it: the frame behind a limit, or the function of the
	// runtime that raised a panic, such as "runtime.goPanicIndex". "<unknown>" is
	// that of a frame that made an error. Carets are found by it.
	Callee string
	// Locals maps names to values as text, printed sorted by name.
	Locals map[string]string

	// Binary is the path of the module that PC lies in. It is printed in place
	// of File and Line when File is empty, in the form of faulthandler's C
	// stacks.
	Binary string
	// PC is the program counter, 0 if not known.
	PC uint64
	// Offset is the distance of PC from the start of Func, or from the load
	// address of Binary when Func is empty.
	Offset uint64
	// Args is the argument list of a goroutine dump without its parentheses.
	// Only [StyleGo] prints it.
	Args string
	// Inlined says that the call was inlined into the frame before it in the
	// stack. It is set for C frames only: a Go frame hides it, as every Go
	// tool does.
	Inlined bool
	// loose says that calls between this one and the next may have been left out.
	loose bool
	// Elided is the number of calls that this entry stands for. The other
	// fields are then empty. A negative number: an unknown number of calls.
	Elided int
}

// HasColumns reports whether Col and EndCol are known: they are if they span at
// least one byte. Python uses None for "not known"; an empty span can be drawn
// as nothing, so it can stand for that, and the zero Frame has no columns.
func (f *Frame) HasColumns() bool {
	if f.Col < 0 || f.Line <= 0 {
		return false
	}
	if f.EndLine > f.Line {
		return f.EndCol > 0 || f.EndCol == 0 && f.Col > 0
	}
	return f.EndCol > f.Col && (f.EndLine == 0 || f.EndLine == f.Line)
}

// String returns the call as a stack shows it: `File "main.go", line 8, in main.f`.
func (f Frame) String() string {
	c := newConfig[PrintOption](nil)
	c.lookup = false
	p := newPrinter(&c, &plainTheme, nil)
	f.Source, f.Locals = "", nil
	p.printFrame(Stack{f}, 0, nil)
	return string(p.dst[2 : len(p.dst)-1])
}

// Format prints String for %s and %v, and what Python shows of a FrameSummary for
// %+v: "<FrameSummary file main.go, line 8 in main.f>".
func (f Frame) Format(s fmt.State, verb rune) {
	type plain Frame // without methods
	switch {
	case verb == 'v' && s.Flag('+'):
		_, _ = io.WriteString(s, "<FrameSummary file "+orUnknown(f.File)+", line "+strconv.Itoa(f.Line)+" in "+orUnknown(f.Func)+">")
	case verb == 'v' && s.Flag('#'):
		fmt.Fprintf(s, "%#v", plain(f))
	default:
		fmt.Fprintf(s, fmt.FormatString(s, verb), f.String())
	}
}

// SameCall reports whether f and g are the same call by file, line, function and
// locals, whatever else is known of them. So Python compares FrameSummaries. It
// is not named Equal because packages that compare would then use it and hide other
// differences.
func (f Frame) SameCall(g Frame) bool {
	return f.File == g.File && f.Line == g.Line && f.Func == g.Func && maps.Equal(f.Locals, g.Locals)
}

// sameLine reports whether two frames count as repetitions of each other:
// Python compares file, line and function, never columns or locals, and a frame
// without a line never repeats.
func (f *Frame) sameLine(g *Frame) bool {
	if f.Line != g.Line || f.Func != g.Func || f.File != g.File {
		return false
	}
	if f.Elided != 0 || g.Elided != 0 {
		return false
	}
	if f.File == "" {
		// Without a position the program counter takes the line's place.
		return f.PC != 0 && f.PC == g.PC && f.Binary == g.Binary
	}
	return f.Line > 0
}
