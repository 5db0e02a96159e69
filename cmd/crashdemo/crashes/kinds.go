//go:build linux && cgo

package crashes

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// StatusUnavailable is the exit status of a process in which the C side of a kind found that the crash cannot be had
// on this system (EX_UNAVAILABLE of sysexits.h).
const StatusUnavailable = 69

// ErrUnavailable is wrapped by the errors of Prepare that are due to the system or to how the program was built.
var ErrUnavailable = errors.New("this crash cannot be had here")

// A Trait is something about a kind that a reader of its report has to know.
type Trait uint

const (
	// Silent: the kernel kills the process without asking any handler. There can be no report.
	Silent Trait = 1 << iota
	// BelowLibrary: the signal is raised in a function of the C or C++ library; the crash function is its caller.
	BelowLibrary
	// BadPC: the faulting PC is no code. The crash function is the caller, known by the return address only.
	BadPC
	// CallersLost: the crash function destroyed its callers' return addresses, or the stack pointer, so the callers
	// need not be found (with a frame pointer some can be). It is itself still known by the PC.
	CallersLost
	// OwnThread: the crash is on a thread that the kind starts. The stack of the place is another thread's.
	OwnThread
	// AnyThread: the signal is sent to the process and may be handled on a thread that has nothing to do with it.
	AnyThread
	// Sent: the signal is sent, by abort, raise or kill, and not made by a fault. It has no fault address, and the
	// kernel discards it where the default action is all there is and the process is PID 1.
	Sent
	// Deep: hundreds of frames, which repeat.
	Deep
	// ThroughGo: between the crash function and the place stands a Go function that C called.
	ThroughGo
	// SeveralThreads: several threads crash at the same moment, in the same function.
	SeveralThreads
)

var traitNames = []string{
	"silent", "below-library", "bad-pc", "callers-lost", "own-thread", "any-thread", "sent", "deep", "through-go",
	"several-threads",
}

// String lists the traits by name, separated by commas.
func (t Trait) String() string {
	var names []string
	for i, name := range traitNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// A Kind is one way to crash.
type Kind struct {
	// Name is what the command line calls it, as in "null-read".
	Name string
	// Text says in one line what happens.
	Text string
	// Signal is what the kernel or the C library ends it with. It depends on the C library for a damaged heap.
	Signal syscall.Signal
	// Traits are what is special about the report.
	Traits Trait
	// Callers are the functions between the crash function and the place, innermost first: C functions by their
	// symbol, Go functions as the runtime names them, less the import path. Library functions are left out.
	Callers []string

	enter   unsafe.Pointer
	prepare func() error
}

// Func is the symbol of the C function that crashes: crash_null_read for null-read.
func (k Kind) Func() string {
	return "crash_" + strings.ReplaceAll(k.Name, "-", "_")
}

// Has reports whether the kind has all of the traits t.
func (k Kind) Has(t Trait) bool {
	return k.Traits&t == t
}

// Prepare does what has to be done in Go before the crash: it compiles a library, or sets the garbage collector to
// work. It is called once, before Enter's function. The error wraps ErrUnavailable when the kind cannot be had here.
func (k Kind) Prepare() error {
	if k.prepare == nil {
		return nil
	}
	return k.prepare()
}

// Enter is the address of the C function, void (*)(void), that leads to the crash. It returns only when the crash did
// not end the process.
func (k Kind) Enter() unsafe.Pointer {
	return k.enter
}

// All returns the kinds that this build has, in the order of the table.
func All() []Kind {
	return append(cKinds(), cxxKinds()...)
}

// Missing says why a kind that there is elsewhere cannot be had on this machine; it is "" of all others.
func Missing(name string) string {
	if name == "division" && runtime.GOARCH != "amd64" && runtime.GOARCH != "386" {
		return "a processor of " + runtime.GOARCH + " divides by zero without a trap: the result is 0"
	}
	return ""
}

// ByName finds a kind by the name of the command line.
func ByName(name string) (Kind, bool) {
	for _, k := range All() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}
