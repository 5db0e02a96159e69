// Package a64 decodes the instructions of arm64 by which compiled code refers to
// variables and calls functions, and says of all others which register they may write.
// It is not a disassembler: an instruction that no pattern of package scan asks for is
// Other.
//
// The encodings are those of the Arm Architecture Reference Manual, chapter C4. The package
// builds on every platform, so that its tests run on every platform.
package a64

import "math/bits"

// An Op is what an instruction does.
type Op uint8

// The operations. Where two are named, Inst tells them apart by its operands.
const (
	Other       Op = iota // may write Rd, Rn and Rm
	Const                 // MOVZ, MOVN, ORR with an immediate: Rd = Imm
	Keep                  // MOVK: 16 bits of Rd at Shift become Imm
	Move                  // Rd = Rm
	Adr                   // Rd = PC + Imm
	Adrp                  // Rd = page of PC + Imm
	Add                   // Rd = Rn + Imm
	Compare               // flags of Rn - Imm
	Load                  // Rd = [Rn + Imm]
	Store                 // [Rn + Imm] = Rd
	LoadPair              // Rd, Rm = [Rn + Imm]
	StoreSync             // STLR: [Rn] = Rd
	AddSync               // LDADDAL: Rd = [Rn], [Rn] += Rm
	SwapSync              // SWPAL: Rd = [Rn], [Rn] = Rm
	CompareSync           // CASAL: if [Rn] == Rm, [Rn] = Rd; Rm = [Rn]
	Call                  // BL: to PC + Imm
	CallTo                // BLR: to Rn
	JumpZero              // CBZ, CBNZ, TBZ, TBNZ: on Rd
	Jump                  // B.cond on the flags
)

// Zero is the register that reads as 0, where an instruction has no use for SP.
const Zero = 31

// An Inst is one instruction. What an Op has no use for is 0.
type Inst struct {
	Op         Op
	Size       uint8 // of what is loaded, stored or moved, in bytes
	Shift      uint8
	Rd, Rn, Rm uint8
	Imm        int64
}

// field is WIDTH bits of a word, from bit LOW on.
func field(word uint32, low, width uint) uint32 { return word >> low & (1<<width - 1) }

// signed is the same, with a sign.
func signed(word uint32, low, width uint) int64 {
	return int64(field(word, low, width)) << (64 - width) >> (64 - width)
}

// Decode decodes an instruction.
func Decode(word uint32) Inst {
	i := Inst{Rd: uint8(field(word, 0, 5)), Rn: uint8(field(word, 5, 5)), Rm: uint8(field(word, 16, 5))}
	for _, decode := range [...]func(uint32, *Inst) bool{address, immediate, access, atomic, branch} {
		if decode(word, &i) {
			return i
		}
	}
	return other(word)
}

// other is an instruction of which only the registers that it may write are known.
func other(word uint32) Inst {
	rd := uint8(field(word, 0, 5))
	i := Inst{Rd: rd, Rn: rd, Rm: rd}
	if word&0x0a000000 == 0x08000000 { // loads and stores, which may write the base
		i.Rn = uint8(field(word, 5, 5))
	}
	switch {
	case word&0x3a000000 == 0x28000000: // of pairs
		i.Rm = uint8(field(word, 10, 5))
	case word&0x3f000000 == 0x08000000: // exclusive
		i.Rm = uint8(field(word, 16, 5))
		if word&0x00200000 != 0 { // of pairs, which do not write the base
			i.Rn = uint8(field(word, 10, 5))
			if i.Rn == Zero { // CASP
				i.Rn = i.Rm | 1
			}
		}
	}
	return i
}

// address decodes what takes the address of something.
func address(word uint32, i *Inst) bool {
	switch {
	case word&0x1f000000 == 0x10000000:
		i.Op, i.Imm = Adr, signed(word, 5, 19)<<2|int64(field(word, 29, 2))
		if word>>31 == 1 {
			i.Op, i.Imm = Adrp, i.Imm<<12
		}
		i.Rn, i.Rm = 0, 0
	case word&0xff800000 == 0x91000000:
		i.Op, i.Imm, i.Rm = Add, int64(field(word, 10, 12))<<(12*field(word, 22, 1)), 0
	default:
		return false
	}
	i.Size = 8
	return true
}

// immediate decodes what makes a constant, moves a register or compares with a constant.
func immediate(word uint32, i *Inst) bool {
	i.Size = 4 << field(word, 31, 1)
	i.Shift = uint8(16 * field(word, 21, 2))
	value := int64(field(word, 5, 16))
	switch {
	case word&0x7f800000 == 0x52800000: // MOVZ
		i.Op, i.Imm = Const, value<<i.Shift
	case word&0x7f800000 == 0x12800000: // MOVN
		i.Op, i.Imm = Const, ^(value << i.Shift)
	case word&0x7f800000 == 0x72800000:
		i.Op, i.Imm = Keep, value
		i.Rn, i.Rm = 0, 0
		return true
	case word&0x7f8003e0 == 0x320003e0: // ORR of the zero register and an immediate
		mask, ok := bitmask(field(word, 22, 1), field(word, 16, 6), field(word, 10, 6))
		if !ok {
			return false
		}
		i.Op, i.Imm = Const, int64(mask)
	case word&0x7fe0ffe0 == 0x2a0003e0: // ORR of the zero register and another
		i.Op, i.Rn, i.Shift = Move, 0, 0
		return true
	case word&0x7f80001f == 0x7100001f: // SUBS into the zero register
		i.Op, i.Imm, i.Rm, i.Shift = Compare, int64(field(word, 10, 12))<<(12*field(word, 22, 1)), 0, 0
		return true
	default:
		return false
	}
	if i.Size == 4 {
		i.Imm = int64(uint32(i.Imm))
	}
	i.Rn, i.Rm, i.Shift = 0, 0, 0
	return true
}

// bitmask is the immediate of a logical instruction: a run of ones in an element of 2 to
// 64 bits, turned right, and the element repeated (DecodeBitMasks of the manual).
func bitmask(n, immr, imms uint32) (uint64, bool) {
	length := bits.Len32(n<<6|^imms&0x3f) - 1
	if length < 1 {
		return 0, false
	}
	size := uint(1) << length
	ones, turn := uint(imms)&(size-1)+1, uint(immr)&(size-1)
	if ones == size {
		return 0, false
	}
	element := uint64(1)<<ones - 1
	if size < 64 {
		element = (element>>turn | element<<(size-turn)) & (1<<size - 1)
	} else {
		element = bits.RotateLeft64(element, -int(turn))
	}
	for ; size < 64; size *= 2 {
		element |= element << size
	}
	return element, true
}

// access decodes loads and stores of whole registers with a constant offset.
func access(word uint32, i *Inst) bool {
	i.Size, i.Shift = 1<<field(word, 30, 2), 0
	load := field(word, 22, 2) != 0
	switch {
	case word&0x3f000000 == 0x39000000:
		i.Imm = int64(field(word, 10, 12)) * int64(i.Size)
	case word&0x3f200c00 == 0x38000000:
		i.Imm = signed(word, 12, 9)
	case word&0xffc00000 == 0xa9400000:
		i.Op, i.Size, i.Imm, i.Rm = LoadPair, 8, signed(word, 15, 7)*8, uint8(field(word, 10, 5))
		return true
	default:
		return false
	}
	if i.Op = Store; load {
		i.Op = Load
	}
	i.Rm = 0
	return field(word, 22, 2) != 2 || i.Size != 8 // which is PRFM
}

// atomic decodes the atomic instructions that both acquire and release, and the store that
// releases.
func atomic(word uint32, i *Inst) bool {
	i.Imm, i.Shift = 0, 0
	i.Size = 1 << field(word, 30, 2)
	switch {
	case word&0x3ffffc00 == 0x089ffc00:
		i.Op, i.Rm = StoreSync, 0
	case word&0x3fe0fc00 == 0x38e00000:
		i.Op = AddSync
	case word&0x3fe0fc00 == 0x38e08000:
		i.Op = SwapSync
	case word&0x3fe0fc00 == 0x08e0fc00:
		i.Op = CompareSync
	default:
		return false
	}
	return true
}

// branch decodes calls, and jumps on a condition.
func branch(word uint32, i *Inst) bool {
	rd, rn := i.Rd, i.Rn
	switch {
	case word&0xfc000000 == 0x94000000:
		*i = Inst{Op: Call, Imm: signed(word, 0, 26) << 2}
	case word&0xfffffc1f == 0xd63f0000:
		*i = Inst{Op: CallTo, Rn: rn}
	case word&0x7e000000 == 0x34000000:
		*i = Inst{Op: JumpZero, Rd: rd, Imm: signed(word, 5, 19) << 2}
	case word&0x7e000000 == 0x36000000:
		*i = Inst{Op: JumpZero, Rd: rd, Imm: signed(word, 5, 14) << 2}
	case word&0xff000010 == 0x54000000:
		*i = Inst{Op: Jump, Imm: signed(word, 5, 19) << 2}
	default:
		return false
	}
	return true
}

// Writes has a bit for each register that an instruction may write: too many rather than too
// few. What a callee does to registers is in it.
func (i Inst) Writes() uint32 {
	switch i.Op {
	case Compare, Store, StoreSync, JumpZero, Jump:
		return 0
	case LoadPair:
		return 1<<i.Rd | 1<<i.Rm
	case CompareSync:
		return 1 << i.Rm
	case Call, CallTo:
		return 1<<Zero - 1
	case Other:
		return 1<<i.Rd | 1<<i.Rn | 1<<i.Rm
	}
	return 1 << i.Rd
}
