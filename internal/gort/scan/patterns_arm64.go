//go:build linux

package scan

import (
	"encoding/binary"

	"github.com/epitaph-go/epitaph/internal/gort/scan/a64"
)

// align is what functions begin at multiples of (cmd/link/internal/arm64, funcAlign).
const align = 16

// A value is what is known of a register: it is a constant, or the address of something.
type value struct {
	known, address bool
	is             uintptr
}

// values are those of all registers; a64.Zero is never written to.
type values [a64.Zero + 1]value

// A step is an instruction, the one behind it, and what is known of the registers before it.
type step struct {
	a64.Inst
	behind a64.Inst
	pc     uintptr
	values
}

// Instructions returns a function's instructions.
func (c Code) Instructions() (list []a64.Inst) {
	for i := 0; i+4 <= len(c.text); i += 4 {
		list = append(list, a64.Decode(binary.LittleEndian.Uint32(c.text[i:])))
	}
	return list
}

// find returns the addresses that LOOK makes of the instructions, 0 being none. They are looked
// at one after the other, whatever the jumps: the compiler makes an address right before it
// is used.
func (c Code) find(look func(*step) uintptr) (addresses []uintptr) {
	list := c.Instructions()
	at := step{values: values{a64.Zero: {known: true}}}
	for i, inst := range list {
		at.Inst, at.pc, at.behind = inst, c.entry+uintptr(4*i), a64.Inst{}
		if i+1 < len(list) {
			at.behind = list[i+1]
		}
		if address := look(&at); address != 0 {
			addresses = append(addresses, address)
		}
		at.run()
	}
	return addresses
}

// run makes of the registers what the instruction makes of them.
func (s *step) run() {
	result := value{}
	switch rn, rm := s.values[s.Rn], s.values[s.Rm]; s.Op {
	case a64.Const:
		result = value{known: true, is: uintptr(s.Imm)}
	case a64.Move:
		result = rm
	case a64.Keep:
		result = s.values[s.Rd]
		result.is = result.is&^(0xffff<<s.Shift) | uintptr(s.Imm)<<s.Shift
	case a64.Adr:
		result = value{true, true, s.pc + uintptr(s.Imm)}
	case a64.Adrp:
		result = value{true, true, s.pc&^0xfff + uintptr(s.Imm)}
	case a64.Add:
		if s.Rn != a64.Zero { // which is SP
			result = rn
			result.is += uintptr(s.Imm)
		}
	}
	for r := range a64.Zero {
		if s.Writes()>>r&1 != 0 {
			s.values[r] = value{}
		}
	}
	if result.known && s.Rd != a64.Zero {
		s.values[s.Rd] = result
	}
}

// operand is the variable that the instruction loads or stores, or 0.
func (s *step) operand() uintptr {
	if base := s.values[s.Rn]; base.address {
		return base.is + uintptr(s.Imm)
	}
	return 0
}

// accesses tells whether it is of an operation, and of that many bytes.
func (s *step) accesses(op a64.Op, size int) bool { return s.Op == op && int(s.Size) == size }

// taken is the address that the instruction completes, or 0.
func (s *step) taken() uintptr {
	base := s.values[s.Rn]
	switch {
	case s.Op == a64.Adr:
		return s.pc + uintptr(s.Imm)
	case s.Op == a64.Add && s.Rn != a64.Zero && base.address:
		return base.is + uintptr(s.Imm)
	}
	return 0
}

// Loaded returns the words that are loaded.
func (c Code) Loaded() []uintptr {
	words := c.find(func(s *step) uintptr {
		if s.accesses(a64.Load, 8) || s.Op == a64.LoadPair {
			return s.operand()
		}
		return 0
	})
	return append(words, c.find(func(s *step) uintptr {
		if s.Op == a64.LoadPair && s.operand() != 0 {
			return s.operand() + 8
		}
		return 0
	})...)
}

// Stored returns the words that are stored to.
func (c Code) Stored() []uintptr { return c.accessed(a64.Store, 8) }

func (c Code) accessed(op a64.Op, size int) []uintptr {
	return c.find(func(s *step) uintptr {
		if s.accesses(op, size) {
			return s.operand()
		}
		return 0
	})
}

// Taken returns what the address is taken of.
func (c Code) Taken() []uintptr { return c.find((*step).taken) }

// StoredAtomically returns what is stored to atomically, SIZE bytes, 1 or 4: by STLR.
func (c Code) StoredAtomically(size int) []uintptr { return c.accessed(a64.StoreSync, size) }

// AddedAtomically returns the variables of 4 bytes that something is added to atomically. A
// loop for machines without LDADDAL may follow; it has the same operand.
func (c Code) AddedAtomically() []uintptr { return c.accessed(a64.AddSync, 4) }

// Locked returns the variables of 4 bytes that are made 1 atomically where they are 0: by
// CASAL, for which the same holds.
func (c Code) Locked() []uintptr {
	return c.find(func(s *step) uintptr {
		old, new := s.values[s.Rm], s.values[s.Rd]
		if s.accesses(a64.CompareSync, 4) && old == (value{known: true}) && new == (value{known: true, is: 1}) {
			return s.operand()
		}
		return 0
	})
}

// Assigned returns the variables of 4 bytes that become a constant.
func (c Code) Assigned(constant uint32) []uintptr {
	return c.find(func(s *step) uintptr {
		if s.accesses(a64.Store, 4) && s.values[s.Rd] == (value{known: true, is: uintptr(constant)}) {
			return s.operand()
		}
		return 0
	})
}

// Passed returns what the address is taken of right before a call, as its first argument.
func (c Code) Passed() []uintptr {
	return c.find(func(s *step) uintptr {
		if s.Rd == 0 && s.behind.Op == a64.Call {
			return s.taken()
		}
		return 0
	})
}

// PassedWith returns what the address is taken of as the first argument of a call whose
// second one is a constant.
func (c Code) PassedWith(second uint32) []uintptr {
	return c.find(func(s *step) uintptr {
		if s.Op == a64.Call && s.values[0].address && s.values[1] == (value{known: true, is: uintptr(second)}) {
			return s.values[0].is
		}
		return 0
	})
}

// Tested returns the words that are loaded and then compared with 0.
func (c Code) Tested() []uintptr {
	return c.find(func(s *step) uintptr {
		switch test := s.behind; {
		case test.Op != a64.JumpZero || s.operand() == 0:
		case s.accesses(a64.Load, 8) && test.Rd == s.Rd:
			return s.operand()
		case s.Op == a64.LoadPair && test.Rd == s.Rm:
			return s.operand() + 8
		}
		return 0
	})
}

// Functions returns the variables with func values that are called.
func (c Code) Functions() []uintptr {
	return c.find(func(s *step) uintptr {
		const context = 26 // REGCTXT, in which a closure gets itself
		if s.accesses(a64.Load, 8) && s.Rd == context && s.behind.Op == a64.Load && s.behind.Rn == context && s.behind.Imm == 0 {
			return s.operand()
		}
		return 0
	})
}

// calls returns what is called by address.
func (c Code) calls() []uintptr {
	return c.find(func(s *step) uintptr {
		if s.Op == a64.Call {
			return s.pc + uintptr(s.Imm)
		}
		return 0
	})
}
