package blackbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/procstat"
)

// Without a mark, and of this run of the machine: whether the process is there tells.
func TestEndHere(t *testing.T) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip(err)
	}
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Skip(err)
	}
	here := strings.TrimSpace(string(id))
	began := procstat.StartTicks(stat)
	for _, test := range []struct {
		name   string
		header boxformat.Header
		want   blackbox.EndKind
	}{
		{"a process that is there", boxformat.Header{BootID: here, PID: uint32(os.Getpid()), StartTicks: began}, blackbox.Running},
		{"one that had the number before", boxformat.Header{BootID: here, PID: uint32(os.Getpid()), StartTicks: began - 1}, blackbox.Vanished},
		{"one that is not there", boxformat.Header{BootID: here, PID: 1 << 30}, blackbox.Vanished}, // above PID_MAX_LIMIT
		{"one of another run", boxformat.Header{BootID: "another", PID: uint32(os.Getpid()), StartTicks: began}, blackbox.Unknown},
		{"one of who knows where", boxformat.Header{PID: uint32(os.Getpid()), StartTicks: began}, blackbox.Unknown},
	} {
		b := box(boxformat.Status{State: boxformat.StateRunning})
		copy(b, test.header.Encode())
		if end := parse(t, b).End; end.Kind != test.want || end.Detail == "" || (end.Kind == blackbox.Vanished && !strings.HasPrefix(end.Detail, "without a trace: killed by SIGKILL, ")) {
			t.Errorf("%s: %+v, want %v", test.name, end, test.want)
		}
	}
}

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
		t.Error("it runs, though no process holds the box")
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
		t.Error("it runs, though the box is free again")
	}
}
