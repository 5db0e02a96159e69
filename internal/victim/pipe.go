//go:build linux

package victim

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// OnePage is a pipe that a program finds full once anything is in it: with a capacity of one
// page poll says so, whatever the page has room for. So a report stops behind its first line
// until it is read.
func OnePage(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	return r, w
}

// AwaitText waits until there is something to read from r, at most for limit, and leaves it
// there.
func AwaitText(t testing.TB, r *os.File, limit time.Duration) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(r.Fd()), Events: unix.POLLIN}}
	for end := time.Now().Add(limit); ; {
		n, err := unix.Poll(fds, max(int(time.Until(end).Milliseconds()), 0))
		switch {
		case n > 0:
			return
		case err != unix.EINTR:
			t.Fatalf("nothing to read in %v: %v", limit, err)
		}
	}
}
