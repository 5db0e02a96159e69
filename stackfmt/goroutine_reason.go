package stackfmt

import (
	"bytes"
	"strconv"
	"strings"
)

// Why the program died: panics, signals and registers.

func (s *dumpScanner) startPanic(text []byte) {
	s.panic, s.panicLine, s.blanks = &Panic{}, s.number, 0
	s.panicText = append(s.panicText[:0], text...)
}

// inPanic takes a further line of the panic in hand. printindented writes a tab
// after each newline of a message.
func (s *dumpScanner) inPanic(b []byte) bool {
	if len(b) == 0 || b[0] != '\t' {
		return false
	}
	b, s.blanks = b[1:], 0
	if text, ok := bytes.CutPrefix(b, []byte("panic: ")); ok {
		s.endPanic()
		s.startPanic(text)
		return true
	}
	if len(s.panicText)+len(b) > maxPanicMessage {
		s.unknown(string(b))
		return true
	}
	s.panicText = append(s.panicText, '\n')
	s.panicText = append(s.panicText, b...)
	return true
}

func (s *dumpScanner) endPanic() {
	p := s.panic
	s.panic = nil
	text := string(s.panicText)
	if t, ok := strings.CutSuffix(text, " [recovered, repanicked]"); ok {
		text, p.Recovered, p.Repanicked = t, true, true
	} else if t, ok := strings.CutSuffix(text, " [recovered]"); ok {
		text, p.Recovered = t, true
	}
	p.Message = text
	s.emit(DumpPart{Line: s.panicLine, Panic: p})
}

var servedPrefix = []byte("http: panic serving ")

// servedPanic takes the line that net/http's server logs of a panic that it recovers:
// "2026/01/02 03:04:05 http: panic serving 192.0.2.7:50210: TEXT" (net/http/server.go).
// The stack of the goroutine follows.
func (s *dumpScanner) servedPanic(b []byte) bool {
	_, rest, ok := bytes.Cut(b, servedPrefix)
	client, text, ok1 := bytes.Cut(rest, []byte(": "))
	if !ok || !ok1 || len(client) == 0 || bytes.IndexByte(client, ' ') >= 0 {
		return false
	}
	s.emit(DumpPart{Line: s.number, Panic: &Panic{Message: string(text), Recovered: true, Client: string(client)}})
	return true
}

// inSignal takes a further line of the signal block in hand.
func (s *dumpScanner) inSignal(b []byte) bool {
	switch {
	case bytes.HasPrefix(b, []byte("PC=")):
		return parseSignalPC(b, s.sig)
	case string(b) == "signal arrived during cgo execution",
		string(b) == "signal arrived during external code execution":
		s.sig.InCgo = true
		return true
	case bytes.HasPrefix(b, []byte("instruction bytes:")):
		code, ok := parseInstruction(b)
		if ok {
			s.sig.Instruction = code
		}
		return ok
	}
	return false
}

func (s *dumpScanner) endSignal() {
	sig := s.sig
	s.sig = nil
	s.sigSeen = true
	s.emit(DumpPart{Line: s.sigLine, Signal: sig})
}

func (s *dumpScanner) endRegisters() {
	regs := s.regs
	s.regs = nil
	s.emit(DumpPart{Line: s.regLine, Registers: regs})
}

// parseSignalNote reads "[signal SIGSEGV: segmentation violation code=0x1
// addr=0x0 pc=0x4bad94]".
func parseSignalNote(b []byte) (*Signal, bool) {
	t, ok := bytes.CutPrefix(b, []byte("[signal "))
	if !ok || !bytes.HasSuffix(t, []byte("]")) {
		return nil, false
	}
	t = t[:len(t)-1]
	sig := &Signal{Thread: -1}
	var code uint64
	for _, f := range []struct {
		key string
		to  *uint64
	}{{" pc=0x", &sig.PC}, {" addr=0x", &sig.Addr}, {" code=0x", &code}} {
		i := bytes.LastIndex(t, []byte(f.key))
		if i < 0 {
			return nil, false
		}
		v, n := parseHex(t[i+len(f.key):])
		if n != len(t)-i-len(f.key) {
			return nil, false
		}
		*f.to, t = v, t[:i]
	}
	sig.Code = int64(code)
	name, text, _ := bytes.Cut(t, []byte(": "))
	sig.Name, sig.Text = string(name), string(text)
	return sig, true
}

// isSignalName: "SIGSEGV", or "Signal 64" for those that have no name.
func isSignalName(b []byte) bool {
	if len(b) < 4 || string(b[:3]) != "SIG" {
		return false
	}
	for _, c := range b[3:] {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// parseException reads Windows' "Exception 0xc0000005 0x0 0x8 0x4bb5e0": the
// code, its two parameters (for an access violation how, and the address), and
// the program counter.
func parseException(b []byte) (*Signal, bool) {
	t, ok := bytes.CutPrefix(b, []byte("Exception 0x"))
	if !ok {
		return nil, false
	}
	sig := &Signal{Name: "Exception", Text: string(b[len("Exception "):]), Thread: -1}
	var v [4]uint64
	for i := range v {
		var n int
		if v[i], n = parseHex(t); n == 0 {
			return nil, false
		}
		t = t[n:]
		if i < 3 {
			if t, ok = bytes.CutPrefix(t, []byte(" 0x")); !ok {
				return nil, false
			}
		}
	}
	if len(t) != 0 {
		return nil, false
	}
	sig.Code, sig.Addr, sig.PC = int64(v[0]), v[2], v[3]
	return sig, true
}

// parseSignalPC reads "PC=0x4bb5e0 m=3 sigcode=1 addr=0x8". The runtime prints
// si_code unsigned, so that of a signal that was sent comes as 2^64-6.
func parseSignalPC(b []byte, sig *Signal) bool {
	got := *sig
	for f := range bytes.FieldsSeq(b) {
		key, value, _ := bytes.Cut(f, []byte("="))
		var ok bool
		switch string(key) {
		case "PC":
			got.PC, ok = parsePrefixedHex(value)
		case "addr":
			got.Addr, ok = parsePrefixedHex(value)
		case "m":
			got.Thread, ok = parseDecimal(value)
		case "sigcode":
			var u uint64
			var err error
			u, err = strconv.ParseUint(string(value), 10, 64)
			got.Code, ok = int64(u), err == nil
		}
		if !ok {
			return false
		}
	}
	*sig = got
	return true
}

// parseInstruction reads "instruction bytes: 0xcc 0xc3 …".
func parseInstruction(b []byte) ([]byte, bool) {
	var code []byte
	for f := range bytes.FieldsSeq(b[len("instruction bytes:"):]) {
		v, ok := parsePrefixedHex(f)
		if !ok || v > 0xff || len(code) >= 64 {
			return nil, false
		}
		code = append(code, byte(v))
	}
	return code, true
}

// parseRegister returns the name in "rax    0x0".
func parseRegister(b []byte) ([]byte, bool) {
	n := 0
	for n < len(b) && ('a' <= b[n] && b[n] <= 'z' || '0' <= b[n] && b[n] <= '9') {
		n++
	}
	v := bytes.TrimLeft(b[n:], " \t")
	if n == 0 || n > 8 || len(v) == len(b)-n {
		return nil, false
	}
	_, ok := parsePrefixedHex(v)
	return b[:n], ok
}

// parseHexTail returns the number that parseRegister has checked.
func parseHexTail(b []byte) uint64 {
	v, _ := parseHex(b[bytes.LastIndexByte(b, 'x')+1:])
	return v
}
