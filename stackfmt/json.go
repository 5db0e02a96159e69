package stackfmt

import (
	"encoding/json"
	"fmt"
)

// The JSON of a Traceback is that of its struct tags: package encoding/json then
// notices a tree that contains itself and returns an error, which it could not
// if Traceback had a MarshalJSON of its own. Frame and Stack, which cannot
// contain themselves, have one for what tags cannot say.

// jsonFrame is the form of a Frame. Columns are pointers, as 0 is a column.
type jsonFrame struct {
	File    string            `json:"file"`
	Line    int               `json:"line"`
	Func    string            `json:"func"`
	Source  string            `json:"source,omitempty"`
	EndLine int               `json:"end_line,omitempty"`
	Col     *int              `json:"col,omitempty"`
	EndCol  *int              `json:"end_col,omitempty"`
	Callee  string            `json:"callee,omitempty"`
	Locals  map[string]string `json:"locals,omitempty"`
	Binary  string            `json:"binary,omitempty"`
	PC      hexNumber         `json:"pc,omitempty"`
	Offset  hexNumber         `json:"offset,omitempty"`
	Args    string            `json:"args,omitempty"`
	Inlined bool              `json:"inlined,omitempty"`
	Elided  int               `json:"elided,omitempty"`
}

// hexNumber is a 64-bit number as a string such as "0x7f2f1c0de142": a JSON
// number above 2⁵³ would be rounded by many readers.
type hexNumber uint64

func (h hexNumber) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%#x", uint64(h)), nil }

func (h *hexNumber) UnmarshalText(b []byte) error {
	var n uint64
	if _, err := fmt.Sscanf(string(b), "0x%x", &n); err != nil || len(b) > len("0x")+16 {
		return fmt.Errorf("stackfmt: frame: %q is no address", b)
	}
	*h = hexNumber(n)
	return nil
}

// MarshalJSON implements [json.Marshaler]. The members are file, line and func,
// and where they are known source, end_line, col and end_col, callee, locals,
// binary, pc, offset, args, inlined and elided.
func (f Frame) MarshalJSON() ([]byte, error) {
	j := jsonFrame{
		File: f.File, Line: f.Line, Func: f.Func, Source: f.Source, EndLine: f.EndLine, Callee: f.Callee, Locals: f.Locals,
		Binary: f.Binary, PC: hexNumber(f.PC), Offset: hexNumber(f.Offset), Args: f.Args,
		Inlined: f.Inlined, Elided: f.Elided,
	}
	if f.HasColumns() {
		j.Col, j.EndCol = &f.Col, &f.EndCol
		j.EndLine = max(f.EndLine, f.Line)
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements [json.Unmarshaler]. Members that it does not know are
// ignored.
func (f *Frame) UnmarshalJSON(b []byte) error {
	var j jsonFrame
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("stackfmt: frame: %w", err)
	}
	*f = Frame{
		File: j.File, Line: j.Line, Func: j.Func, Source: j.Source, EndLine: j.EndLine, Callee: j.Callee, Locals: j.Locals,
		Binary: j.Binary, PC: uint64(j.PC), Offset: uint64(j.Offset), Args: j.Args,
		Inlined: j.Inlined, Elided: j.Elided,
	}
	if j.Col != nil && j.EndCol != nil {
		f.Col, f.EndCol = *j.Col, *j.EndCol
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]: a list of frames, empty for nil.
func (s Stack) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]Frame(s))
}
