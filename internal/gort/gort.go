// Package gort finds out where the running program's Go text and its function
// tables are, so that the C core can walk and name Go frames after a fault.
//
// None of this has a public API.  The bounds come from symbols that the linker
// defines (cmd/link/internal/ld/symtab.go) and that assembly may name; the one
// thing that they do not tell, the base of the funcdata offsets, comes from
// runtime.lastmoduledatap, which the runtime keeps open to linkname
// (runtime/symtab.go; go.dev/issue/71672).  The layout of the module data
// behind it changes from release to release, so nothing is taken from it
// before it agrees with what the assembly says, and what disagrees is named in
// the error.
package gort

// Runtime is where the Go part of the process is.  All fields are addresses.
type Runtime struct {
	Text, EText       uintptr // [runtime.text, runtime.etext)
	Pclntab, EPclntab uintptr // [runtime.pclntab, runtime.epclntab)

	// GoFunc is the base of the funcdata offsets of the function table
	// (go:func.*), which inlined calls are looked up with.
	GoFunc uintptr

	// GetG is a leaf without a frame that C can call: it returns the current
	// thread's g, or NULL on a thread that Go does not know, and touches
	// no other register than the result's.
	GetG uintptr
}
