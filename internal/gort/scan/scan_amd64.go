//go:build linux && amd64

package scan

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"
)

// Body returns the code of the function that begins at entry.
func Body(entry uintptr) (uintptr, []byte) {
	const step, most = 16, 2048
	n := uintptr(step)
	for ; n < most; n += step {
		if f := runtime.FuncForPC(entry + n); f == nil || f.Entry() != entry {
			break
		}
	}
	return entry, unsafe.Slice(*(**byte)(unsafe.Pointer(&entry)), n)
}

// Relative finds the instructions OPCODE of 64 bits with an operand Relative to
// RIP, and returns what they refer to. Bytes that only look like one add what
// the checks have to rule out.
func Relative(entry uintptr, text []byte, opcode byte) (addresses []uintptr) {
	for i := 0; i+7 <= len(text); i++ {
		if text[i]&^4 == 0x48 && text[i+1] == opcode && text[i+2]&0xc7 == 5 {
			offset := *(*int32)(unsafe.Pointer(&text[i+3]))
			addresses = append(addresses, entry+uintptr(i+7)+uintptr(offset))
		}
	}
	return addresses
}

// Opcodes for Relative.
const (
	OpLoad  = 0x8b // MOVQ memory, register
	OpStore = 0x89 // MOVQ register, memory
	OpLea   = 0x8d // LEAQ memory, register
)

// Swapped returns what is changed atomically in a function: LEAQ x(IP), R with the
// instruction OPCODE R', (R) right Behind it.
func Swapped(entry uintptr, text []byte, opcode string) (addresses []uintptr) {
	for i := 0; i+8+len(opcode) <= len(text); i++ {
		lea := text[i] == 0x48 && text[i+1] == OpLea && text[i+2]&0xc7 == 5
		register := text[i+2] >> 3 & 7
		if lea && string(text[i+7:i+7+len(opcode)]) == opcode && text[i+7+len(opcode)]&0xc7 == register {
			addresses = append(addresses, Relative(entry+uintptr(i), text[i:i+7], OpLea)...)
		}
	}
	return addresses
}

// Opcodes for Swapped.
const (
	OpExchange     = "\x87"                             // XCHGL
	OpExchangeByte = "\x86"                             // XCHGB
	OpExchangeAdd  = "\xf0\x0f\xc1"                     // LOCK XADDL
	OpLock         = "\xbe\x01\x00\x00\x00\xf0\x0f\xb1" // MOVL $1, SI; LOCK CMPXCHGL SI
)

// Called returns the address of a function that the one at entry calls.
func Called(entry uintptr, name string) (uintptr, error) {
	_, text := Body(entry)
	for i := 0; i+5 <= len(text); i++ {
		if text[i] != 0xe8 {
			continue
		}
		offset := *(*int32)(unsafe.Pointer(&text[i+1]))
		target := entry + uintptr(i+5) + uintptr(offset)
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, nil
		}
	}
	return 0, fmt.Errorf("gort/scan: no call of %s where one is expected", name)
}

// Operands finds the instructions that are BEFORE, an operand Relative to RIP and an
// IMMEDIATE one, with THEN Behind them, and returns what they refer to.
func Operands(entry uintptr, text []byte, before, immediate, then string) (addresses []uintptr) {
	for i := 0; i+len(before)+4+len(immediate)+len(then) <= len(text); i++ {
		at := i + len(before)
		end := at + 4 + len(immediate)
		if string(text[i:at]) == before && string(text[at+4:end]) == immediate && string(text[end:end+len(then)]) == then {
			offset := int32(binary.LittleEndian.Uint32(text[at:]))
			addresses = append(addresses, entry+uintptr(end)+uintptr(offset))
		}
	}
	return addresses
}

// Closure returns the address of a function that the one at entry has the address of.
func Closure(entry uintptr, name string) (uintptr, error) {
	entry, text := Body(entry)
	for _, target := range Relative(entry, text, OpLea) {
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, nil
		}
	}
	return 0, fmt.Errorf("gort/scan: no %s where one is expected", name)
}

// Behind returns the address of a function in the same source file as the one at entry,
// and not far Behind it: the linker keeps to the order of the compiler.
func Behind(entry uintptr, name string) (uintptr, error) {
	const align, most = 32, 128 << 10
	for at := entry; at < entry+most; at += align {
		if f := runtime.FuncForPC(at); f != nil && f.Entry() == at && f.Name() == name {
			return at, nil
		}
	}
	return 0, fmt.Errorf("gort/scan: no %s where one is expected", name)
}

// Entry is the address of the first instruction of the func value at f.
func Entry(f unsafe.Pointer) uintptr { return **(**uintptr)(f) }

// PrintStatement is the address of a function that is one print statement.
func PrintStatement() uintptr {
	statement := printed
	return Entry(unsafe.Pointer(&statement))
}

// printed is here for its code only.
//
//go:noinline
func printed(s string) { print(s) }
