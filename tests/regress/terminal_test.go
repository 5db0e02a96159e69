//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// terminal is a pseudo-terminal that takes what it is given as it is.
func terminal(t *testing.T) (reader, terminal *os.File) {
	t.Helper()
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	reader = os.NewFile(uintptr(m), "ptmx")
	t.Cleanup(func() { reader.Close() })
	if err := unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(m, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	s, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	terminal = os.NewFile(uintptr(s), "pts")
	t.Cleanup(func() { terminal.Close() })
	mode, err := unix.IoctlGetTermios(s, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	mode.Oflag &^= unix.OPOST
	mode.Lflag &^= unix.ECHO | unix.ICANON
	if err := unix.IoctlSetTermios(s, unix.TCSETS, mode); err != nil {
		t.Fatal(err)
	}
	return reader, terminal
}

// A terminal that is not read says that it can be written to as long as it
// takes anything; a write of more than that blocks in the middle.
func TestTerminalThatStops(t *testing.T) {
	t.Parallel()
	reader, tty := terminal(t)
	fill(t, int(tty.Fd()))
	fds := []unix.PollFd{{Fd: int32(tty.Fd()), Events: unix.POLLOUT}}
	for n := 0; n == 0; {
		if _, err := reader.Read(make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
		var err error
		if n, err = unix.Poll(fds, 20); err != nil { // ms: the kernel needs a moment
			t.Fatal(err)
		}
	}
	o := program.Run(t, "deep fd=3 deadline=1500ms", victim.Inherit(tty))
	// Where a stage was cut short Go's dump follows, with its own exit status;
	// the helper, which ends by force who is not in time, has another.
	if !o.Status.Exited() || o.Status.ExitStatus() != 2 {
		o.DiedOf(t, syscall.SIGSEGV)
	}
	if o.Elapsed < time.Second || o.Elapsed > 3*time.Second {
		t.Errorf("took %v; the deadline is 1.5 s, and the terminal was to take longer", o.Elapsed)
	}
}
