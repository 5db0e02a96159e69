package dwarf

import "encoding/binary"

// noRef is a reference that is not there.
const noRef = ^uint64(0)

// str reads a string's reference; index: it is one of .debug_str_offsets.
func (u *Unit) str(c *cursor, a *attribute) (s Str, index bool) {
	switch a.form {
	case formStrp:
		return makeStr(StrMain, c.offset(u.wide)), false
	case formLineStrp:
		return makeStr(StrLine, c.offset(u.wide)), false
	case formString:
		at := u.Offset + uint64(c.at)
		c.text()
		return makeStr(StrInfo, at), false
	case formStrx, formGNUStrx:
		return Str(c.uleb()), true
	case formStrx1:
		return Str(c.u8()), true
	case formStrx2:
		return Str(c.u16()), true
	case formStrx3:
		return Str(c.u24()), true
	case formStrx4:
		return Str(c.u32()), true
	case formStrpSup, formGNUStrpAlt:
		return makeStr(StrAlt, c.offset(u.wide)), false
	}
	u.skip(c, a.form)
	return StrNone, false
}

// settle looks an index up.
func (u *Unit) settle(s Str, index bool) Str {
	if !index {
		return s
	}
	at, ok := word(u.File.strOffsets, u.strBase, uint64(s), u.wide)
	if !ok {
		return StrNone
	}
	return makeStr(StrMain, at)
}

// word reads element i of an array of offsets at base.
func word(section []byte, base, i uint64, wide bool) (uint64, bool) {
	size := uint64(4)
	if wide {
		size = 8
	}
	n := uint64(len(section))
	if base > n || i >= (n-base)/size {
		return 0, false
	}
	if wide {
		return binary.LittleEndian.Uint64(section[base+i*size:]), true
	}
	return uint64(binary.LittleEndian.Uint32(section[base+i*size:])), true
}

// addr reads an address; index: it is one of .debug_addr.
func (u *Unit) addr(c *cursor, form uint16) (v uint64, index bool) {
	switch form {
	case formAddr:
		return c.u64(), false
	case formAddrx, formGNUAddrx:
		return c.uleb(), true
	case formAddrx1:
		return uint64(c.u8()), true
	case formAddrx2:
		return uint64(c.u16()), true
	case formAddrx3:
		return uint64(c.u24()), true
	case formAddrx4:
		return uint64(c.u32()), true
	}
	u.skip(c, form)
	return 0, false
}

func isAddr(form uint16) bool {
	switch form {
	case formAddr, formAddrx, formGNUAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		return true
	}
	return false
}

// owner is where the addresses and lines of the unit are.
func (u *Unit) owner() *Unit {
	if u.Skeleton != nil {
		return u.Skeleton
	}
	return u
}

// indexed looks an index of .debug_addr up.
func (u *Unit) indexed(i uint64) (uint64, bool) {
	o := u.owner()
	return word(o.File.addr, o.addrBase, i, true)
}

// constant reads a number.
func (u *Unit) constant(c *cursor, a *attribute) uint64 {
	switch a.form {
	case formData1, formFlag:
		return uint64(c.u8())
	case formData2:
		return uint64(c.u16())
	case formData4:
		return uint64(c.u32())
	case formData8:
		return c.u64()
	case formUdata:
		return c.uleb()
	case formSdata:
		return uint64(c.sleb())
	case formSecOffset:
		return c.offset(u.wide)
	case formImplicit:
		return uint64(a.implicit)
	case formFlagPresent:
		return 1
	}
	u.skip(c, a.form)
	return 0
}

// ref reads a reference as an offset of .debug_info; alt: that of the
// supplementary file.
func (u *Unit) ref(c *cursor, a *attribute) (at uint64, alt bool) {
	switch a.form {
	case formRef1:
		return u.Offset + uint64(c.u8()), false
	case formRef2:
		return u.Offset + uint64(c.u16()), false
	case formRef4:
		return u.Offset + uint64(c.u32()), false
	case formRef8:
		return u.Offset + c.u64(), false
	case formRefUdata:
		return u.Offset + c.uleb(), false
	case formRefAddr:
		if u.version == 2 {
			return c.u64(), false
		}
		return c.offset(u.wide), false
	case formGNURefAlt:
		return c.offset(u.wide), true
	case formRefSup4:
		return uint64(c.u32()), true
	case formRefSup8:
		return c.u64(), true
	}
	u.skip(c, a.form)
	return noRef, false
}
