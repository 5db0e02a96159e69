package stackfmt

import (
	"bytes"
	"strings"

	"github.com/epitaph-go/epitaph/internal/collected"
)

// The scanner reads a dump line by line. The grammar is what goroutineheader,
// traceback1, traceback2, printOneCgoTraceback, printcreatedby1 and
// printAncestorTraceback (runtime/traceback.go), printpanics and dopanic_m
// (runtime/panic.go), fatalsignal (runtime/signal_unix.go) and dumpregs
// (runtime/signal_*.go) print.
//
// A call takes two lines, and only the second one tells a Go call from a C call
// and both from a stray line. So the first is held back until the second came.
// Regular expressions would be shorter, but they are what makes the other
// parsers slow.

// maxGoroutineFrames bounds the memory of one goroutine. It is far above the
// 100 frames that the runtime prints (tracebackInnerFrames and
// tracebackOuterFrames).
const maxGoroutineFrames = 10_000

// maxPanicMessage bounds the memory of one panic message.
const maxPanicMessage = 64 << 10

// held says what the line that is held back is.
type held int

const (
	heldNone    held = iota
	heldCall         // a function
	heldCreator      // "created by …"
)

type dumpScanner struct {
	emit func(DumpPart) bool
	// copied says that whoever gets a goroutine copies it, so that spare is room for each
	// in turn. unknowns counts the unknown lines, and pieces says that the goroutine in hand
	// is delivered in several.
	copied   bool
	spare    Goroutine
	unknowns int
	pieces   bool
	// number is that of the line in hand.
	number int
	// size is how many bytes the dump has, or may have.
	size int
	*nameTable

	// The goroutine in hand. Its calls are collected in the order of the text, and
	// argument lists are cut from args. mostCalls is the most that were in hand.
	g         *Goroutine
	gLine     int
	calls     Calls
	mostCalls int
	args      strings.Builder
	ancestors bool
	locations locationTable
	// shared are the stacks that were made, if arguments are left out: by a hash.
	shared map[uint64]Calls
	// slab is room for further calls, and made counts those that were used.
	slab Calls
	made int
	// repeats are the stacks that were read.
	repeats repeats
	// indent is what stands before the goroutine's header, as in the output of
	// a test, and is taken off its other lines.
	indent []byte

	// collector is the prefix of every line, nil if there is none. first is a line
	// that is held back because it has something before the beginning of a dump.
	collector *collected.Prefix
	first     []byte
	firstAt   int
	firstHeld bool
	unwrap    collected.Unwrapper
	// margin is the indentation of the dump, empty if it has none but its goroutines' own.
	margin []byte
	// record is the line in hand if it is a record of a collector's, and recordText the
	// text in it: an unknown line is the whole record.
	record, recordText, heldRecord string
	// blanks counts the blank lines before the line in hand, and doubled says that
	// each line has one behind it.
	blanks  int
	doubled bool

	held     held
	heldText []byte
	heldLine int

	// The panic in hand, until its last line is known.
	panic     *Panic
	panicText []byte
	panicLine int

	sig     *Signal
	sigLine int
	sigSeen bool
	// exception says that the goroutine of a Windows exception may follow.
	exception bool
	regs      []Register
	regLine   int
}

// line takes the next line, without its newline.
func (s *dumpScanner) line(b []byte) {
	s.number++
	b = bytes.TrimSuffix(b, []byte("\r"))
	if !s.wrapped(b) {
		s.unwrapped(b)
	}
}

// unwrapped takes a line, or one that was in a record of a collector's.
func (s *dumpScanner) unwrapped(b []byte) {
	b = s.withoutPrefix(b)
	for s.firstHeld {
		known := s.collector != nil
		s.releaseFirst(b)
		if !known {
			b = s.withoutPrefix(b)
		}
	}
	s.plain(b)
}

// withoutPrefix takes off what stands before every line.
func (s *dumpScanner) withoutPrefix(b []byte) []byte {
	if s.collector == nil {
		return b
	}
	return b[max(s.collector.LengthBytes(b), 0):]
}

// plain takes a line without the prefix that every line has.
func (s *dumpScanner) plain(b []byte) {
	if len(b) > 0 && b[0] != 'g' && (s.g == nil || b[len(b)-1] == ':') {
		if at := s.opensBehind(b); at > 0 {
			s.holdFirst(b, at)
			return
		}
		if at := s.indentedReason(b); at > 0 {
			s.holdFirst(b, at)
			return
		}
	}
	s.unprefixed(b)
}

// unprefixed takes a line without what stands before it.
func (s *dumpScanner) unprefixed(b []byte) {
	if len(s.margin) > 0 {
		b = s.withoutMargin(b)
	}
	if s.g != nil {
		if s.inGoroutine(b) {
			return
		}
		s.endGoroutine()
	}
	s.outside(b)
}

// outside takes a line that belongs to no goroutine.
func (s *dumpScanner) outside(b []byte) {
	if s.panic != nil {
		if s.inPanic(b) {
			return
		}
		if len(b) == 0 && s.blanks == 0 {
			s.blanks++ // the next line tells whether that ends it
			return
		}
		s.endPanic()
	}
	if s.regs != nil {
		if r, ok := parseRegister(b); ok {
			s.regs = append(s.regs, Register{s.intern(r), parseHexTail(b)})
			if len(s.regs) >= 256 {
				s.endRegisters()
			}
			return
		}
		s.endRegisters()
	}
	if s.sig != nil {
		if s.inSignal(b) {
			return
		}
		if len(b) == 0 && s.blanks == 0 {
			s.blanks++
			return
		}
		s.endSignal()
	}
	if len(bytes.TrimLeft(b, " \t")) == 0 {
		return
	}
	if s.header(b) {
		s.exception = false
		return
	}
	if s.headerless(b) {
		return
	}
	if s.reason(b) {
		return
	}
	if s.sigSeen {
		// Register names differ by architecture, so their form decides. That
		// form is too common to be believed where no signal was reported.
		if r, ok := parseRegister(b); ok {
			s.regs = append(make([]Register, 0, 24), Register{s.intern(r), parseHexTail(b)})
			s.regLine = s.number
			return
		}
	}
	if s.servedPanic(b) {
		return
	}
	if isDetail(b) {
		s.emit(DumpPart{Line: s.number, Detail: string(b)})
		return
	}
	s.unknown(string(b))
}

// reason takes a line that opens what the runtime says about its reason.
func (s *dumpScanner) reason(b []byte) bool {
	switch b[0] {
	case 'p':
		if text, ok := bytes.CutPrefix(b, []byte("panic: ")); ok {
			s.startPanic(text)
			return true
		}
	case 'f':
		if text, ok := bytes.CutPrefix(b, []byte("fatal error: ")); ok && len(text) > 0 {
			s.emit(DumpPart{Line: s.number, Fatal: string(text)})
			return true
		}
	case '[':
		if sig, ok := parseSignalNote(b); ok {
			s.sigSeen = true
			s.emit(DumpPart{Line: s.number, Signal: sig})
			return true
		}
	case 'S':
		if name, text, ok := bytes.Cut(b, []byte(": ")); ok && isSignalName(name) {
			s.sig = &Signal{Name: string(name), Text: string(text), Thread: -1}
			s.sigLine, s.blanks = s.number, 0
			return true
		}
	case 'E':
		if sig, ok := parseException(b); ok {
			s.sig, s.sigLine, s.blanks = sig, s.number, 0
			s.exception = true
			return true
		}
	}
	return false
}

// isDetail reports whether b is one of the runtime's own remarks.
func isDetail(b []byte) bool {
	switch string(b) {
	case "-----", "signal arrived during cgo execution":
		return true
	}
	return bytes.HasPrefix(b, []byte("runtime: ")) ||
		bytes.HasPrefix(b, []byte("unexpected fault address ")) ||
		bytes.HasPrefix(b, []byte("exit status "))
}

func (s *dumpScanner) unknown(text string) {
	if s.record != "" && text == s.recordText {
		text = s.record
	}
	s.unknowns++
	s.emit(DumpPart{Line: s.number, Unknown: text})
}

// header starts a goroutine if b is the line that opens one.
func (s *dumpScanner) header(b []byte) bool {
	rest := bytes.TrimLeft(b, " \t")
	if len(rest) == 0 || (rest[0] != 'g' && rest[0] != 'r') {
		return false
	}
	g := s.newGoroutine()
	if string(rest) != "runtime stack:" && !s.parseHeader(rest, g) {
		return false
	}
	s.g, s.gLine = g, s.number
	s.indent = append(s.indent[:0], b[:len(b)-len(rest)]...)
	s.calls = s.calls[:0]
	s.ancestors, s.pieces, s.blanks = false, false, 0
	return true
}

// newGoroutine returns room for a goroutine, which is used again if what is emitted
// is copied.
func (s *dumpScanner) newGoroutine() *Goroutine {
	g := &s.spare
	if !s.copied {
		g = &Goroutine{}
	}
	*g = Goroutine{ID: -1, Thread: -1, CreatedBy: s.locations.unknown()}
	return g
}

// headerless starts the goroutine of a Windows exception, which the runtime prints
// without a header (winthrow, runtime/signal_windows.go).
func (s *dumpScanner) headerless(b []byte) bool {
	if !s.exception || !isGoCall(b) || !isCall(b) {
		return false
	}
	s.exception = false
	s.g, s.gLine = &Goroutine{ID: UnknownGoroutine, State: "running", Thread: -1, CreatedBy: s.locations.unknown()}, s.number
	s.indent = s.indent[:0]
	s.calls = s.calls[:0]
	s.ancestors, s.blanks = false, 0
	s.hold(heldCall, b)
	return true
}

// inGoroutine takes a line of the goroutine in hand. False: the goroutine ended
// before b.
func (s *dumpScanner) inGoroutine(b []byte) bool {
	whole := b
	b = bytes.TrimPrefix(b, s.indent)
	if len(bytes.TrimLeft(b, " ")) == 0 {
		return s.blank()
	}
	if s.blanks == 1 && !s.doubled {
		// The blank line stood between the two lines of something.
		if s.endsGoroutine(b) || !isGoCall(b) || !isCall(b) {
			return false
		}
		s.doubled = true
	}
	s.blanks = 0
	if b[0] == '\t' || b[0] == ' ' {
		return s.indented(b, whole)
	}
	switch b[0] {
	case '.':
		if n, ok := parseElided(b); ok {
			s.dropHeld()
			s.push(s.locations.intern(Location{Elided: n}), nil)
			return true
		}
	case 'c':
		if bytes.HasPrefix(b, []byte("created by ")) {
			s.hold(heldCreator, b)
			return true
		}
	case '[':
		if id, ok := parseOrigin(b); ok {
			s.dropHeld()
			s.endStack()
			s.g.Ancestors = append(s.g.Ancestors, Ancestor{ID: id, CreatedBy: s.locations.unknown()})
			s.ancestors = true
			return true
		}
	case 'n':
		if pc, ok := bytes.CutPrefix(b, []byte("non-Go function at pc=0x")); ok {
			if v, n := parseHex(pc); n == len(pc) {
				s.dropHeld()
				s.push(s.locations.intern(Location{PC: v}), nil)
				return true
			}
		}
	}
	if s.mayEnd(b) && s.endsGoroutine(b) {
		return false
	}
	if s.held == heldCreator || s.held == heldCall && isCall(s.heldText) && !isCall(b) {
		// Something else wrote between the two lines of a call.
		s.unknown(string(whole))
		return true
	}
	s.hold(heldCall, b)
	return true
}

// indented takes a line that is the second of a call, if it is a part of the dump.
func (s *dumpScanner) indented(b, whole []byte) bool {
	if s.location(b) {
		return true
	}
	if string(bytes.TrimSpace(b)) == "goroutine running on other thread; stack unavailable" {
		s.g.Unavailable = true
		return true
	}
	if s.endsGoroutine(b) {
		return false
	}
	s.unknown(string(whole))
	return true
}

// blank takes a blank line. It ends the goroutine, unless it stands where none can:
// then something put one behind every line.
func (s *dumpScanner) blank() bool {
	s.blanks++
	if s.doubled {
		return s.blanks < 2
	}
	return s.blanks == 1 && len(s.calls) == 0 && s.held == heldNone && !s.g.Unavailable && !s.ancestors
}

// mayEnd tells by its first characters whether a line can be one that endsGoroutine
// knows, as most are calls.
func (s *dumpScanner) mayEnd(b []byte) bool {
	if s.sigSeen || len(b) < 2 || isDigit(b[0]) || b[0] == 'h' {
		return true
	}
	switch string(b[:2]) {
	case "go", "pa", "fa", "ru", "SI", "--":
		return true
	}
	return false
}

// endsGoroutine reports whether b, which fits nowhere in a goroutine, opens
// something else. Text without the blank lines between goroutines is read too.
func (s *dumpScanner) endsGoroutine(b []byte) bool {
	t := bytes.TrimLeft(b, " \t")
	switch {
	case bytes.HasPrefix(t, []byte("goroutine ")):
		return s.parseHeader(t, &Goroutine{})
	case bytes.HasPrefix(b, []byte("panic: ")), bytes.HasPrefix(b, []byte("fatal error: ")),
		string(b) == "runtime stack:", string(b) == "-----":
		return true
	case (isDigit(b[0]) || b[0] == 'h') && bytes.Contains(b, servedPrefix):
		return true
	case bytes.HasPrefix(b, []byte("SIG")):
		name, _, ok := bytes.Cut(b, []byte(": "))
		return ok && isSignalName(name)
	case s.sigSeen:
		// With GOTRACEBACK=crash the registers of the further threads follow
		// their stacks without a blank line.
		_, ok := parseRegister(b)
		return ok
	}
	return false
}

// flush ends what is in hand at the end of the text.
func (s *dumpScanner) flush() {
	s.unwrapRest()
	if s.firstHeld {
		s.number++
		s.releaseFirst(nil)
		s.number--
	}
	if s.g != nil {
		s.endGoroutine()
	}
	if s.panic != nil {
		s.endPanic()
	}
	if s.regs != nil {
		s.endRegisters()
	}
	if s.sig != nil {
		s.endSignal()
	}
}
