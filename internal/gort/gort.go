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
//
// Seven packages hold what depends on a Go release, one for each thing that a release
// may break, so that the tests of one package fail and name it. This one is what the
// core needs in a healthy process, and imports none of the others:
//
//   - gort: the bounds of text and tables, g, and how to stay on a P;
//   - gort/scan: how addresses are read off the code of the runtime;
//   - gort/vars: variables of the runtime: the traceback level, what was printed last,
//     the signals that the program wants, the crash output;
//   - gort/threads: where a thread has its number and its goroutine;
//   - gort/labels: where a goroutine has the profiler's labels;
//   - gort/panics: where a goroutine has its id and its panics;
//   - gort/revive: how a goroutine goes on that has died of a panic.
//
// Each Find function returns a value, which is the zero value and not Valid where there
// is an error, the reason. What is not found turns a part of Epitaph off, and no more.
package gort

// Runtime is where the Go part of the process is.  All fields are addresses.
type Runtime struct {
	Text, EText       uintptr // [runtime.text, runtime.etext)
	Pclntab, EPclntab uintptr // [runtime.pclntab, runtime.epclntab)

	// GoFunc is the base of the funcdata offsets of the function table
	// (go:func.*), which inlined calls are looked up with.
	GoFunc uintptr

	// Module is the runtime's module data of the program itself, whose word GoFuncWord is
	// GoFunc; LastModule is the variable with that of the plugin that was opened last, or
	// with the program's. 0: not known.
	Module, LastModule uintptr
	GoFuncWord         int

	// GetG is a leaf without a frame that C can call: it returns the current
	// thread's g, or NULL on a thread that Go does not know, and touches
	// no registers but the result's and, on arm64, x1.
	GetG uintptr
}

// Valid tells whether all of it was found.
func (r Runtime) Valid() bool { return r.GoFunc != 0 }
