//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include <errno.h>
// #include <stdlib.h>
// #include "install/epitaph.h"
// #include "report/taken.h"
// #include "signals/actions.h"
import "C"

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Config is struct epi_config; the core copies it.
type Config struct {
	Deadline    time.Duration // from the fault to the end of the process
	MaxFrames   int           // per stack; 0: as many as the core can keep
	MaxThreads  int           // stacks of other threads; 0: no limit
	AllThreads  bool          // show the other threads too
	IdleThreads bool          // and of these the ones that wait for work
	StandardErr bool          // keep what threads write there, for the report of an abort
	Signal      int           // that asks the other threads; 0: one that is free
	NativeStack bool          // show C frames too
	Chain       bool          // end in Go's handler
	HostFirst   int           // enum epi_host_first
	PanicCopy   bool          // ask a copy of the process about a panic
	JSON        bool          // one line of JSON, but in a file of Directory
	Takeover    bool          // take back signals that a library has taken away
	Quiet       bool          // crashes are not reported
	Output      uintptr       // descriptor; the core keeps a duplicate
	Started     time.Time     // when the process began
	Program     string
	Executable  string
	Directory   string // for a report file; empty: none
	Termination string // Kubernetes' termination log; empty: none
	Build       string
	Note        string   // what reports are to say besides; empty: nothing
	Box         *os.File // becomes the black box; nil: all stays as it is
}

// MaxFrames is the most frames of a stack that the core keeps.
const MaxFrames = C.EPI_STACK_FRAMES

// The errors of Enable that mean more than that a system call failed.
const (
	ErrOtherCopy   = syscall.EBUSY
	ErrNoSignal    = syscall.EUSERS
	ErrCrashing    = syscall.EAGAIN
	ErrDumping     = syscall.ETIMEDOUT
	ErrSignalInUse = syscall.EADDRINUSE
)

// loadRuntime fills in what the core knows of Go, once: none of it changes.
var loadRuntime = sync.OnceValues(func() (*C.struct_epi_goruntime, error) {
	rt := new(C.struct_epi_goruntime)
	err := GoRuntime(unsafe.Pointer(rt))
	return rt, err
})

// Enable installs the core's handlers, or replaces the configuration. Calls of
// the functions in this file must come one at a time.
func Enable(config *Config) error {
	rt, namesErr := loadRuntime()
	note := config.Note
	if namesErr != nil {
		note = strings.TrimPrefix(note+"; Go names are off: "+namesErr.Error(), "; ")
	}
	var c C.struct_epi_config
	c.deadline = C.uint64_t(config.Deadline)
	c.max_frames = C.uint32_t(config.MaxFrames)
	c.max_threads = C.uint32_t(config.MaxThreads)
	c.all_threads = C.bool(config.AllThreads)
	c.idle_threads = C.bool(config.IdleThreads)
	c.standard_error = C.bool(config.StandardErr)
	c.thread_signal = C.int(config.Signal)
	c.native_stack = C.bool(config.NativeStack)
	c.chain = C.bool(config.Chain)
	c.host_first = C.enum_epi_host_first(config.HostFirst)
	c.panic_copy = C.bool(config.PanicCopy)
	c.takeover = C.bool(config.Takeover)
	c.json = C.bool(config.JSON)
	c.quiet = C.bool(config.Quiet)
	c.output = C.int(config.Output)
	c.box = -1
	boxPath := ""
	if config.Box != nil {
		c.box, boxPath = C.int(config.Box.Fd()), config.Box.Name()
	}
	c.started = C.uint64_t(config.Started.UnixNano())
	for _, s := range []struct {
		to   **C.char
		from string
	}{
		{&c.program, config.Program},
		{&c.executable, config.Executable},
		{&c.build, config.Build},
		{&c.note, note},
		{&c.box_path, boxPath},
	} {
		*s.to = C.CString(s.from)
		defer C.free(unsafe.Pointer(*s.to))
	}
	if config.Directory != "" {
		c.directory = C.CString(config.Directory)
		defer C.free(unsafe.Pointer(c.directory))
	}
	if config.Termination != "" {
		c.termination = C.CString(config.Termination)
		defer C.free(unsafe.Pointer(c.termination))
	}
	if errno := C.epi_enable(&c, rt); errno != 0 {
		return fmt.Errorf("cgo: enabling the core: %w", syscall.Errno(errno))
	}
	return nil
}

// Disable restores what was there before Enable; false when it was not enabled.
func Disable() bool { return bool(C.epi_disable()) }

// TerminationError tells why the core, which is enabled, could not open the termination log;
// nil when it could, or has none.
func TerminationError() error {
	if errno := C.epi_termination_error(); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

// Enabled tells whether the core is enabled, and reports crashes.
func Enabled() bool { return C.epi_enabled() == C.EPI_ON }

// On tells whether the core is enabled, if only for dumps.
func On() bool { return C.epi_enabled() != C.EPI_OFF }

// Taken tells which fatal signals are not the core's any more, and who has them.
func Taken() map[syscall.Signal]string {
	var by [256]C.char
	found := make(map[syscall.Signal]string)
	for i := range C.int(C.EPI_FATAL_COUNT) {
		if signal := C.epi_taken_signal(i, &by[0], C.size_t(len(by))); signal != 0 {
			found[syscall.Signal(signal)] = C.GoString(&by[0])
		}
	}
	return found
}

// UpdateModules follows dlopen and dlclose, and releases the symbols of modules
// that are gone. It may wait for the loader's lock, and for a dump's end. The number is
// another one when the table is.
func UpdateModules() (table uint32) { return uint32(C.epi_update_modules()) }

// A Module is an entry of the core's module table.
type Module struct {
	Bias       uintptr // what the loader added to the file's addresses
	Path       string
	BuildID    []byte
	GoText     [2]uintptr // the Go text in it, as addresses of the file; or zero
	Named      bool       // the core has the names of its functions
	Indexed    bool       // and all else that there is of it
	Symbols    int        // the size of what it has of that
	HasFrames  bool       // the core has what .debug_frame says
	HasEHFrame bool       // the core finds its call frame information
}

// Modules returns the core's module table.
func Modules() []Module {
	rt, _ := loadRuntime()
	var modules []Module
	for i := C.uint32_t(0); ; i++ {
		m := C.epi_module_at(i)
		if m == nil {
			return modules
		}
		module := Module{
			Bias:       uintptr(m.bias),
			Path:       C.GoString(&m.path[0]),
			BuildID:    C.GoBytes(unsafe.Pointer(&m.build_id[0]), C.int(m.build_id_size)),
			Named:      m.index != nil,
			Indexed:    m.index != nil && !bool(m.index.names_only),
			HasFrames:  m.frames != nil,
			HasEHFrame: m.eh_frame_hdr != 0 || m.eh_frame.end != 0,
		}
		if m.index != nil {
			module.Symbols = int(m.index.size)
		}
		if m.extent.start <= rt.text.start && rt.text.end <= m.extent.end {
			module.GoText = [2]uintptr{uintptr(rt.text.start - m.bias), uintptr(rt.text.end - m.bias)}
		}
		modules = append(modules, module)
	}
}

// InstallSymbols hands the core a module's block of symbols (internal/symindex): pages
// of their own, outside of Go's heap, which belong to the core from now on, whatever
// is returned. Dropped is what the budget had no room for, an enum epi_dropped.
func InstallSymbols(module *Module, block []byte, dropped int) error {
	path := C.CString(module.Path)
	defer C.free(unsafe.Pointer(path))
	if errno := C.epi_install_symbols(C.uintptr_t(module.Bias), path, unsafe.Pointer(unsafe.SliceData(block)), C.size_t(len(block)), uint32(dropped)); errno != 0 {
		return fmt.Errorf("cgo: installing the symbols of %s: %w", module.Path, syscall.Errno(errno))
	}
	return nil
}

// InstallFrames hands the core what a module's .debug_frame says (symindex.Frames): pages of
// their own, outside of Go's heap, which belong to the core from now on, whatever is returned.
func InstallFrames(module *Module, frames []byte) error {
	path := C.CString(module.Path)
	defer C.free(unsafe.Pointer(path))
	if errno := C.epi_install_frames(C.uintptr_t(module.Bias), path, unsafe.Pointer(unsafe.SliceData(frames)), C.size_t(len(frames))); errno != 0 {
		return fmt.Errorf("cgo: installing the frames of %s: %w", module.Path, syscall.Errno(errno))
	}
	return nil
}

// DropSymbols says that there is no room for more symbols of a module than it has.
func DropSymbols(module *Module) {
	path := C.CString(module.Path)
	defer C.free(unsafe.Pointer(path))
	C.epi_drop_symbols(C.uintptr_t(module.Bias), path)
}

// SymbolsNote is what reports shall say of the program's symbols.
func SymbolsNote(text string) {
	note := C.CString(text)
	defer C.free(unsafe.Pointer(note))
	C.epi_symbols_note(note)
}

// SymbolsSize is how many bytes of symbol indexes the core has.
func SymbolsSize() int { return int(C.epi_symbols_size()) }

// SymbolsPending tells whether indexes are being built that a crash should
// wait for a moment.
func SymbolsPending(pending bool) { C.epi_symbols_pending(C.bool(pending)) }

// InstallEHFrame tells the core where the .eh_frame section of a module is that
// has no PT_GNU_EH_FRAME; start and end are addresses of the file.
func InstallEHFrame(module *Module, start, end uintptr) error {
	path := C.CString(module.Path)
	defer C.free(unsafe.Pointer(path))
	section := C.struct_epi_range{
		start: C.uintptr_t(module.Bias + start),
		end:   C.uintptr_t(module.Bias + end),
	}
	if errno := C.epi_install_eh_frame(C.uintptr_t(module.Bias), path, section); errno != 0 {
		return fmt.Errorf("cgo: the .eh_frame of %s: %w", module.Path, syscall.Errno(errno))
	}
	return nil
}
