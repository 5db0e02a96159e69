package stackfmt

import (
	"runtime"
	"unsafe"
)

// A function that recovered from a panic goes on in the code with which it ends
// (recovery, runtime/panic.go), which calls runtime.deferreturn. The compiler
// gives that code the position of whatever instruction stands before it, and if
// that was inlined, the stack shows inlined calls that are not being made. The
// runtime hides deferreturn itself. So only the address tells: it is the one that
// the linker records for this very purpose.

// maxCallSize is at least the size of a call instruction on every architecture.
const maxCallSize = 16

// isDeferReturn reports whether pc, a return address in the function at entry, is
// that of the call of deferreturn to which a recovered function returns.
func isDeferReturn(pc, entry uintptr) bool {
	f := runtime.FuncForPC(entry)
	if f == nil || f.Entry() != entry {
		return false
	}
	// A *runtime.Func points to a _func (runtime/runtime2.go), which begins with
	// entryOff, nameOff, args and deferreturn, or to a funcinl, whose first word
	// is all ones. Both are longer than that.
	head := (*[4]uint32)(unsafe.Pointer(f))
	if head[0] == ^uint32(0) || head[3] == 0 {
		return false
	}
	at := entry + uintptr(head[3])
	return at < pc && pc <= at+maxCallSize
}
