package pure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/gort/vars"
)

// A copy of Go's last words, on an unrecovered panic or a fatal error,
// is all that pure Go can have of them: no code of the program's runs then.
// The runtime writes it to a descriptor that it is given beforehand
// (debug.SetCrashOutput). So a file of WithDir has to be there beforehand too,
// where the core makes it at the crash; it is removed when nothing was written.
type copying struct {
	// fd is the runtime's own duplicate; NoCrashFD in a release of Go that does
	// not tell.
	fd   uintptr
	path string      // of the file that was made for it; "" for WithOutput
	made os.FileInfo // that file
}

// textCopy is the one in force, or nil. Changed with mu held.
var textCopy atomic.Pointer[copying]

// copyText has the runtime write a copy to the place that c names, in place of
// the one before. It is false where standard error is that place, which has the
// text without help, and where the program has its own copy. On an error all
// stays as it was.
func copyText(c *config.Config) (bool, error) {
	if c.Dir == "" && isStderr(c.Output) || programCopies() {
		stopCopy()
		return false, nil
	}
	f, next := c.Output, &copying{}
	if c.Dir != "" {
		var err error
		if f, err = makeFile(c.Dir); err != nil {
			return false, fmt.Errorf("epitaph: WithDir: %w", err)
		}
		defer f.Close() // the runtime has a duplicate
		next.path = f.Name()
		if next.made, err = f.Stat(); err != nil {
			return false, fmt.Errorf("epitaph: WithDir: %w", err)
		}
	}
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		next.removeEmpty()
		return false, fmt.Errorf("epitaph: %w", err)
	}
	next.fd = crashFD()
	before := textCopy.Swap(next)
	if before != nil && (before.fd == vars.NoCrashFD || next.fd != vars.NoCrashFD) {
		before.removeEmpty()
	} // or another goroutine is panicking, and the runtime writes there
	return true, nil
}

// stopCopy ends the copy, and tells whether there was one. A program that has
// called debug.SetCrashOutput since then keeps its own.
func stopCopy() bool {
	was := textCopy.Swap(nil)
	if was == nil {
		return false
	}
	if was.fd == vars.NoCrashFD {
		debug.SetCrashOutput(nil, debug.CrashOptions{})
	} else {
		switch now := vars.SetCrashFD(vars.NoCrashFD); now {
		case was.fd:
			os.NewFile(now, "").Close() // as package debug does
		case vars.NoCrashFD:
			return true // another goroutine is panicking, and the runtime writes there
		default:
			vars.SetCrashFD(now)
		}
	}
	was.removeEmpty()
	return true
}

// programCopies tells whether the runtime writes to a descriptor that is not
// ours.
func programCopies() bool {
	fd, ours := crashFD(), textCopy.Load()
	return fd != vars.NoCrashFD && (ours == nil || ours.fd != fd)
}

// crashFD is the descriptor that the runtime writes to, which can be asked for
// only by taking it away.
func crashFD() uintptr {
	fd := vars.SetCrashFD(vars.NoCrashFD)
	if fd != vars.NoCrashFD {
		vars.SetCrashFD(fd)
	}
	return fd
}

// makeFile makes the file of a report, by a name that is free: O_EXCL follows
// no symbolic link.
func makeFile(dir string) (*os.File, error) {
	for tries := 10; ; tries-- {
		// The name is that of native/report.c, name_file.
		at := strings.ReplaceAll(time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), ":", "")
		name := fmt.Sprintf("%s-%d-%s.crash", config.Program(), os.Getpid(), at)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil || tries == 0 || !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// removeEmpty removes the file that was made, if nothing was written to it and it
// still has its name.
func (c *copying) removeEmpty() {
	if c.path == "" {
		return
	}
	if now, err := os.Lstat(c.path); err == nil && now.Size() == 0 && os.SameFile(now, c.made) {
		os.Remove(c.path)
	}
}

// isStderr tells whether what is written to f comes where standard error goes.
func isStderr(f *os.File) bool {
	if f == os.Stderr {
		return true
	}
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stderr.Stat()
	return err == nil && os.SameFile(a, b)
}
