package dwarf

import (
	"bytes"
	"encoding/binary"
)

// A cursor reads little-endian values. Behind the end it yields zeros and is bad,
// which the reader looks at once, at the end of what it reads.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

func (c *cursor) fail() {
	c.bad = true
	c.at = len(c.b)
}

func (c *cursor) has(n int) bool {
	if n < 0 || n > len(c.b)-c.at {
		c.fail()
		return false
	}
	return true
}

func (c *cursor) skip(n int) {
	if c.has(n) {
		c.at += n
	}
}

func (c *cursor) u8() uint8 {
	if !c.has(1) {
		return 0
	}
	v := c.b[c.at]
	c.at++
	return v
}

func (c *cursor) u16() uint16 {
	if !c.has(2) {
		return 0
	}
	v := binary.LittleEndian.Uint16(c.b[c.at:])
	c.at += 2
	return v
}

func (c *cursor) u24() uint32 { return uint32(c.u16()) | uint32(c.u8())<<16 }

func (c *cursor) u32() uint32 {
	if !c.has(4) {
		return 0
	}
	v := binary.LittleEndian.Uint32(c.b[c.at:])
	c.at += 4
	return v
}

func (c *cursor) u64() uint64 {
	if !c.has(8) {
		return 0
	}
	v := binary.LittleEndian.Uint64(c.b[c.at:])
	c.at += 8
	return v
}

// offset reads an offset in a section, or a length.
func (c *cursor) offset(wide bool) uint64 {
	if wide {
		return c.u64()
	}
	return uint64(c.u32())
}

// length reads a unit's length, which tells how wide offsets are.
func (c *cursor) length() (n uint64, wide bool) {
	if n = uint64(c.u32()); n == wideMark {
		return c.u64(), true
	}
	return n, false
}

const wideMark = 0xffffffff

func (c *cursor) uleb() uint64 {
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		c.at++
		return uint64(c.b[c.at-1])
	}
	return c.longUleb()
}

func (c *cursor) longUleb() uint64 {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		x := c.u8()
		if shift < 64 {
			v |= uint64(x&0x7f) << shift
		}
		if x < 0x80 {
			return v
		}
	}
}

func (c *cursor) sleb() int64 {
	var v int64
	for shift := uint(0); ; {
		x := c.u8()
		if shift < 64 {
			v |= int64(x&0x7f) << shift
		}
		shift += 7
		if x < 0x80 {
			if x&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v
		}
	}
}

// text reads a string with a zero at its end.
func (c *cursor) text() []byte {
	n := bytes.IndexByte(c.b[c.at:], 0)
	if n < 0 {
		c.fail()
		return nil
	}
	s := c.b[c.at : c.at+n]
	c.at += n + 1
	return s
}

// textAt is the string at an offset of a string section, nil when there is none.
func textAt(section []byte, at uint64) []byte {
	if at >= uint64(len(section)) {
		return nil
	}
	c := cursor{b: section, at: int(at)}
	return c.text()
}
