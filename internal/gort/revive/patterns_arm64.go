//go:build linux

package revive

import (
	"github.com/epitaph-go/epitaph/internal/gort/scan"
	"github.com/epitaph-go/epitaph/internal/gort/scan/a64"
)

// preemptOffsets finds
//
//	MOVBU preempt(R28), R
//	TBZ   $0, R, 3(PC)
//	MOVD  $stackPreempt, R
//	MOVD  R, stackguard0(R28)
func preemptOffsets(code scan.Code) (found []uintptr) {
	const g, stackPreempt, stackguard0 = 28, -1314, 16
	list := code.Instructions()
	for i := 0; i+4 <= len(list); i++ {
		flag, jump, value, store := list[i], list[i+1], list[i+2], list[i+3]
		if flag.Op == a64.Load && flag.Size == 1 && flag.Rn == g && jump.Op == a64.JumpZero && jump.Rd == flag.Rd &&
			value.Op == a64.Const && value.Imm == stackPreempt &&
			store.Op == a64.Store && store.Rd == value.Rd && store.Rn == g && store.Imm == stackguard0 {
			found = append(found, uintptr(flag.Imm))
		}
	}
	return found
}

// dyingOffsets finds
//
//	MOVD m(R), R'
//	MOVW dying(R'), R"
//	CMPW $0, R"
//	BGT
func dyingOffsets(code scan.Code) (found []offsets) {
	list := code.Instructions()
	for i := 0; i+4 <= len(list); i++ {
		m, dying, compare, jump := list[i], list[i+1], list[i+2], list[i+3]
		if m.Op == a64.Load && m.Size == 8 && dying.Op == a64.Load && dying.Size == 4 && dying.Rn == m.Rd &&
			compare.Op == a64.Compare && compare.Rn == dying.Rd && compare.Imm == 0 && jump.Op == a64.Jump {
			found = append(found, offsets{uintptr(m.Imm), uintptr(dying.Imm)})
		}
	}
	return found
}
