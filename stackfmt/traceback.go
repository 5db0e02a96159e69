package stackfmt

// Traceback is an error or a panic with everything that is printed about it:
// Python's TracebackException. It is a tree of plain values without a reference
// to the error it was made from, so it can be kept, sent, compared (reflect.DeepEqual)
// and marshalled to JSON and back.
//
// A nil *Traceback stands for a nil error and formats as "<nil>".
//
// A Traceback may be read by several goroutines at once.
type Traceback struct {
	// Type is the name to show, such as "*fs.PathError" or "panic".
	Type string `json:"type"`
	// Message is what Error returned. It may be empty or hold several lines.
	Message string `json:"message"`
	// Notes are printed after the message, each on lines of its own.
	Notes []string `json:"notes,omitempty"`
	// Stack is where the error arose, possibly empty.
	Stack Stack `json:"stack"`
	// Cause is the error that this one wraps (Python's __cause__).
	Cause *Traceback `json:"cause,omitempty"`
	// Context is the panic that was being handled when this one arose (Python's
	// __context__). It is shown if there is no Cause.
	Context *Traceback `json:"context,omitempty"`
	// SuppressContext hides Context (Python's __suppress_context__).
	SuppressContext bool `json:"suppress_context,omitempty"`
	// Group holds the members of a joined error (Python's exceptions). A
	// Traceback is a group if it has at least one.
	Group []*Traceback `json:"group,omitempty"`
	// Syntax is set for errors in source text: it is printed as a position and
	// a caret before the message.
	Syntax *SyntaxError `json:"syntax,omitempty"`
	// Cycle marks the place where a chain comes back to an error that is being
	// shown already. Only Type and Message are set then, and it is printed as
	// one line with the mark <cycle>.
	Cycle bool `json:"cycle,omitempty"`
}

// SyntaxError is the position of an error in source text that was being parsed
// (Python's SyntaxError attributes). The zero value of each field means that it
// is not known.
type SyntaxError struct {
	// File is the name of the text, "<string>" is shown if it is empty.
	File string `json:"file,omitempty"`
	// Line and EndLine are 1-based. Without Line no position is shown.
	Line    int `json:"line,omitempty"`
	EndLine int `json:"end_line,omitempty"`
	// Text is the source line. Nil: not known (an empty line is known).
	Text *string `json:"text,omitempty"`
	// Offset and EndOffset are 1-based, counted in characters, not bytes.
	Offset    *int `json:"offset,omitempty"`
	EndOffset *int `json:"end_offset,omitempty"`
	// Msg is the message, shown in place of the Traceback's.
	Msg string `json:"msg"`
}
