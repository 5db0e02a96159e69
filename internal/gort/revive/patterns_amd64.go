//go:build linux

package revive

import (
	"bytes"
	"encoding/binary"

	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// preemptOffsets finds
//
//	CMPB $0, preempt(R14)
//	JEQ  2(PC)
//	MOVQ $stackPreempt, stackguard0(R14)
func preemptOffsets(code scan.Code) (found []uintptr) {
	text := code.Text()
	for i := 0; i+18 <= len(text); i++ {
		compare, jump, store := text[i:i+8], text[i+8:i+10], text[i+10:i+18]
		if bytes.HasPrefix(compare, []byte{0x41, 0x80, 0xbe}) && compare[7] == 0 && jump[0] == 0x74 &&
			bytes.Equal(store, []byte{0x49, 0xc7, 0x46, 0x10, 0xde, 0xfa, 0xff, 0xff}) {
			found = append(found, uintptr(binary.LittleEndian.Uint32(compare[3:])))
		}
	}
	return found
}

// dyingOffsets finds
//
//	MOVQ m(R), R'
//	CMPL $0, dying(R')
//	JGT
func dyingOffsets(code scan.Code) (found []offsets) {
	const loads = 0x8b
	text := code.Text()
	for i := 0; i+12 <= len(text); i++ {
		load, compare, jump := text[i:i+4], text[i+4:i+11], text[i+11]
		// The registers are R8 to R15 where bits of the prefix say so; R' is not.
		if load[0]&^1 == 0x48 && load[1] == loads && load[2]>>6 == 1 && load[2]&7 != 4 &&
			compare[0] == 0x83 && compare[1] == 0xb8|load[2]>>3&7 && compare[6] == 0 && jump == 0x7f {
			found = append(found, offsets{uintptr(load[3]), uintptr(binary.LittleEndian.Uint32(compare[2:]))})
		}
	}
	return found
}
