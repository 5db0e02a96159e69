package report

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Word is an address, or the content of a register or of a place in memory. In
// text and in JSON it is "0x" and 16 digits, because a JSON number cannot hold
// 64 bits exactly everywhere.
type Word uint64

// String returns "0x" and 16 hexadecimal digits.
func (w Word) String() string               { return string(appendWord(nil, w)) }
func (w Word) MarshalText() ([]byte, error) { return appendWord(nil, w), nil }
func (w *Word) UnmarshalText(b []byte) error {
	v, ok := parseWord(string(b))
	if !ok {
		return fmt.Errorf("report: %q is not an address: 0x and 16 digits", b)
	}
	*w = v
	return nil
}

func parseWord(s string) (Word, bool) {
	if len(s) != 18 || s[:2] != "0x" {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:], 16, 64)
	return Word(v), err == nil
}

func appendWord(b []byte, w Word) []byte {
	return appendHex(append(b, "0x"...), uint64(w), 16)
}

// Offset is a distance in code, in bytes. In JSON it is "0x" and its digits.
type Offset uint64

func (o Offset) MarshalText() ([]byte, error) {
	return strconv.AppendUint([]byte("0x"), uint64(o), 16), nil
}

// UnmarshalJSON also reads a number, which offsets were before there was a schema.
func (o *Offset) UnmarshalJSON(b []byte) error {
	digits, base := string(b), 10
	if s, err := strconv.Unquote(digits); err == nil {
		var has bool
		if digits, has = strings.CutPrefix(s, "0x"); !has {
			return fmt.Errorf("report: %s is not an offset: 0x and digits", b)
		}
		base = 16
	}
	v, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return fmt.Errorf("report: %s is not an offset", b)
	}
	*o = Offset(v)
	return nil
}

// Register is a register of the thread that crashed.
type Register struct {
	Name  string `json:"name"`
	Value Word   `json:"value"`
}

// A line of registers has at most maxRowRegisters, which a digit of the layout
// can tell.
const maxRowRegisters = 9

func parseRegisters(line string) (row []Register, ok bool) {
	s, ok := strings.CutPrefix(line, "  ")
	if !ok {
		return nil, false
	}
	for pair := range strings.SplitSeq(s, "  ") {
		name, value, _ := strings.Cut(pair, " ")
		v, ok := parseWord(value)
		if !ok || name == "" || len(row) == maxRowRegisters {
			return nil, false
		}
		row = append(row, Register{decode(name, false), v})
	}
	return row, true
}

func appendRegisters(b []byte, row []Register, _ bool) []byte {
	for _, r := range row {
		b = append(appendText(append(b, "  "...), r.Name), ' ')
		b = appendWord(b, r.Value)
	}
	return b
}

// Code holds the bytes of the instructions around the PC.
type Code struct {
	Unreadable bool     `json:"unreadable,omitempty"`
	Bytes      HexBytes `json:"bytes,omitempty"`
	// PC is the index of the byte at the PC; -1 if none is marked.
	PC int `json:"pc_index"`
}

// HexBytes are bytes that JSON shows as hexadecimal digits.
type HexBytes []byte

func (h HexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }
func (h *HexBytes) UnmarshalText(b []byte) error {
	v, err := hex.DecodeString(string(b))
	if err != nil {
		return fmt.Errorf("report: code: %w", err)
	}
	*h = v
	return nil
}

const unreadable = "unreadable"

func parseCode(line string) (c Code, ok bool) {
	s, ok := strings.CutPrefix(line, "Code: ")
	c.PC = -1
	if c.Unreadable = s == unreadable; c.Unreadable || !ok {
		return c, ok
	}
	for digits := range strings.SplitSeq(s, " ") {
		if strings.HasPrefix(digits, "<") {
			digits, c.PC = strings.Trim(digits, "<>"), len(c.Bytes)
		}
		v, err := strconv.ParseUint(digits, 16, 8)
		if err != nil {
			return c, false
		}
		c.Bytes = append(c.Bytes, byte(v))
	}
	return c, true
}

func appendCode(b []byte, c Code, _ bool) []byte {
	b = append(b, "Code:"...)
	if c.Unreadable {
		return append(b, " "+unreadable...)
	}
	for i, v := range c.Bytes {
		if i == c.PC {
			b = append(appendHex(append(b, " <"...), uint64(v), 2), '>')
		} else {
			b = appendHex(append(b, ' '), uint64(v), 2)
		}
	}
	return b
}

// StackRow holds words of the stack that follow each other, from Address on.
type StackRow struct {
	Address    Word   `json:"address,omitzero"`
	Words      []Word `json:"words,omitempty"`
	Unreadable bool   `json:"unreadable,omitempty"` // instead of the others
}

func parseStackRow(line string) (r StackRow, ok bool) {
	s, ok := strings.CutPrefix(line, "Stack: ")
	if r.Unreadable = s == unreadable; r.Unreadable || !ok {
		return r, ok
	}
	address, s, ok := strings.Cut(s, ": ")
	if r.Address, _ = parseWord(address); !ok {
		return r, false
	}
	for word := range strings.SplitSeq(s, " ") {
		w, ok := parseWord(word)
		if !ok {
			return r, false
		}
		r.Words = append(r.Words, w)
	}
	return r, true
}

func appendStackRow(b []byte, r StackRow, _ bool) []byte {
	b = append(b, "Stack: "...)
	if r.Unreadable {
		return append(b, unreadable...)
	}
	b = append(appendWord(b, r.Address), ':')
	for _, w := range r.Words {
		b = appendWord(append(b, ' '), w)
	}
	return b
}

// CodeAddress is a register or a word of the stack that points to code: a return address, or a
// function that is kept to be called.
type CodeAddress struct {
	// Place is the name of the register, or "stack+0x18": the distance in bytes from the
	// first word of Stack.
	Place string `json:"place"`
	// Frame is the code at the address, which is its PC: a BinaryFrame or a CodeFrame.
	Frame Frame `json:"frame"`
}

const stackPlace = "stack+0x"

// Offset returns the distance of a word from the first word of Stack, in bytes. ok is false
// for a register.
func (a CodeAddress) Offset() (bytes uint64, ok bool) {
	digits, ok := strings.CutPrefix(a.Place, stackPlace)
	bytes, err := strconv.ParseUint(digits, 16, 64)
	return bytes, ok && err == nil
}

// Where returns the function and the distance from its start, as "decode_frame+0x42", or
// the file and the distance from its load bias where no function is known.
func (a CodeAddress) Where() string {
	if a.Frame.Func == "" {
		return a.Frame.Name()
	}
	return a.Frame.Func + "+0x" + strconv.FormatUint(uint64(a.Frame.Offset), 16)
}

func parseAddress(line string) (a CodeAddress, ok bool) {
	place, frame, ok := strings.Cut(strings.TrimPrefix(line, "  "), ":")
	if !ok || place == "" || strings.Contains(place, " ") {
		return a, false
	}
	a.Place = decode(place, false)
	a.Frame, ok = parseFrame(frame)
	return a, ok && (a.Frame.Kind == BinaryFrame || a.Frame.Kind == CodeFrame)
}

func appendAddress(b []byte, a CodeAddress, second bool) []byte {
	b = append(appendText(append(b, "  "...), a.Place), ':')
	return appendFrame(b, a.Frame, second)
}

// Module is a file that is mapped as code: the program or a shared library.
type Module struct {
	Start   Word   `json:"start"`
	End     Word   `json:"end"` // the first address behind it
	Path    string `json:"path"`
	BuildID string `json:"build_id,omitempty"`
	// Symbols says what the frames in the module lack, and why: "lines: not yet",
	// because the program has crashed before they were read, or "lines: over the
	// budget" (handler.WithSymbolBudget). The inlined calls go first, then the lines,
	// then the names.
	Symbols string `json:"symbols,omitempty"`
}

// cutSymbols takes the end of a module's line that says what is lacking.
func cutSymbols(s string) (rest, symbols string) {
	for _, what := range []string{"inlined calls", "lines", "names"} {
		for _, why := range []string{"not yet", "over the budget"} {
			if rest, ok := strings.CutSuffix(s, " ("+what+": "+why+")"); ok {
				return rest, what + ": " + why
			}
		}
	}
	return s, ""
}

func parseModule(line string) (m Module, ok bool) {
	s, ok := strings.CutPrefix(line, "  ")
	bounds, s, ok1 := strings.Cut(s, " ")
	start, end, ok2 := strings.Cut(bounds, "-")
	s, m.Symbols = cutSymbols(s)
	if path, id, has := cutLast(s, " build-id "); has && id != "" && strings.Trim(id, hexDigits) == "" {
		s, m.BuildID = path, id
	}
	var ok3, ok4 bool
	m.Start, ok3 = parseWord(start)
	m.End, ok4 = parseWord(end)
	m.Path = decode(s, false)
	return m, ok && ok1 && ok2 && ok3 && ok4
}

func appendModule(b []byte, m Module, _ bool) []byte {
	b = append(appendWord(append(b, "  "...), m.Start), '-')
	b = append(appendWord(b, m.End), ' ')
	b = appendText(b, m.Path)
	if m.BuildID != "" {
		b = appendText(append(b, " build-id "...), m.BuildID)
	}
	if m.Symbols != "" {
		b = append(append(append(b, " ("...), m.Symbols...), ')')
	}
	return b
}
