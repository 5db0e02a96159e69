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
	// inlined says that the call was inlined into that of the next address, exit
	// that the function is running its deferred calls, see isDeferReturn.
	inlined, exit bool
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

// appendSymbols appends the calls that an address stands for, innermost first, if
// their rank is at least lowest. Several come only from the symbolizer of a C
// program (runtime.SetCgoTraceback).
func appendSymbols(s Stack, found []symbol, lowest rank) Stack {
	for i := len(found) - 1; i >= 0; i-- {
		if found[i].rank >= lowest {
			s = append(s, found[i].frame)
		}
	}
	return s
}

// appendSymbol appends one call, if its rank is at least lowest.
func appendSymbol(s Stack, sym *symbol, lowest rank) Stack {
	switch {
	case sym.rank < lowest:
		s.called(sym.frame.Func)
	case sym.frame.Func == "panic":
		s.called(gopanic)
		fallthrough
	default:
		s = append(s, sym.frame)
	}
	return s
}

// symbolOf returns what pc stands for: one symbol, which is kept, or several,
// which are not, because what a program's symbolizer says may change.
func symbolOf(pc uintptr) (one *symbol, several []symbol) {
	// Addresses of call sites have no pattern in their low bits but the one that
	// instructions may be aligned; a multiplicative hash spreads them.
	slot := &symbols[(pc*0x9E3779B1)>>8%symbolSlots]
	sym := slot.Load()
	if sym == nil || sym.pc != pc {
		found := lookUp(pc)
		if len(found) != 1 {
			return nil, found
		}
		sym = &found[0]
		slot.Store(sym)
	}
	return sym, nil
}

// called notes what the last frame called, if that is left out or has another
// name in the stack.
func (s Stack) called(fn string) {
	if len(s) > 0 && s[len(s)-1].Callee == "" && s[len(s)-1].Elided == 0 && s[len(s)-1].Func != "panic" {
		s[len(s)-1].Callee = fn
	}
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
			found = append(found, symbol{
				pc: pc, frame: frameOf(&f), rank: r,
				inlined: f.Func == nil, exit: f.Entry != 0 && isDeferReturn(pc, f.Entry),
			})
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
