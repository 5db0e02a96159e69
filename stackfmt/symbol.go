package stackfmt

import (
	"runtime"
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
	// shown is false for the functions below main and below a goroutine's first
	// function, which the runtime leaves out as well.
	shown bool
}

// symbols never hold anything but facts about the running binary, so one table
// serves the whole process.
var symbols [symbolSlots]atomic.Pointer[symbol]

// appendSymbol appends the call that pc, a return address, stands for.
func appendSymbol(s Stack, pc uintptr) Stack {
	// Addresses of call sites have no pattern in their low bits but the one that
	// instructions may be aligned; a multiplicative hash spreads them.
	slot := &symbols[(pc*0x9E3779B1)>>8%symbolSlots]
	if sym := slot.Load(); sym != nil && sym.pc == pc {
		if sym.shown {
			s = append(s, sym.frame)
		}
		return s
	}
	n := 0
	frames := runtime.CallersFrames([]uintptr{pc})
	for {
		f, more := frames.Next()
		if f.PC != 0 {
			sym := &symbol{pc: pc, frame: frameOf(&f), shown: f.Function != "runtime.goexit" && f.Function != "runtime.main"}
			if n++; n == 1 && !more {
				slot.Store(sym)
			}
			if sym.shown {
				s = append(s, sym.frame)
			}
		}
		if !more {
			// Only the symbolizer of a C program (runtime.SetCgoTraceback) gives
			// several frames for one address, and only that may change its mind:
			// those are looked up each time.
			return s
		}
	}
}
