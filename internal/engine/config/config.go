// Package config is what package handler and its two engines share: the options of a
// call, checked, and what an engine does with them.
package config

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// ErrNoNative is handler.ErrNoNative.
var ErrNoNative = errors.New("the native core is not available")

// An Engine does the work of package handler, whose functions of the same names say
// what it promises. There are two: package engine, with the C core, and package pure,
// which does what can be done without. Their methods may be called by several
// goroutines at once.
//
// The handler calls an engine by its type, not by way of this interface, so that a
// breadcrumb costs no more than that and its text need not be on the heap.
type Engine interface {
	// CheckOutput, CheckDir and CheckTermination look at what a report is to be written to while it can
	// still be an error of the call.
	CheckOutput(f *os.File) error
	CheckDir(path string) error
	CheckTermination(path string) error
	// CheckCache looks whether a directory is fit for WithSymbolCache.
	CheckCache(path string) error

	Enable(c *Config) error
	Disable() bool
	Enabled() bool
	// Taken returns which fatal signals were taken away, and who has them.
	Taken() map[syscall.Signal]string
	// Ready is closed when the work in the background is done for the modules that
	// are loaded at the call.
	Ready() <-chan struct{}

	// Dump writes a dump now. From is the return address into the function that is
	// shown first, behind those of package handler.
	Dump(c *Config, from uintptr) error
	DumpLater(c *Config, d time.Duration) error
	CancelDumpLater()
	// Watch starts a watchdog, which looks at the word and resets it. The word is nil
	// where it could not be started.
	Watch(c *Config, d time.Duration) (word *uint32, stop func(), err error)
	Register(signal syscall.Signal, c *Config) error
	Unregister(signal syscall.Signal) bool

	Annotate(key, value string)
	Breadcrumb(text string)
	NotePanic()
}

// A Call is a function of package handler that takes options, or several.
type Call uint8

// The functions that take options.
const (
	CallEnable Call = 1 << iota
	CallDump
	CallDumpNative
	CallDumpLater
	CallWatchdog
	CallRegister

	CallDumps = CallDump | CallDumpLater | CallWatchdog | CallRegister // of all threads
	CallAny   = CallEnable | CallDumps | CallDumpNative
)

// String is the name of one function.
func (c Call) String() string {
	return map[Call]string{
		CallEnable: "Enable", CallDump: "Dump", CallDumpNative: "DumpNative", CallDumpLater: "DumpLater",
		CallWatchdog: "NewWatchdog", CallRegister: "Register",
	}[c]
}

// The defaults that package handler names.
const (
	DefaultDeadline       = 5 * time.Second
	MaxDeadline           = 10 * time.Minute
	MaxFrames             = 256 // EPI_STACK_FRAMES
	DefaultSnapshotPeriod = time.Second
	DefaultPoll           = 50 * time.Millisecond
	DefaultSymbolBudget   = 64 << 20
	DefaultTermination    = "/dev/termination-log"
)

// Config holds the options of a call. The option of package handler with the name of a
// field says what it means.
type Config struct {
	Call         Call
	Refused      []error // places for the report that cannot be used
	Output       *os.File
	Dir          string // absolute; "": none
	Termination  string // absolute; "": none
	Deadline     time.Duration
	MaxFrames    int // 0: as many as are kept
	MaxThreads   int // 0: all
	AllThreads   bool
	IdleThreads  bool
	StandardErr  bool // what threads write there is kept for the report of an abort
	NativeStack  bool
	Fork         bool // a copy of the process may be made after a panic
	Chain        bool
	HostFirst    HostFirst
	Takeover     bool
	JSON         bool          // WithFormat
	MaxReports   int           // 0: no limit
	ThreadSignal int           // 0: one that is free
	Snapshot     time.Duration // 0: none
	BlackBox     string        // absolute; "": none
	Poll         time.Duration // 0: none
	SymbolBudget int           // bytes
	DebugDirs    []string      // absolute
	SymbolCache  string        // absolute; "": none
	CgoTraceback bool          // C frames in Go's own tracebacks and profiles
	CgoContext   bool          // in callbacks too
	OnCrash      func(ctx context.Context, report []byte)
	// OnCrashResume has the process go on for OnCrash after a panic; else that runs in a
	// copy, with a context of type Copy.
	OnCrashResume bool
	// TerminationSet says that the call has said what Termination is; else the environment
	// does.
	TerminationSet bool
	Interrupt      bool
	Repeat         bool
	Exit           bool
}

// HostFirst says which C handlers are asked before a report. The core has the same
// numbers (enum epi_host_first).
type HostFirst int

const (
	HostFirstKnown  HostFirst = iota // those that resolve faults
	HostFirstAlways                  // all
	HostFirstNever                   // none
)

// Default is the configuration of a call without options.
func Default(call Call) *Config {
	return &Config{Call: call, Output: os.Stderr, Deadline: DefaultDeadline, NativeStack: true, StandardErr: true, Fork: true, AllThreads: true,
		Snapshot: DefaultSnapshotPeriod, Poll: DefaultPoll, SymbolBudget: DefaultSymbolBudget, CgoTraceback: true}
}
