package blackbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// Whose process is not to be found runs as long as it holds its box.
func TestHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box")
	if err := os.WriteFile(path, box(boxformat.Status{State: boxformat.StateRunning}), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	running := func() bool {
		run, err := blackbox.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return run.End.Kind == blackbox.Running
	}
	if running() {
		t.Error("it runs, though nobody holds the box")
	}
	if err := unix.FcntlFlock(writer.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		t.Skip("no such locks here:", err)
	}
	for range 2 { // the first look changes nothing
		if !running() {
			t.Error("it does not run")
		}
	}
	writer.Close()
	if running() {
		t.Error("it runs, though nobody holds the box any more")
	}
}
