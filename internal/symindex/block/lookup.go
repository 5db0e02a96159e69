package block

import (
	"bytes"
	"math"
	"sort"
)

// A Frame is a call at an address: the function, and where in it.
type Frame struct {
	Func, File string // "": unknown
	Line       int    // 0: unknown
	Inlined    bool   // into the frame that follows
	Near       bool   // the compiler says no line; this is the one before it
}

// A reader reads numbers; behind the end they are 0 and it is bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvar() uint32 {
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		if len(r.b) == 0 {
			break
		}
		x := r.b[0]
		r.b = r.b[1:]
		v |= uint32(x&0x7f) << shift
		if x < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader) svar() int32 {
	v := r.uvar()
	return int32(v>>1) ^ -int32(v&1)
}

func u24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

// A blob is a part's, taken apart.
type blob struct {
	size                 uint32
	checks, scopes, rows []byte
}

func (b *Block) blob(i int) (blob, bool) {
	at := le.Uint32(b.blobAt[4*i:])
	if uint64(at) >= uint64(len(b.blobs)) {
		return blob{}, false
	}
	r := reader{b: b.blobs[at:]}
	size, checks, scopes, rows := r.uvar(), uint64(r.uvar()), uint64(r.uvar()), uint64(r.uvar())
	if r.bad || checkSize*checks+scopeSize*scopes+rows > uint64(len(r.b)) {
		return blob{}, false
	}
	p := blob{size: size}
	p.checks, r.b = r.b[:checkSize*checks], r.b[checkSize*checks:]
	p.scopes, r.b = r.b[:scopeSize*scopes], r.b[scopeSize*scopes:]
	p.rows = r.b[:rows]
	return p, true
}

func (p *blob) scope(i uint32) ([]byte, bool) {
	if uint64(i) >= uint64(len(p.scopes)/scopeSize) {
		return nil, false
	}
	return p.scopes[scopeSize*int(i):][:scopeSize], true
}

// A place is the state of the rows at a PC.
type place struct {
	pc, line, scope uint32
	near            bool
}

// find reads the rows up to a PC of the part.
func (p *blob) find(pc uint32) (place, bool) {
	var at place
	r := reader{b: p.rows}
	n := len(p.checks) / checkSize
	i := sort.Search(n, func(i int) bool { return le.Uint32(p.checks[checkSize*i:]) > pc })
	if i < n {
		if stop := le.Uint32(p.checks[checkSize*i+4:]); uint64(stop) <= uint64(len(r.b)) {
			r.b = r.b[:stop]
		}
	}
	if i > 0 {
		c := p.checks[checkSize*(i-1):]
		skip := le.Uint32(c[4:])
		if uint64(skip) > uint64(len(r.b)) {
			return at, false
		}
		r.b = r.b[skip:]
		line := le.Uint32(c[8:])
		at = place{le.Uint32(c), line &^ nearFlag, le.Uint32(c[12:]), line&nearFlag != 0}
	}
	for len(r.b) > 0 {
		next, ok := p.row(&r, at)
		if !ok {
			return at, false
		}
		if next.pc > pc || next.pc < at.pc {
			break
		}
		at = next
	}
	return at, true
}

// row reads the row behind a place.
func (p *blob) row(r *reader, at place) (place, bool) {
	code := r.b[0]
	r.b = r.b[1:]
	at.near = code == codeNear
	if at.near {
		if len(r.b) == 0 {
			return at, false
		}
		code = r.b[0]
		r.b = r.b[1:]
	}
	if code < codeFar {
		at.pc += uint32(code>>4) + 1
		at.line += uint32(code&15) - 5
		return at, true
	}
	switch code {
	case codeFar:
	case codeScope:
		at.scope += uint32(r.svar())
	case codeNext:
		at.scope++
	case codeParent:
		s, ok := p.scope(at.scope)
		if !ok {
			return at, false
		}
		at.scope = u24(s)
	default:
		return at, false
	}
	at.pc += r.uvar()
	at.line += uint32(r.svar())
	return at, !r.bad
}

// Lookup appends the calls at an address of the file, the innermost first, and
// returns where the part of the function begins; ok is false when the block does
// not know the address.
func (b *Block) Lookup(address uint64, frames []Frame) (out []Frame, start uint64, ok bool) {
	if address < b.base || address-b.base > math.MaxUint32 {
		return frames, 0, false
	}
	at := uint32(address - b.base)
	i := sort.Search(int(b.parts), func(i int) bool { return le.Uint32(b.starts[4*i:]) > at }) - 1
	if i < 0 {
		return frames, 0, false
	}
	first := le.Uint32(b.starts[4*i:])
	p, ok := b.blob(i)
	if !ok || at-first >= p.size {
		return frames, 0, false
	}
	start = b.base + uint64(first)
	name := b.text(b.nameAt, le.Uint32(b.partNames[4*i:]))
	if len(p.scopes) == 0 {
		return append(frames, Frame{Func: name}), start, true
	}
	where, ok := p.find(at - first)
	if !ok {
		return frames, 0, false
	}
	out, ok = b.chain(&p, where, name, frames)
	return out, start, ok
}

// chain goes from a scope to those that it was inlined into.
func (b *Block) chain(p *blob, at place, function string, frames []Frame) ([]Frame, bool) {
	s, ok := p.scope(at.scope)
	if !ok {
		return frames, false
	}
	file, line, near := u24(s[12:]), at.line, at.near
	for i := at.scope; ; {
		parent := u24(s)
		f := Frame{Func: function, File: b.text(b.fileAt, file), Line: int(line), Near: near}
		if parent == noScope {
			return append(frames, f), true
		}
		f.Func, f.Inlined = b.text(b.nameAt, u24(s[3:])), true
		frames = append(frames, f)
		if parent >= i { // parents come first, so this ends
			return frames, true
		}
		file, line, near = u24(s[6:]), u24(s[9:]), false
		i = parent
		s, _ = p.scope(i)
	}
}

// text is a string by its number; 0 is none.
func (b *Block) text(table []byte, i uint32) string {
	if i == 0 || uint64(i) >= uint64(len(table)/4) {
		return ""
	}
	at := le.Uint32(table[4*i:])
	if uint64(at) >= uint64(len(b.strings)) {
		return ""
	}
	text := b.strings[at:]
	return string(text[:bytes.IndexByte(text, 0)])
}
