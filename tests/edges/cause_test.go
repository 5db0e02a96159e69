//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// cause fails unless the report's Signal line ends in a text, addresses of this run
// aside.
func cause(t *testing.T, stderr, want string) {
	t.Helper()
	for line := range strings.Lines(stderr) {
		if rest, ok := strings.CutPrefix(line, "Signal: "); ok {
			if _, text, _ := strings.Cut(rest, "): "); !strings.HasPrefix(text, want) {
				t.Errorf("the cause is %q, want %q", text, want)
			}
			return
		}
	}
	t.Errorf("no Signal line in:\n%s", stderr)
}

// An instructionCause is a kind of crash, what the report says of it and has elsewhere.
type instructionCause struct {
	kind, want, also string
	signal           syscall.Signal
}

// What the kernel reports by one code and without an address is told apart by the
// instruction, or called unknown.
func TestCause(t *testing.T) {
	for _, test := range append(causes, []instructionCause{
		{"coroutine", "stack overflow: write to 0x", " bytes below a stack that is not the thread's own, as a coroutine's\n", syscall.SIGSEGV},
		{"overflow", "stack overflow: write to 0x", " bytes below the thread's stack of ", syscall.SIGSEGV},
	}...) {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(test.kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "crash kind="+test.kind+" place="+place)
				o.DiedOf(t, test.signal)
				victim.Complete(t, o.Stderr)
				cause(t, o.Stderr, test.want)
				if !strings.Contains(o.Stderr, test.also) {
					t.Errorf("want %q in:\n%s", test.also, o.Stderr)
				}
			})
		}
	}
}

// A page of a mapped file without memory: the file system is full, or the file ends
// before it.
func TestCauseOfBusError(t *testing.T) {
	for name, want := range map[string]string{
		"full": ", in a mapped file whose file system is full (",
		"end":  ", past the end of a mapped file (",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			changes := []victim.Change{victim.Args("at=" + dir)}
			if name == "full" {
				if err := exec.Command("unshare", "-m", "true").Run(); err != nil {
					t.Skip("no file system can be mounted here: unshare -m:", err)
				}
				changes = []victim.Change{victim.Args("at="+dir, "full=1"), victim.Under("unshare", "-m")}
			}
			o := run(t, "fill", changes...)
			if o.IsExit(4) {
				t.Skip("no file system can be mounted here: " + o.Stderr)
			}
			o.DiedOf(t, syscall.SIGBUS)
			victim.Complete(t, o.Stderr)
			cause(t, o.Stderr, "write to 0x")
			if !strings.Contains(o.Stderr, want+dir) {
				t.Errorf("want %q in:\n%s", want+dir, o.Stderr)
			}
		})
	}
}

// TestAbortForWantOfAThread: what Go's runtime says on standard error, and then aborts.
func TestAbortForWantOfAThread(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, "no_thread dir="+dir)
	o.DiedOf(t, syscall.SIGABRT)
	_, text := onlyFile(t, dir)
	r := victim.Complete(t, text)
	want := "pthread_create failed just before: error 11 (EAGAIN: no more threads are allowed, or no memory is left for one)"
	if len(r.Messages) != 1 || r.Messages[0] != want {
		t.Errorf("the messages are %q, want %q", r.Messages, want)
	}
}
