package stackfmt

import (
	"fmt"
	"io"
	"iter"
)

// A Frame has room for any kind of call, and in a dump most of it is empty. What the
// goroutines of a dump do at one place differs in the arguments only. So a dump has a
// Location for each place, which all calls there share, and a call takes 24 bytes where
// a Frame takes 168.

// Location is a place in a program where a call of a dump was made, or the mark that calls
// were left out. All calls of a dump at one place may point to the same Location: do
// not change one. [Location.Frame] returns a copy in the form that can be edited.
type Location struct {
	// File and Line are the source position, as in [Frame].
	File string
	Line int
	// Func is the function as the runtime or the symbolizer names it.
	Func string
	// PC is the program counter, 0 if it was not printed.
	PC uint64
	// Offset is the distance of the program counter from the start of Func.
	Offset uint64
	// Elided is the number of calls that the runtime left out here, negative if that is
	// not known. The other fields are then empty.
	Elided int
}

// Frame returns the place as a [Frame], the zero Frame for nil.
func (l *Location) Frame() Frame {
	if l == nil {
		return Frame{}
	}
	return Frame{File: l.File, Line: l.Line, Func: l.Func, PC: l.PC, Offset: l.Offset, Elided: l.Elided}
}

// String returns the place as a stack shows it: `File "main.go", line 8, in main.f`.
func (l *Location) String() string { return l.Frame().String() }

// Format prints what [Frame.Format] prints.
func (l *Location) Format(s fmt.State, verb rune) { l.Frame().Format(s, verb) }

// Call is a call of a goroutine in a dump. The fields of its [Location] are read as if
// they were its own: c.Func, c.File, c.Line. In what this package returns, the Location
// is never nil.
type Call struct {
	*Location
	// Args is the argument list without its parentheses, as the runtime prints it.
	Args string
}

// Frame returns the call as a [Frame].
func (c Call) Frame() Frame {
	f := c.Location.Frame()
	f.Args = c.Args
	return f
}

// Calls is the stack of a goroutine in a dump, the oldest call first. It is a plain
// slice; where a [Stack] is wanted, Frames returns one.
type Calls []Call

// Frames returns the calls as a [Stack], which shares no memory with them.
func (c Calls) Frames() Stack {
	if c == nil {
		return nil
	}
	s := make(Stack, len(c))
	for i := range c {
		s[i] = c[i].Frame()
	}
	return s
}

// Calls returns s in the form that a goroutine of a dump has, for goroutines that are
// made by hand. What a dump does not tell is lost: source, columns, locals.
func (s Stack) Calls() Calls {
	if s == nil {
		return nil
	}
	c, at := make(Calls, len(s)), make([]Location, len(s))
	for i := range s {
		at[i] = locationOfFrame(&s[i])
		c[i] = Call{&at[i], s[i].Args}
	}
	return c
}

func locationOfFrame(f *Frame) Location {
	return Location{File: f.File, Line: f.Line, Func: f.Func, PC: f.PC, Offset: f.Offset, Elided: f.Elided}
}

// Append is [Stack.Append] of the frames.
func (c Calls) Append(dst []byte, opts ...PrintOption) []byte {
	return c.Frames().Append(dst, opts...)
}

// Format is [Stack.Format] of the frames.
func (c Calls) Format(opts ...PrintOption) []string { return c.Frames().Format(opts...) }

// Lines is [Stack.Lines] of the frames.
func (c Calls) Lines(opts ...PrintOption) iter.Seq[string] { return c.Frames().Lines(opts...) }

// Print is [Stack.Print] of the frames.
func (c Calls) Print(w io.Writer, opts ...PrintOption) error { return c.Frames().Print(w, opts...) }

// String returns the text of the frames as one string.
func (c Calls) String() string { return c.Frames().String() }

// MarshalJSON implements [json.Marshaler]: the members of a [Frame].
func (l *Location) MarshalJSON() ([]byte, error) { return l.Frame().MarshalJSON() }

// UnmarshalJSON implements [json.Unmarshaler].
func (l *Location) UnmarshalJSON(b []byte) error {
	var f Frame
	err := f.UnmarshalJSON(b)
	*l = locationOfFrame(&f)
	return err
}

// MarshalJSON implements [json.Marshaler]: the members of a [Frame].
func (c Call) MarshalJSON() ([]byte, error) { return c.Frame().MarshalJSON() }

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Call) UnmarshalJSON(b []byte) error {
	var f Frame
	err := f.UnmarshalJSON(b)
	at := locationOfFrame(&f)
	*c = Call{&at, f.Args}
	return err
}

// MarshalJSON implements [json.Marshaler]: a list of frames, empty for nil.
func (c Calls) MarshalJSON() ([]byte, error) { return c.Frames().MarshalJSON() }
