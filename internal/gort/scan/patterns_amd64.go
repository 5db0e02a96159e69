//go:build linux

package scan

import "encoding/binary"

// align is what functions begin at multiples of (cmd/link/internal/amd64, funcAlign).
const align = 32

// Opcodes of instructions of 64 bits with an operand in memory.
const (
	opLoad  = 0x8b // MOVQ memory, register
	opStore = 0x89 // MOVQ register, memory
	opLea   = 0x8d // LEAQ memory, register
)

// Loaded returns the words that are loaded.
func (c Code) Loaded() []uintptr { return c.relative(opLoad) }

// Stored returns the words that are stored to.
func (c Code) Stored() []uintptr { return c.relative(opStore) }

// Taken returns what the address is taken of.
func (c Code) Taken() []uintptr { return c.relative(opLea) }

// relative finds the instructions OPCODE with an operand relative to RIP.
func (c Code) relative(opcode byte) (addresses []uintptr) {
	text := c.text
	for i := 0; i+7 <= len(text); i++ {
		if text[i]&^4 == 0x48 && text[i+1] == opcode && text[i+2]&0xc7 == 5 {
			addresses = append(addresses, c.target(i+3, i+7))
		}
	}
	return addresses
}

// target is what an operand at an offset refers to, in an instruction that ends at another.
func (c Code) target(at, end int) uintptr {
	return c.entry + uintptr(end) + uintptr(int32(binary.LittleEndian.Uint32(c.text[at:])))
}

// StoredAtomically returns what is stored to atomically, SIZE bytes, 1 or 4: by XCHG.
func (c Code) StoredAtomically(size int) []uintptr {
	if size == 1 {
		return c.swapped("\x86") // XCHGB
	}
	return c.swapped("\x87") // XCHGL
}

// AddedAtomically returns the variables of 4 bytes that something is added to atomically.
func (c Code) AddedAtomically() []uintptr { return c.swapped("\xf0\x0f\xc1") } // LOCK XADDL

// Locked returns the variables of 4 bytes that are made 1 atomically where they are 0.
func (c Code) Locked() []uintptr {
	return c.swapped("\xbe\x01\x00\x00\x00\xf0\x0f\xb1") // MOVL $1, SI; LOCK CMPXCHGL SI
}

// swapped finds LEAQ x(IP), R with the instruction OPCODE R', (R) right behind it.
func (c Code) swapped(opcode string) (addresses []uintptr) {
	text := c.text
	for i := 0; i+8+len(opcode) <= len(text); i++ {
		lea := text[i] == 0x48 && text[i+1] == opLea && text[i+2]&0xc7 == 5
		register := text[i+2] >> 3 & 7
		if lea && string(text[i+7:i+7+len(opcode)]) == opcode && text[i+7+len(opcode)]&0xc7 == register {
			addresses = append(addresses, c.target(i+3, i+7))
		}
	}
	return addresses
}

// Assigned returns the variables of 4 bytes that become a constant.
func (c Code) Assigned(constant uint32) []uintptr {
	immediate := binary.LittleEndian.AppendUint32(nil, constant)
	return c.operands("\xc7\x05", string(immediate), "") // MOVL $constant, x(IP)
}

// Passed returns what the address is taken of right before a call, as its first argument.
func (c Code) Passed() []uintptr { return c.operands("\x48\x8d\x05", "", "\xe8") } // LEAQ x(IP), AX; CALL

// PassedWith returns what the address is taken of as the first argument of a call whose
// second one is a constant.
func (c Code) PassedWith(second uint32) []uintptr {
	then := binary.LittleEndian.AppendUint32([]byte{0xbb}, second)
	return c.operands("\x48\x8d\x05", "", string(then)+"\xe8") // LEAQ x(IP), AX; MOVL $second, BX; CALL
}

// Tested returns the words that are loaded and then compared with 0.
func (c Code) Tested() []uintptr {
	return c.operands("\x48\x8b\x0d", "", "\x48\x85\xc9") // MOVQ x(IP), CX; TESTQ CX, CX
}

// Functions returns the variables with func values that are called.
func (c Code) Functions() []uintptr {
	return c.operands("\x48\x8b\x15", "", "\x48\x8b") // MOVQ x(IP), DX; MOVQ (DX), R
}

// operands finds the instructions that are BEFORE, an operand relative to RIP and an
// IMMEDIATE one, with THEN behind them.
func (c Code) operands(before, immediate, then string) (addresses []uintptr) {
	text := c.text
	for i := 0; i+len(before)+4+len(immediate)+len(then) <= len(text); i++ {
		at := i + len(before)
		end := at + 4 + len(immediate)
		if string(text[i:at]) == before && string(text[at+4:end]) == immediate && string(text[end:end+len(then)]) == then {
			addresses = append(addresses, c.target(at, end))
		}
	}
	return addresses
}

// calls returns what is called by address.
func (c Code) calls() (targets []uintptr) {
	for i := 0; i+5 <= len(c.text); i++ {
		if c.text[i] == 0xe8 {
			targets = append(targets, c.target(i+1, i+5))
		}
	}
	return targets
}
