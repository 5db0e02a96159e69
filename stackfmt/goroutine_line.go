package stackfmt

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// plainHeader reads "goroutine 1 [chan receive]:", as most headers are: one with nothing but
// a state.
func (s *dumpScanner) plainHeader(b []byte, g *Goroutine) bool {
	const prefix = "goroutine "
	i := len(prefix)
	if len(b) < i || string(b[:i]) != prefix {
		return false
	}
	var id int64
	for ; i < len(b) && isDigit(b[i]); i++ {
		id = 10*id + int64(b[i]-'0')
	}
	const open, shut = " [", "]:"
	state := i + len(open)
	end := len(b) - len(shut)
	if n := i - len(prefix); n < 1 || n > 18 || state >= end || string(b[i:state]) != open || string(b[end:]) != shut {
		return false
	}
	for _, c := range b[state:end] {
		if c != ' ' && (c|' ' < 'a' || c|' ' > 'z') {
			return false
		}
	}
	g.ID, g.State = id, s.internState(b[state:end])
	return true
}

// parseHeader reads "goroutine 1 gp=0xc000002380 m=0 mp=0x5be640 [running]:".
func (s *dumpScanner) parseHeader(b []byte, g *Goroutine) bool {
	if s.plainHeader(b, g) {
		return true
	}
	b, ok := bytes.CutPrefix(b, []byte("goroutine "))
	if !ok || len(b) < 4 || b[len(b)-1] != ':' {
		return false
	}
	open := bytes.Index(b, []byte(" ["))
	if open < 0 {
		return false
	}
	inside := b[open+2 : len(b)-1]
	if len(inside) == 0 {
		return false
	}
	if last := inside[len(inside)-1]; last == '}' {
		// Since Go 1.27 the labels follow the brackets.
		shut := bytes.Index(inside, []byte("] {"))
		if shut < 0 {
			return false
		}
		if g.Labels, ok = parseLabels(string(inside[shut+len("] {"):]), true); !ok {
			return false
		}
		inside = inside[:shut]
	} else if last != ']' {
		return false
	} else {
		inside = inside[:len(inside)-1]
	}
	first := true
	for f := range bytes.FieldsSeq(b[:open]) {
		if first {
			if g.ID, ok = parseDecimal(f); !ok {
				return false
			}
			first = false
			continue
		}
		key, value, found := bytes.Cut(f, []byte("="))
		if !found {
			return false
		}
		switch string(key) {
		case "m":
			if string(value) == "nil" {
				break
			}
			if g.Thread, ok = parseDecimal(value); !ok {
				return false
			}
		case "gp", "mp": // addresses of the runtime's structures
		default:
			return false
		}
	}
	if first {
		return false
	}
	s.parseBrackets(inside, g)
	return true
}

// parseBrackets reads "chan receive, 3 minutes, locked to thread labels:{…}".
func (s *dumpScanner) parseBrackets(b []byte, g *Goroutine) {
	if i := bytes.Index(b, []byte(" labels:{")); i >= 0 {
		if labels, ok := parseLabels(string(b[i+len(" labels:{"):]), false); ok {
			g.Labels, b = labels, b[:i]
		}
	}
	state, rest, more := bytes.Cut(b, []byte(", "))
	for bytes.HasSuffix(state, []byte(")")) {
		if t, ok := bytes.CutSuffix(state, []byte(" (leaked)")); ok {
			g.Leaked, state = true, t
		} else if t, ok := bytes.CutSuffix(state, []byte(" (durable)")); ok {
			g.Durable, state = true, t
		} else {
			break
		}
	}
	if !more {
		g.State = s.internState(state)
		return
	}
	var unknown []byte
	for more {
		var item []byte
		item, rest, more = bytes.Cut(rest, []byte(", "))
		if string(item) == "locked to thread" {
			g.Locked = true
			continue
		}
		if m, ok := bytes.CutSuffix(item, []byte(" minutes")); ok {
			if n, ok := parseDecimal(m); ok && n <= math.MaxInt64/int64(time.Minute) {
				g.Wait = time.Duration(n) * time.Minute
				continue
			}
		}
		if m, ok := bytes.CutPrefix(item, []byte("synctest bubble ")); ok {
			if n, ok := parseDecimal(m); ok {
				g.Bubble = n
				continue
			}
		}
		unknown = append(append(unknown, ", "...), item...)
	}
	if unknown != nil {
		state = append(bytes.Clone(state), unknown...)
	}
	g.State = s.intern(state)
}

// parseLabels reads `"key": "value", key: value}`. With words, those
// that need no quotes have none.
func parseLabels(t string, words bool) ([]Label, bool) {
	var labels []Label
	for {
		var pair [2]string
		for i, sep := range [2]string{": ", ""} {
			n := 0
			if words {
				n = bareWord(t)
			}
			pair[i] = t[:n]
			if n == 0 && strings.HasPrefix(t, `"`) {
				q, err := strconv.QuotedPrefix(t)
				if err != nil {
					return nil, false
				}
				if pair[i], err = strconv.Unquote(q); err != nil {
					return nil, false
				}
				n = len(q)
			}
			var ok bool
			if t, ok = strings.CutPrefix(t[n:], sep); !ok {
				return nil, false
			}
		}
		labels = append(labels, Label{pair[0], pair[1]})
		if t == "}" {
			return labels, true
		}
		var ok bool
		if t, ok = strings.CutPrefix(t, ", "); !ok {
			return nil, false
		}
	}
}

// bareWord returns the length of what the runtime prints without quotes
// (tracebackStringNeedsQuoting, runtime/traceback.go).
func bareWord(s string) int {
	for n := range len(s) {
		switch c := s[n]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '/', c == '_':
		default:
			return n
		}
	}
	return len(s)
}

// location is the second line of a call.
type location struct {
	file       []byte
	line       int
	offset, pc uint64
	// c: only calls of C have a program counter and no frame pointer.
	c bool
}

// parseLocation reads "\t/src/x.go:23 +0xf fp=0x… sp=0x… pc=0x…" from its end,
// because a path may hold spaces and colons.
func parseLocation(b []byte) (location, bool) {
	var loc location
	b = bytes.TrimLeft(b, " \t")
	var pc, fp bool
	for {
		i := bytes.LastIndexByte(b, ' ') + 1
		t := b[i:]
		var v uint64
		var n int
		switch {
		case len(t) > 3 && t[0] == '+' && t[1] == '0' && t[2] == 'x':
			v, n = parseHex(t[3:])
			n += 3
			loc.offset = v
		case len(t) > 5 && t[1] == 'p' && t[2] == '=' && t[3] == '0' && t[4] == 'x':
			_, n = parseHex(t[5:])
			n += 5
			fp = true
		case len(t) > 5 && t[0] == 'p' && t[1] == 'c' && t[2] == '=' && t[3] == '0' && t[4] == 'x':
			v, n = parseHex(t[5:])
			n += 5
			loc.pc, pc = v, true
		default:
			n = -1
		}
		if n < 0 {
			break
		}
		if n != len(t) {
			return loc, false
		}
		if i == 0 {
			// "\tpc=0x4bb5f4": a call of C without a position.
			loc.c = pc && !fp
			return loc, loc.c
		}
		b = b[:i-1]
	}
	loc.c = pc && !fp
	colon := len(b) - 1
	for colon >= 0 && '0' <= b[colon] && b[colon] <= '9' {
		colon--
	}
	if colon > 1 && b[colon] == '-' && b[colon-1] == ':' && colon < len(b)-1 {
		// The compiler leaves instructions of an endless loop without a line,
		// and the runtime prints that as a small negative number.
		loc.file = b[:colon-1]
		return loc, true
	}
	if colon <= 0 || b[colon] != ':' || colon == len(b)-1 {
		return loc, false
	}
	n, ok := parseDecimal(b[colon+1:])
	if !ok || n > math.MaxInt32 {
		return loc, false
	}
	loc.file, loc.line = b[:colon], int(n)
	return loc, true
}

// parseCreator reads "created by main.main in goroutine 1". Before Go 1.21 the
// goroutine was not printed.
func parseCreator(b []byte) (name []byte, parent int64) {
	name = bytes.TrimPrefix(b, []byte("created by "))
	if i := bytes.LastIndex(name, []byte(" in goroutine ")); i >= 0 {
		if id, ok := parseDecimal(name[i+len(" in goroutine "):]); ok {
			return name[:i], id
		}
	}
	return name, 0
}

// parseElided reads "...902 frames elided..." and "...additional frames
// elided...", which gives -1.
func parseElided(b []byte) (int, bool) {
	t, ok := bytes.CutPrefix(b, []byte("..."))
	if !ok {
		return 0, false
	}
	if t, ok = bytes.CutSuffix(t, []byte(" frames elided...")); !ok {
		return 0, false
	}
	if string(t) == "additional" {
		return -1, true
	}
	n, ok := parseDecimal(t)
	if !ok || n == 0 || n > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

// parseOrigin reads "[originating from goroutine 1]:".
func parseOrigin(b []byte) (int64, bool) {
	t, ok := bytes.CutPrefix(b, []byte("[originating from goroutine "))
	if !ok {
		return 0, false
	}
	if t, ok = bytes.CutSuffix(t, []byte("]:")); !ok {
		return 0, false
	}
	return parseDecimal(t)
}

func parsePrefixedHex(b []byte) (uint64, bool) {
	t, ok := bytes.CutPrefix(b, []byte("0x"))
	if !ok {
		return 0, false
	}
	v, n := parseHex(t)
	return v, n > 0 && n == len(t)
}

// parseHex reads up to 16 digits and returns how many there were.
func parseHex(b []byte) (v uint64, n int) {
	for n < len(b) && n < 16 {
		c := b[n]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return v, n
		}
		v = v<<4 | uint64(c)
		n++
	}
	return v, n
}

// parseDecimal reads a number of up to 18 digits, which cannot overflow.
func parseDecimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}
