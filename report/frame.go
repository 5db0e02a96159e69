package report

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// FrameKind tells the lines of a stack apart.
type FrameKind uint8

const (
	SourceFrame        FrameKind = iota // File, Line, Func, How, Inlined, Near; PC of a C function
	BinaryFrame                         // Module, Func (may be empty), Offset, PC, How, Inlined
	UnknownFrame                        // PC, in no module; How, Inlined
	NotExecutableFrame                  // PC: a call through NULL, or to what is no code
	SignalFrame                         // the frame that the kernel made to call a signal handler
	RepeatedFrames                      // the last Lines lines came Count more times
	CutFrames                           // Count frames were left out here; 0 is an unknown number
	LostFrames                          // the stack could not be followed further: Reason
	NoStack                             // there is no stack: Reason
	CreatedBy                           // the go statement: Func, Goroutine (may be 0), File, Line
	SeenFromOutside                     // the stack was read from outside, since the thread was not interrupted or did not answer: Func is its system call (may be empty), Reason
	CodeFrame                           // executable memory that belongs to no module, as a JIT compiler's; like BinaryFrame, with Perm
)

var frameKindNames = names{"source", "binary", "unknown", "not_executable", "signal",
	"repeated", "cut", "lost", "no_stack", "created_by", "seen_from_outside", "code"}

// String returns the name that JSON has, as "not_executable".
func (k FrameKind) String() string               { return frameKindNames.of(int(k)) }
func (k FrameKind) MarshalText() ([]byte, error) { return frameKindNames.marshal(int(k)) }
func (k *FrameKind) UnmarshalText(b []byte) error {
	i, err := frameKindNames.unmarshal("kind of frame", b)
	*k = FrameKind(i)
	return err
}

// How says by which method a frame was found.
type How uint8

const (
	Exact        How = iota // by unwind tables or the instructions of the function, or it is the frame of the fault itself
	FramePointer            // by following frame pointers: likely
	Scan                    // a word on the stack that looks like a return address: doubtful
	AfterScan               // by unwind tables, but from a frame that a scan found: as doubtful as that one
)

var howNames = names{"exact", "frame_pointer", "scan", "after_scan"}

// String returns the name that JSON has, as "frame_pointer".
func (h How) String() string               { return howNames.of(int(h)) }
func (h How) MarshalText() ([]byte, error) { return howNames.marshal(int(h)) }
func (h *How) UnmarshalText(b []byte) error {
	i, err := howNames.unmarshal("way to find a frame", b)
	*h = How(i)
	return err
}

// Frame is one line of a stack. Which fields have a meaning is written at its
// Kind; the others are zero.
type Frame struct {
	Kind    FrameKind `json:"kind"`
	How     How       `json:"how,omitempty"`
	Inlined bool      `json:"inlined,omitempty"`
	// Near says that the compiler gives the code no line: Line is that of the code
	// before it.
	Near   bool   `json:"near,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Func   string `json:"func,omitempty"`
	Module string `json:"module,omitempty"` // the path of the file that is mapped there
	// Perm says what the memory of a CodeFrame, whose name is in Module ("<anonymous>"
	// without one), may be used for: "r-x", "rwx".
	Perm string `json:"perm,omitempty"`
	// Offset is from the start of Func or, without Func, from the load bias of
	// the module: the address that the module's symbol table has; of a
	// CodeFrame without Func from the start of its mapping. The offset
	// from the module's start is (*Report).ModuleOffset.
	Offset Offset `json:"offset,omitzero"`
	// PC is 0 in a line of source of Go. Calls that were inlined into a C function
	// have that of the function, which follows and whose line alone shows it.
	PC        Word   `json:"pc,omitzero"`
	Count     int    `json:"count,omitempty"`
	Lines     int    `json:"lines,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Goroutine uint64 `json:"goroutine,omitempty"`
}

// Name returns the function of a frame or, where there is none, the best that
// can be said: "libfoo.so+0x1234", "0x00007f2f1c0de142", "<signal handler
// called>", "[Previous line repeated 9 more times]".
func (f Frame) Name() string {
	switch {
	case f.Func != "" && f.Kind != SeenFromOutside:
		return f.Func
	case f.Kind == BinaryFrame, f.Kind == CodeFrame:
		return path.Base(f.Module) + "+0x" + strconv.FormatUint(uint64(f.Offset), 16)
	case f.Kind == UnknownFrame:
		return f.PC.String()
	default:
		return strings.TrimSpace(f.String())
	}
}

// IsGo reports whether a frame is a call of Go, by the form of its function's name; of a
// function of Go's assembly that is local to its file, by the file.
func (f Frame) IsGo() bool {
	return f.isCall() && (isGoName(cClone.ReplaceAllString(f.Func, "")) || f.isGoAssembly())
}

// String returns the line of the report, without the end of the line.
func (f Frame) String() string { return string(appendFrame(nil, f, false)) }

// Why there is no stack of a thread of Epitaph's, and how the text says that.
const (
	ownThread     = "Epitaph's own"
	ownThreadMark = "<Epitaph's own thread>"
)

// How the text says that a stack is not a thread's own answer, and how it said so before.
const (
	outsideMark       = "<stack read from outside"
	outsideMarkBefore = "<seen from outside"
)

const codePrefix = `Code of no module "`

// howSuffixes stand in the order of the How values.
var howSuffixes = [...]string{"", " (frame pointer)", " (scan)", " (after a scan)"}

const (
	inlinedSuffix = " (inlined)"
	nearSuffix    = " (near)"
)

func parseFrame(line string) (Frame, bool) {
	s, ok := strings.CutPrefix(line, "  ")
	if !ok || s == "" {
		return Frame{}, false
	}
	switch s[0] {
	case 'F', 'B':
		return parseCall(s)
	case '<', '[':
		return parseMark(s)
	case '.':
		return parseCut(s)
	case 'C':
		if strings.HasPrefix(s, codePrefix) {
			return parseCall(s)
		}
		return parseCreatedBy(s)
	}
	return Frame{}, false
}

// cutSuffix is how the core ends a line that a failed stage left unfinished: the
// name before it may be half of one, so the line is not understood.
const cutSuffix = " <cut>"

// parseCall reads the frames that are calls, and the suffixes that these have.
func parseCall(s string) (f Frame, ok bool) {
	if strings.HasSuffix(s, cutSuffix) {
		return f, false
	}
	for how := FramePointer; how <= AfterScan; how++ {
		if rest, has := strings.CutSuffix(s, howSuffixes[how]); has {
			s, f.How = rest, how
			break
		}
	}
	s, f.Inlined = strings.CutSuffix(s, inlinedSuffix)
	s, f.Near = strings.CutSuffix(s, nearSuffix)

	if rest, ok := strings.CutPrefix(s, `File "`); ok {
		file, rest, ok1 := strings.Cut(rest, `", line `)
		line, name, ok2 := strings.Cut(rest, " in ")
		n, err := strconv.Atoi(line)
		if before, pc, ok := cutLast(name, " ["); ok {
			if pc, ok := parseWord(strings.TrimSuffix(pc, "]")); ok && pc != 0 {
				name, f.PC = before, pc
			}
		}
		f.File, f.Line, f.Func = decode(file, true), n, decode(name, false)
		return f, ok1 && ok2 && err == nil && name != ""
	}
	if rest, ok := strings.CutPrefix(s, codePrefix); ok {
		f.Kind = CodeFrame
		name, rest, ok1 := strings.Cut(rest, `" (`)
		perm, rest, ok2 := strings.Cut(rest, "), at ")
		f.Module, f.Perm = decode(name, true), perm
		return parseOffset(f, rest, ok1 && ok2 && len(perm) == 3)
	}
	s, ok = strings.CutPrefix(s, `Binary file "`)
	if !ok {
		return f, false
	}
	if pc, ok := strings.CutPrefix(s, `<unknown>" [`); ok {
		f.Kind = UnknownFrame
		f.PC, ok = parseWord(strings.TrimSuffix(pc, "]"))
		return f, ok
	}
	f.Kind = BinaryFrame
	file, s, ok := strings.Cut(s, `", at `)
	f.Module = decode(file, true)
	return parseOffset(f, s, ok)
}

// parseOffset reads FUNCTION+0xOFFSET [PC], +0xOFFSET [PC], or 0xOFFSET [PC], into f.
func parseOffset(f Frame, s string, ok bool) (Frame, bool) {
	s, pc, ok1 := cutLast(s, " [")
	name, offset, ok2 := cutLast(s, "+0x")
	if !ok2 {
		name, offset, ok2 = cutLast(s, "0x")
		ok2 = ok2 && name == ""
	}
	f.Func = decode(name, false)
	f.PC, _ = parseWord(strings.TrimSuffix(pc, "]"))
	distance, err := strconv.ParseUint(offset, 16, 64)
	f.Offset = Offset(distance)
	return f, ok && ok1 && ok2 && err == nil
}

// parseMark reads the lines in <> and [], which say something about the stack.
func parseMark(s string) (f Frame, ok bool) {
	if s == "<signal handler called>" {
		f.Kind = SignalFrame
		return f, true
	}
	if pc, ok := strings.CutPrefix(s, "<not executable: "); ok {
		f.Kind = NotExecutableFrame
		f.PC, ok = parseWord(strings.TrimSuffix(pc, ">"))
		return f, ok
	}
	if reason, ok := strings.CutPrefix(s, "<stack lost: "); ok {
		f.Kind, f.Reason = LostFrames, decode(strings.TrimSuffix(reason, ">"), false)
		return f, true
	}
	if s == ownThreadMark {
		f.Kind, f.Reason = NoStack, ownThread
		return f, true
	}
	if reason, ok := strings.CutPrefix(s, "<no stack: "); ok {
		f.Kind, f.Reason = NoStack, decode(strings.TrimSuffix(reason, ">"), false)
		return f, true
	}
	if rest, ok := strings.CutPrefix(s, outsideMark); ok {
		call, reason, ok := strings.Cut(rest, ": ")
		f.Kind, f.Reason = SeenFromOutside, decode(strings.TrimSuffix(reason, ">"), false)
		f.Func = decode(strings.TrimSuffix(strings.TrimPrefix(call, " (in "), ")"), false)
		return f, ok
	}
	if rest, ok := strings.CutPrefix(s, outsideMarkBefore); ok {
		call, reason, ok := strings.Cut(rest, ": ")
		f.Kind, f.Reason = SeenFromOutside, decode(strings.TrimSuffix(reason, ">"), false)
		f.Func = decode(strings.TrimPrefix(call, " in "), false)
		return f, ok
	}
	s, ok = strings.CutPrefix(s, "[Previous ")
	what, s, ok1 := strings.Cut(s, " repeated ")
	times, _, ok2 := strings.Cut(s, " ")
	if !ok || !ok1 || !ok2 {
		return f, false
	}
	f.Kind, f.Lines = RepeatedFrames, 1
	var err error
	if n, many := strings.CutSuffix(what, " lines"); many {
		if f.Lines, err = strconv.Atoi(n); err != nil || f.Lines == 1 {
			return f, false
		}
	}
	f.Count, err = strconv.Atoi(times)
	return f, err == nil
}

func parseCut(s string) (f Frame, ok bool) {
	f.Kind = CutFrames
	if s == "..." {
		return f, true
	}
	s, ok = strings.CutPrefix(s, "... (")
	n, _, _ := strings.Cut(s, " ")
	var err error
	f.Count, err = strconv.Atoi(n)
	return f, ok && err == nil
}

func parseCreatedBy(s string) (f Frame, ok bool) {
	f.Kind = CreatedBy
	s, ok = strings.CutPrefix(s, "Created by ")
	s, file, ok1 := cutLast(s, `, File "`)
	file, line, ok2 := strings.Cut(file, `", line `)
	n, err := strconv.Atoi(line)
	if name, id, has := cutLast(s, " in goroutine "); has {
		if g, err := strconv.ParseUint(id, 10, 64); err == nil && g > 0 {
			s, f.Goroutine = name, g
		}
	}
	f.Func, f.File, f.Line = decode(s, false), decode(file, true), n
	return f, ok && ok1 && ok2 && err == nil
}

// appendFrame writes the line of a frame. The second spelling has a plural after the
// number 1, and the forms of before.
func appendFrame(b []byte, f Frame, second bool) []byte {
	b = append(b, "  "...)
	switch f.Kind {
	case SourceFrame:
		b = appendQuoted(append(b, "File "...), f.File)
		b = strconv.AppendInt(append(b, ", line "...), int64(f.Line), 10)
		b = appendText(append(b, " in "...), f.Func)
		if f.PC != 0 && !f.Inlined {
			b = append(appendWord(append(b, " ["...), f.PC), ']')
		}
	case BinaryFrame:
		b = appendOffset(appendQuoted(append(b, "Binary file "...), f.Module), f, second)
	case CodeFrame:
		b = appendQuoted(append(b, "Code of no module "...), f.Module)
		b = appendOffset(append(append(append(b, " ("...), f.Perm...), ')'), f, second)
	case UnknownFrame:
		b = append(appendWord(append(b, `Binary file "<unknown>" [`...), f.PC), ']')
	case NotExecutableFrame:
		return append(appendWord(append(b, "<not executable: "...), f.PC), '>')
	case SignalFrame:
		return append(b, "<signal handler called>"...)
	case RepeatedFrames:
		what := "line"
		if f.Lines != 1 {
			what = strconv.Itoa(f.Lines) + " lines"
		}
		return fmt.Appendf(b, "[Previous %s repeated %d more %s]", what, f.Count, plural("time", f.Count, second))
	case CutFrames:
		if f.Count == 0 {
			return append(b, "..."...)
		}
		return fmt.Appendf(b, "... (%d more %s)", f.Count, plural("frame", f.Count, second))
	case LostFrames:
		return append(appendText(append(b, "<stack lost: "...), f.Reason), '>')
	case NoStack:
		if f.Reason == ownThread && !second {
			return append(b, ownThreadMark...)
		}
		return append(appendText(append(b, "<no stack: "...), f.Reason), '>')
	case SeenFromOutside:
		switch {
		case second && f.Func != "":
			b = appendText(append(b, outsideMarkBefore+" in "...), f.Func)
		case second:
			b = append(b, outsideMarkBefore...)
		case f.Func != "":
			b = append(appendText(append(b, outsideMark+" (in "...), f.Func), ')')
		default:
			b = append(b, outsideMark...)
		}
		return append(appendText(append(b, ": "...), f.Reason), '>')
	case CreatedBy:
		b = appendText(append(b, "Created by "...), f.Func)
		if f.Goroutine != 0 {
			b = strconv.AppendUint(append(b, " in goroutine "...), f.Goroutine, 10)
		}
		b = appendQuoted(append(b, ", File "...), f.File)
		return strconv.AppendInt(append(b, ", line "...), int64(f.Line), 10)
	}
	if f.Near {
		b = append(b, nearSuffix...)
	}
	if f.Inlined {
		b = append(b, inlinedSuffix...)
	}
	if int(f.How) < len(howSuffixes) {
		b = append(b, howSuffixes[f.How]...)
	}
	return b
}

// appendOffset writes the place in a file or a mapping. The second spelling, that of a few
// versions of before, has no plus where there is no name.
func appendOffset(b []byte, f Frame, second bool) []byte {
	b = appendText(append(b, ", at "...), f.Func)
	if f.Func != "" || !second {
		b = append(b, '+')
	}
	b = strconv.AppendUint(append(b, "0x"...), uint64(f.Offset), 16)
	return append(appendWord(append(b, " ["...), f.PC), ']')
}

func plural(noun string, n int, always bool) string {
	if n == 1 && !always {
		return noun
	}
	return noun + "s"
}
