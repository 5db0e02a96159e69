//go:build linux && (amd64 || arm64) && !go1.28

package revive

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/exits"
	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// Frozen is where the runtime keeps what it holds all goroutines up with, for good,
// when one has died of a panic. All fields are addresses.
type Frozen struct {
	// What runtime.freezetheworld sets: Freezing and GCWaiting, a byte each, to 1, and
	// StopWait, an int32, to 0x7fffffff, less one for each P that has stopped since
	// (runtime/proc.go).
	Freezing, GCWaiting, StopWait uintptr

	// StopNote, a uint32, is set to 1, and those that wait for it (futex) are woken,
	// when StopWait has come down to 0. It does under SchedLock, a runtime.mutex. Ps is
	// a []*p; the second word of a runtime.p, a uint32, is 3 where it has stopped, and
	// PM is where in it its thread is, a *m.
	StopNote, SchedLock, Ps, PM uintptr

	systemStack, handoff uintptr // the code of runtime.systemstack and runtime.handoffp

	// Panicking, a uint32, counts the threads that die; while there is one no
	// collection begins. PanicLock, a runtime.mutex, is what a thread takes before it
	// says what it dies of (runtime/panic.go, startpanic_m). 0 is unlocked, 1 is locked
	// and no thread waits.
	Panicking, PanicLock uintptr

	// ExitLocked, an int32, is 1 while os.Exit runs its hooks; whoever exits meanwhile
	// calls the func() at ExitWait, which is runtime.Gosched, and looks again
	// (internal/runtime/exithook).
	ExitLocked, ExitWait uintptr
}

// Valid tells whether it was found.
func (f Frozen) Valid() bool { return f != Frozen{} }

// ExitLock is the variable at ExitLocked.
func (f Frozen) ExitLock() *int32 { return *(**int32)(unsafe.Pointer(&f.ExitLocked)) }

// gopanic is here for its code only. The runtime keeps it open to linkname
// (runtime/panic.go).
//
//go:linkname gopanic runtime.gopanic
func gopanic()

// FindFrozen reads them off the runtime's code, and sees that the world is not
// frozen there. Code that is not what it is taken for is an error, even where what
// looked like an address is none.
func FindFrozen() (f Frozen, err error) {
	defer func() {
		if err != nil {
			f = Frozen{}
		}
	}()
	found := make(chan struct{})
	go func() {
		defer close(found)
		defer func() {
			if fault := recover(); fault != nil {
				err = fmt.Errorf("gort/revive: unknown code in the runtime: %v", fault)
			}
		}()
		debug.SetPanicOnFault(true) // of this goroutine
		f, err = findFrozen()
	}()
	<-found
	return f, err
}

func findFrozen() (f Frozen, err error) {
	if err = f.findPanic(); err != nil {
		return f, err
	}
	if err = f.findExit(); err != nil {
		return f, err
	}
	if err = f.findStop(); err != nil {
		return f, err
	}
	if !f.areVariables() {
		return f, errors.New("gort/revive: unknown code in the runtime: what it refers to are no variables")
	}
	for range 1000 { // another thread may be stopping the world, or printing
		if f.thawed() {
			return f, nil
		}
		runtime.Gosched()
	}
	return f, errors.New("gort/revive: a world that goes on looks frozen: unknown code in runtime.freezetheworld")
}

// areVariables tells whether all addresses are of what can be written to, and aligned.
func (f *Frozen) areVariables() bool {
	for _, v := range []struct{ at, size uintptr }{
		{f.Freezing, 1}, {f.GCWaiting, 1}, {f.StopWait, 4}, {f.StopNote, 4}, {f.SchedLock, 8}, {f.Ps, 24},
		{f.Panicking, 4}, {f.PanicLock, 8}, {f.ExitLocked, 4}, {f.ExitWait, 8},
	} {
		if !scan.IsVariable(v.at, v.size) || v.at%min(v.size, 8) != 0 {
			return false
		}
	}
	return true
}

// findPanic follows the calls of an unrecovered panic.
func (f *Frozen) findPanic() error {
	die := gopanic
	at, err := scan.Called(scan.Entry(unsafe.Pointer(&die)), "runtime.fatalpanic")
	if err != nil {
		return err
	}
	if f.systemStack, err = scan.Called(at, "runtime.systemstack"); err != nil {
		return err
	}
	if at, err = scan.Closure(at, "runtime.fatalpanic.func1"); err != nil {
		return err
	}
	if at, err = scan.Called(at, "runtime.startpanic_m"); err != nil {
		return err
	}
	start := scan.Body(at)
	if at, err = scan.Called(at, "runtime.freezetheworld"); err != nil {
		return err
	}
	freeze := scan.Body(at)

	panicking, locked := start.AddedAtomically(), start.Passed()
	if len(panicking) != 1 || len(locked) != 1 {
		return errors.New("gort/revive: runtime.panicking not found: unknown code in runtime.startpanic_m")
	}
	f.Panicking, f.PanicLock = panicking[0], locked[0]

	flags, wait := freeze.StoredAtomically(1), freeze.Assigned(math.MaxInt32)
	if len(flags) != 2 || len(wait) != 1 || flags[1]+4 != wait[0] { // neighbours in runtime.schedt
		return errors.New("gort/revive: runtime.freezing not found: unknown code in runtime.freezetheworld")
	}
	f.Freezing, f.GCWaiting, f.StopWait = flags[0], flags[1], wait[0]
	f.handoff, err = scan.Behind(at, "runtime.handoffp")
	return err
}

// findExit follows those of os.Exit.
func (f *Frozen) findExit() error {
	at, err := exits.Run()
	if err != nil {
		return err
	}
	if f.ExitLocked, err = exits.Locked(at); err != nil {
		return err
	}
	for _, variable := range scan.Body(at).Functions() { // there are three
		function := **(***uintptr)(unsafe.Pointer(&variable))
		if function == nil {
			continue
		}
		if name := runtime.FuncForPC(*function); name != nil && name.Name() == "runtime.Gosched" {
			f.ExitWait = variable
		}
	}
	if f.ExitWait == 0 {
		return errors.New("gort/revive: exithook.Gosched not found: unknown code in exithook.Run")
	}
	return nil
}

// findStop follows those of runtime.ReadMemStats, which stops the world.
func (f *Frozen) findStop() error {
	read := runtime.ReadMemStats
	at, err := scan.Called(scan.Entry(unsafe.Pointer(&read)), "runtime.stopTheWorld")
	if err != nil {
		return err
	}
	if at, err = scan.Closure(at, "runtime.stopTheWorld.func1"); err != nil {
		return err
	}
	if at, err = scan.Called(at, "runtime.stopTheWorldWithSema"); err != nil {
		return err
	}
	code := scan.Body(at)
	note := code.PassedWith(100_000) // notetsleep(&sched.stopnote, 100*1000)
	if len(note) != 1 || note[0] != f.StopWait+4 {
		return errors.New("gort/revive: sched.stopnote not found: unknown code in runtime.stopTheWorldWithSema")
	}
	f.StopNote = note[0]
	for _, lock := range code.Passed() {
		if lock < f.StopWait && f.StopWait-lock < 1024 { // in runtime.schedt, too
			f.SchedLock = lock
		}
	}
	loads := code.Loaded()
	for _, ps := range loads {
		if slices.Contains(loads, ps+8) && f.arePs(ps) { // the array and its length
			f.Ps, f.PM = ps, findPM(ps)
		}
	}
	if f.SchedLock == 0 || f.PM == 0 {
		return errors.New("gort/revive: runtime.allp not found: unknown code in runtime.stopTheWorldWithSema")
	}
	return nil
}

// arePs tells whether a slice is runtime.allp: each P has its number, and then its
// state, of which there are five.
func (f *Frozen) arePs(at uintptr) bool {
	ps := **(**[]*[2]uint32)(unsafe.Pointer(&at))
	if len(ps) != runtime.GOMAXPROCS(0) {
		return false
	}
	for i, p := range ps {
		if p == nil || p[0] != uint32(i) || atomic.LoadUint32(&p[1]) > 4 {
			return false
		}
	}
	return true
}

// findPM looks for the one P that has the thread of the caller, and returns where.
func findPM(at uintptr) (offset uintptr) {
	mOffset, _, err := findDying()
	if err != nil {
		return 0
	}
	gort.Pin()
	defer gort.Unpin()
	m := *(*uintptr)(unsafe.Add(gort.G(), mOffset))
	for _, p := range **(**[]*[32]uintptr)(unsafe.Pointer(&at)) {
		for i, word := range p {
			if word == m && offset != 0 {
				return 0
			}
			if word == m {
				offset = uintptr(i) * unsafe.Sizeof(word)
			}
		}
	}
	return offset
}

// RecoverPs gives back the Ps that have stopped for the freeze, once the world goes on:
// the runtime counts on them wherever it asks all Ps for something, as a collection
// does at its end. Each goes where one goes whose thread is in a system call: to
// another thread, if there is anything to run, or to those that are idle; or to who
// stops the world meanwhile, and waits for it. They are marked (native/thaw.c), since
// the others that have stopped then are not to be touched.
func (f Frozen) RecoverPs() {
	const idle, lost = 0, 4 // _Pidle, _Pdead
	gort.Pin()
	defer gort.Unpin()
	for _, p := range **(**[]*[2]uint32)(unsafe.Pointer(&f.Ps)) {
		if atomic.CompareAndSwapUint32(&p[1], lost, idle) {
			handOff(f.systemStack, f.handoff, uintptr(unsafe.Pointer(p)))
		}
	}
}

// handOff calls runtime.handoffp for a P by way of runtime.systemstack; the linker lets
// neither be named.
func handOff(systemstack, handoffp, p uintptr)

// handOffThere is what it runs on the system stack. It is never called from Go; the
// declaration is for vet.
//
//lint:ignore U1000 handOff takes its address in assembly
func handOffThere()

// thawed tells whether the variables are those of a healthy process.
func (f *Frozen) thawed() bool {
	for _, at := range []uintptr{f.Freezing &^ 3, f.GCWaiting, f.StopWait, f.Panicking, f.PanicLock, f.ExitLocked} {
		word := atomic.LoadUint32(*(**uint32)(unsafe.Pointer(&at)))
		if at == f.Freezing&^3 {
			word = word >> (8 * (f.Freezing & 3)) & 0xff
		}
		if word != 0 {
			return false
		}
	}
	return true
}
