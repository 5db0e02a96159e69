package stackfmt

import (
	"runtime"
	"strings"
	"sync/atomic"
)

// Most of the time to print an error goes into the runtime's tables: finding the
// function, file and line of an address costs some 200 ns, and the addresses of
// a program's errors are mostly the same ones. What was found is therefore kept.
// The table is direct-mapped, because that needs neither a lock nor a rule for
// what to forget: an address that falls on another's place takes it over.

const symbolSlots = 1 << 12

// symbol is what the runtime knows about a return address.
type symbol struct {
	pc    uintptr
	frame Frame
	rank  rank
}

// rank says where the runtime itself would show a function.
type rank uint8

const (
	rankNever  rank = iota // below main, and below a goroutine's first function
	rankSystem             // only with GOTRACEBACK=system: its own functions
	rankUser               // always
)

// symbols never hold anything but facts about the running binary, so one table
// serves the whole process.
var symbols [symbolSlots]atomic.Pointer[symbol]

// appendSymbol appends the call that pc, a return address, stands for, if its
// rank is at least lowest.
func appendSymbol(s Stack, pc uintptr, lowest rank) Stack {
	// Addresses of call sites have no pattern in their low bits but the one that
	// instructions may be aligned; a multiplicative hash spreads them.
	slot := &symbols[(pc*0x9E3779B1)>>8%symbolSlots]
	sym := slot.Load()
	if sym == nil || sym.pc != pc {
		found := lookUp(pc)
		if len(found) != 1 {
			// Only the symbolizer of a C program (runtime.SetCgoTraceback) gives
			// several frames for one address, the innermost first. They are not
			// kept, because what it says may change.
			for i := len(found) - 1; i >= 0; i-- {
				if found[i].rank >= lowest {
					s = append(s, found[i].frame)
				}
			}
			return s
		}
		sym = &found[0]
		slot.Store(sym)
	}
	if sym.rank >= lowest {
		s = append(s, sym.frame)
	}
	return s
}

func lookUp(pc uintptr) []symbol {
	var found []symbol
	frames := runtime.CallersFrames([]uintptr{pc})
	for {
		f, more := frames.Next()
		if f.PC != 0 {
			r := rankOf(f.Function)
			if r == rankUser && f.Func != nil && !strings.Contains(f.Function, ".") {
				r = rankSystem // what cgo makes: _cgoexp_…
			}
			found = append(found, symbol{pc: pc, frame: frameOf(&f), rank: r})
		}
		if !more {
			return found
		}
	}
}

// gopanic is the function that the compiler calls for panic.
const gopanic = "runtime.gopanic"

// rankOf follows showfuncinfo (runtime/traceback.go): of the runtime's functions
// a traceback shows those that are exported and the call of panic in the middle
// of a stack.
func rankOf(name string) rank {
	rest, ok := strings.CutPrefix(name, "runtime.")
	switch {
	case name == "runtime.goexit", name == "runtime.main":
		return rankNever
	case !ok, name == gopanic, rest != "" && 'A' <= rest[0] && rest[0] <= 'Z':
		return rankUser
	}
	return rankSystem
}
