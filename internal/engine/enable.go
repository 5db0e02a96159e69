//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/symindex"
)

// What lives as long as the core is on.
var (
	background *indexer
	waiting    *responder
)

// Enable turns the core on, to report crashes, or changes its options.
func (Engine) Enable(c *config.Config) error {
	if resumed() {
		return errCrashing
	}
	mu.Lock()
	defer mu.Unlock()
	stopSnapshots()
	start := func(box *os.File) error { return startCore(c, box, false) }
	err := withBox(c.BlackBox, start)
	started := err == nil
	if errors.As(err, new(boxError)) && !cgo.Enabled() { // reports go without it
		started = start(nil) == nil
	}
	if started {
		snapshotPeriod = c.Snapshot
		err = errors.Join(err, terminationError(c))
	}
	if cgo.Enabled() {
		writeWatch()
		takeCrashOutput()
		learnPanics()
		if c.OnCrashResume {
			prepareResume()
		}
		startSnapshots()
	} else {
		leaveCrashOutput()
	}
	return err
}

// startCore turns the core on, or changes its options, and makes a file the black
// box unless it is nil. A quiet one reports no crashes: it is for dumps in a
// program that has not called Enable. On an error all stays as it was.
func startCore(c *config.Config, box *os.File, quiet bool) error {
	live, err := cgo.NewLive() // first: behind enableCore nothing fails
	if err != nil {
		return fmt.Errorf("epitaph: %w", err)
	}
	if err := enableCore(c, box, quiet); err != nil {
		return err
	}
	if !quiet {
		cgo.SetTraceback(c.CgoTraceback, c.CgoContext, behindInits())
	}
	symbols := &symbolSettings{c.SymbolBudget, c.DebugDirs, c.SymbolCache}
	if background == nil {
		background = startIndexer(symbols)
	} else if !quiet {
		background.settings.Store(symbols)
	}
	respond(live, c.Poll)
	waiting.setLastAct(c)
	return nil
}

// startQuietly turns the core on for dumps, or leaves it at that.
func startQuietly() error {
	return startCore(config.Default(config.CallEnable), nil, true)
}

func enableCore(c *config.Config, box *os.File, quiet bool) error {
	native := cgo.Config{
		Deadline:    c.Deadline,
		MaxFrames:   c.MaxFrames,
		MaxThreads:  c.MaxThreads,
		AllThreads:  c.AllThreads,
		IdleThreads: c.IdleThreads,
		StandardErr: c.StandardErr,
		Signal:      c.ThreadSignal,
		NativeStack: c.NativeStack,
		PanicCopy:   c.Fork,
		Chain:       c.Chain,
		HostFirst:   int(c.HostFirst),
		Takeover:    c.Takeover,
		JSON:        c.JSON,
		Quiet:       quiet,
		Started:     processStart(),
		Executable:  config.Executable(),
		Directory:   c.Dir,
		Build:       buildLine(),
		Box:         box,
	}
	native.Program = config.Program()
	learnHost()
	learnSelf()
	if !quiet {
		native.Termination = terminationOf(c)
		native.Directory, native.Note = limitReports(c, native.Program)
	}
	start := func(fd uintptr) error {
		native.Output = fd
		return cgo.Enable(&native)
	}
	var err error
	if quiet { // writes nothing there, and standard error may be closed
		err = start(0)
	} else {
		err = withDescriptor(c, start)
	}
	switch {
	case errors.Is(err, cgo.ErrOtherCopy):
		return errors.New("epitaph: another copy of Epitaph is enabled in this process")
	case errors.Is(err, cgo.ErrNoSignal):
		return errors.New("epitaph: the program handles all real-time signals; the deadline needs one")
	case errors.Is(err, cgo.ErrSignalInUse) && c.ThreadSignal != 0:
		return fmt.Errorf("epitaph: WithThreadSignal: something other than Go handles signal %d", c.ThreadSignal)
	case errors.Is(err, cgo.ErrSignalInUse):
		return errors.New("epitaph: no real-time signal is free to ask the threads with")
	case errors.Is(err, cgo.ErrDumping):
		return errors.New("epitaph: a dump is under way, and does not finish")
	case errors.Is(err, cgo.ErrCrashing):
		return errCrashing
	case err != nil:
		return fmt.Errorf("epitaph: %w", err)
	}
	return nil
}

// respond starts the responder, or starts it again for another period. Without
// it there are reports, which lack the goroutines.
func respond(live cgo.Live, poll time.Duration) {
	if waiting != nil && waiting.period == poll {
		return
	}
	stopResponder()
	waiting = startResponder(live, poll)
}

func stopResponder() {
	if waiting != nil {
		waiting.stop()
		waiting = nil
	}
}

// Disable turns the core off, unless a panic is on its way on the calling goroutine: one
// that main has deferred would leave that without a report.
func (Engine) Disable() bool {
	if resumed() {
		return cgo.Enabled()
	}
	mu.Lock()
	defer mu.Unlock()
	if panicking() {
		return cgo.Enabled()
	}
	return disable()
}

func disable() bool {
	was := cgo.Enabled()
	if len(registered) > 0 || cgo.TimersArmed() {
		if was && startQuietly() == nil {
			cgo.StopTraceback()
			stopSnapshots()
			leaveCrashOutput()
			closeBox()
		}
		return was
	}
	cgo.Disable()
	if cgo.On() {
		// A crash is being reported, and goes on: it needs the rest.
		return was
	}
	cgo.StopTraceback()
	stopSnapshots()
	leaveCrashOutput()
	closeBox()
	stopResponder()
	if background != nil {
		background.stop()
		background = nil
	}
	return was
}

// Enabled tells whether crashes are reported.
func (Engine) Enabled() bool { return cgo.Enabled() }

// Taken tells which signals are not Epitaph's any more, and who has them.
func (Engine) Taken() map[syscall.Signal]string {
	if !cgo.Enabled() {
		return nil
	}
	return cgo.Taken()
}

// Ready is closed when the indexer has been through all modules.
func (Engine) Ready() <-chan struct{} {
	if resumed() {
		return closed
	}
	mu.RLock()
	defer mu.RUnlock()
	if background == nil {
		return closed
	}
	return background.settled()
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// CheckOutput looks at how the file was opened: a crash is too late to find out
// that it cannot be written to.
func (Engine) CheckOutput(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var flags int
	var flagsErr error
	if err := conn.Control(func(fd uintptr) {
		flags, flagsErr = unix.FcntlInt(fd, unix.F_GETFL, 0)
	}); err != nil {
		return err
	}
	if flagsErr == nil && (flags&unix.O_ACCMODE == unix.O_RDONLY || flags&unix.O_PATH != 0) {
		flagsErr = errors.New("not open for writing")
	}
	if flagsErr != nil {
		return &os.PathError{Op: "write to", Path: f.Name(), Err: flagsErr}
	}
	return nil
}

// CheckCache looks whether the directory is the user's own.
func (Engine) CheckCache(path string) error { return symindex.CheckCache(path) }

// CheckDir looks whether a file could be made there.
func (Engine) CheckDir(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &os.PathError{Op: "open", Path: path, Err: unix.ENOTDIR}
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return &os.PathError{Op: "write to", Path: path, Err: err}
	}
	return nil
}
