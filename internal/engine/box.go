//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// The errors of a file that cannot become a black box.
var (
	errInUse      = errors.New("in use by another process")
	errNotABox    = errors.New("a file that is not a black box, and is not overwritten")
	errNotRegular = errors.New("not a regular file")
	errNotOurs    = errors.New("belongs to another user, or has another name too")
)

// A boxError is that of a file that cannot become a black box.
type boxError struct{ error }

func (e boxError) Unwrap() error { return e.error }

// boxPath is that of the box in use, or empty. Changed by Enable and Disable
// only, while no snapshots are taken.
var boxPath string

// withBox calls do with the file that is to become the black box, and makes path
// that of the box in use if do does not fail. There is no file when path is
// empty, which means no box, or when its box is in use already and works.
func withBox(path string, do func(*os.File) error) error {
	if path == "" {
		err := do(nil)
		if err == nil {
			closeBox()
		}
		return err
	}
	if path == boxPath {
		if cgo.BoxWorks() {
			return do(nil)
		}
		closeBox() // it is lost, and holds the lock
	}
	f, err := makeBox(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := do(f); err != nil {
		os.Remove(path) // or it would look like a program that vanished
		return err
	}
	boxPath = path
	return nil
}

func closeBox() {
	if cgo.DetachBox() {
		boxPath = ""
	}
}

// makeBox opens the file at path, takes its lock, gets all of its disk space and
// writes what does not change. The lock is released when the last duplicate of
// the descriptor is closed, at the latest by the kernel.
func makeBox(path string) (*os.File, error) {
	fail := func(f *os.File, err error) (*os.File, error) {
		if f != nil {
			f.Close()
		}
		return nil, boxError{fmt.Errorf("epitaph: the black box %s: %w", path, err)}
	}
	f, err := openLocked(path)
	if err != nil {
		return fail(f, err)
	}
	if err := f.Chmod(0o600); err != nil {
		return fail(f, err)
	}
	// Zero bytes all over: what another run left is gone.
	if err := f.Truncate(0); err != nil {
		return fail(f, err)
	}
	if err := allocate(f, boxformat.FileSize); err != nil {
		// A file without a header would not be taken for a box the next time.
		os.Remove(path)
		return fail(f, err)
	}
	header := boxHeader()
	if _, err := f.WriteAt(header.Encode(), 0); err != nil {
		return fail(f, err)
	}
	return f, nil
}

// openLocked opens or makes the file. Between the two steps another process may have
// removed it, and created another one: then the lock is on a file without a name.
func openLocked(path string) (*os.File, error) {
	for range 10 {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
		if err != nil {
			if errors.Is(err, unix.ELOOP) {
				err = errors.New("a symbolic link")
			}
			return nil, err
		}
		var there, locked unix.Stat_t
		fd := int(f.Fd())
		if err := unix.Fstat(fd, &locked); err != nil {
			return f, err
		}
		if locked.Mode&unix.S_IFMT != unix.S_IFREG {
			return f, errNotRegular
		}
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err == unix.EWOULDBLOCK {
			return f, errInUse
		} else if err != nil {
			return f, err
		}
		// For those who ask whether this process still runs (package blackbox):
		// a flock can only be tried, and who tries it gets in the way of others.
		// Without it they look for the process.
		_ = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		if unix.Lstat(path, &there) != nil || there.Dev != locked.Dev || there.Ino != locked.Ino {
			f.Close()
			continue
		}
		if locked.Uid != uint32(os.Geteuid()) || locked.Nlink != 1 {
			return f, errNotOurs
		}
		magic := make([]byte, len(boxformat.Magic))
		if n, _ := f.ReadAt(magic, 0); n > 0 && string(magic) != boxformat.Magic {
			return f, errNotABox
		}
		return f, nil
	}
	return nil, fs.ErrNotExist
}

// allocate gets the disk's blocks now, so that a full disk is known now. Where
// the file system cannot do that, zeros are written.
func allocate(f *os.File, size int64) error {
	for {
		switch err := unix.Fallocate(int(f.Fd()), 0, 0, size); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EOPNOTSUPP, unix.ENOSYS:
			zeros := make([]byte, 64<<10)
			for at := int64(0); at < size; at += int64(len(zeros)) {
				if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
					return err
				}
			}
			return nil
		default:
			return fmt.Errorf("getting %d bytes of disk space: %w", size, err)
		}
	}
}

func boxHeader() boxformat.Header {
	return boxformat.Header{
		PID:        uint32(os.Getpid()),
		StartTicks: startTicks(),
		Started:    uint64(processStart().UnixNano()),
		Opened:     uint64(time.Now().UnixNano()),
		OpenedMono: monotonic(),
		BootID:     bootID(),
		Program:    config.Program(),
		Executable: config.Executable(),
		Build:      buildLine(),
	}
}

// bootID tells this run of the machine from others; empty where /proc does not
// tell.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
