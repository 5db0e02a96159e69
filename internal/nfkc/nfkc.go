// Package nfkc normalises text to Unicode's form NFKC, in which compatibility
// characters such as 𝔹 and ﬁ are the plain ones: B and fi. Python normalises every
// identifier so.
//
// golang.org/x/text/unicode/norm does the same. Every program that uses Epitaph would
// have that module among its requirements then, and its tables of some 400 kB, for the
// rare name with such characters. This package has a table of 35 kB, which tools/nfkc
// generates out of x/text, and which the linker leaves out of programs that do not
// call it.
package nfkc

import (
	_ "embed"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// String returns s in the form NFKC of Unicode 17. Text that is no valid UTF-8 is
// returned as it is. It may be called by several goroutines at once.
func String(s string) string {
	if isASCII(s) || !utf8.ValidString(s) {
		return s
	}
	t := tables()
	rs := make([]rune, 0, len(s))
	for _, r := range s {
		rs = t.appendDecomposed(rs, r)
	}
	t.order(rs)
	return string(t.compose(rs))
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// encoded is the table: of mappings, of combining classes, of compositions, each a
// sequence of unsigned varints behind its length. Characters are given by their
// distance from the ones before.
//
//go:embed nfkc.table
var encoded string

// mapping is a run of characters with their full compatibility decompositions: to,
// or, if the run is longer than one, to and the characters behind it.
type mapping struct {
	from, last rune
	to         []rune
}

// class is a run of characters with a canonical combining class other than 0.
type class struct {
	from, last rune
	class      uint8
}

type tableSet struct {
	mappings []mapping
	classes  []class
	composed map[[2]rune]rune
}

// tables decodes the table when it is needed first.
var tables = sync.OnceValue(func() *tableSet {
	d := decoder{data: []byte(encoded)}
	t := &tableSet{composed: map[[2]rune]rune{}}
	t.mappings = make([]mapping, d.number())
	last := rune(-1)
	room := make([]rune, len(encoded)) // a number takes at least a byte
	for i := range t.mappings {
		m := &t.mappings[i]
		m.from = last + 1 + d.number()
		m.last = m.from + d.number()
		n := d.number()
		m.to, room = room[:n:n], room[n:]
		for k := range m.to {
			m.to[k] = d.number()
		}
		last = m.last
	}
	t.classes = make([]class, d.number())
	last = -1
	for i := range t.classes {
		c := &t.classes[i]
		c.from = last + 1 + d.number()
		c.last = c.from + d.number()
		c.class = uint8(d.number())
		last = c.last
	}
	for last = -1; len(d.data) > 0; {
		last += 1 + d.number()
		t.composed[[2]rune{d.number(), d.number()}] = last
	}
	return t
})

type decoder struct{ data []byte }

func (d *decoder) number() rune {
	v, n := binary.Uvarint(d.data)
	d.data = d.data[n:]
	return rune(v)
}

// The syllables of Hangul are composed by arithmetic (The Unicode Standard, 3.12).
const (
	hangulBase, leadBase, vowelBase, tailBase = 0xAC00, 0x1100, 0x1161, 0x11A7
	leads, vowels, tails                      = 19, 21, 28
	syllables                                 = leads * vowels * tails
)

func (t *tableSet) appendDecomposed(rs []rune, r rune) []rune {
	if s := r - hangulBase; 0 <= s && s < syllables {
		rs = append(rs, leadBase+s/(vowels*tails), vowelBase+s/tails%vowels)
		if s%tails != 0 {
			rs = append(rs, tailBase+s%tails)
		}
		return rs
	}
	i, _ := slices.BinarySearchFunc(t.mappings, r, func(m mapping, r rune) int { return int(m.last - r) })
	if i == len(t.mappings) || r < t.mappings[i].from {
		return append(rs, r)
	}
	m := &t.mappings[i]
	if len(m.to) == 1 {
		return append(rs, m.to[0]+r-m.from)
	}
	return append(rs, m.to...)
}

func (t *tableSet) class(r rune) uint8 {
	i, _ := slices.BinarySearchFunc(t.classes, r, func(c class, r rune) int { return int(c.last - r) })
	if i == len(t.classes) || r < t.classes[i].from {
		return 0
	}
	return t.classes[i].class
}

// order sorts what combines with the same character by class.
func (t *tableSet) order(rs []rune) {
	start := 0
	for i := 0; i <= len(rs); i++ {
		if i < len(rs) && t.class(rs[i]) != 0 {
			continue
		}
		slices.SortStableFunc(rs[start:i], func(a, b rune) int { return int(t.class(a)) - int(t.class(b)) })
		start = i + 1
	}
}

// compose puts characters together again, in place. One reaches the last starter
// before it unless something of its class or a higher one stands between.
func (t *tableSet) compose(rs []rune) []rune {
	out := rs[:0]
	starter, last := -1, uint8(0)
	for _, r := range rs {
		c := t.class(r)
		if starter >= 0 && (starter == len(out)-1 || last < c) {
			if both, ok := t.pair(out[starter], r); ok {
				out[starter] = both
				continue
			}
		}
		if c == 0 {
			starter = len(out)
		}
		last = c
		out = append(out, r)
	}
	return out
}

func (t *tableSet) pair(a, b rune) (rune, bool) {
	switch l, v, s, tail := a-leadBase, b-vowelBase, a-hangulBase, b-tailBase; {
	case 0 <= l && l < leads && 0 <= v && v < vowels:
		return hangulBase + (l*vowels+v)*tails, true
	case 0 <= s && s < syllables && s%tails == 0 && 0 < tail && tail < tails:
		return a + tail, true
	}
	r, ok := t.composed[[2]rune{a, b}]
	return r, ok
}
