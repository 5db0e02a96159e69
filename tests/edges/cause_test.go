//go:build linux && amd64 && cgo

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

// What the kernel reports by one code and without an address is told apart by the
// instruction, or called unknown.
func TestCause(t *testing.T) {
	const sse = ", which is not a multiple of 16, as "
	for _, test := range []struct {
		kind, want, also string
		signal           syscall.Signal
	}{
		{"movaps", "read of 0x", sse + "movaps needs it", syscall.SIGSEGV},
		{"movdqa_store", "write to 0x", sse + "movdqa needs it", syscall.SIGSEGV},
		{"hlt", "hlt, a privileged instruction by which", "musl", syscall.SIGSEGV},
		{"in", "in, an instruction for I/O ports", "", syscall.SIGSEGV},
		{"wrmsr", "wrmsr, a privileged instruction", "", syscall.SIGSEGV},
		{"cli", "cli, a", "", syscall.SIGSEGV},
		{"int", "int 33, a software interrupt", "", syscall.SIGSEGV},
		{"wild_write", "write to 0xdeadbeefdeadbeef, which is not canonical", "", syscall.SIGSEGV},
		{"wild_read", "read of 0x8000000000000010, which is not canonical", "", syscall.SIGSEGV},
		{"wild_call", "execution of 0x4141414141414141, which is not canonical", "", syscall.SIGSEGV},
		{"wild_return", "execution of 0x4242424242424242, which is not canonical", "", syscall.SIGSEGV},
		{"ud1", "the trap of a check that the compiler added: shift by an amount out of bounds, at 0x", "", syscall.SIGILL},
		{"ud2", "ud2, a deliberate trap", "", syscall.SIGILL},
		{"invalid", "an invalid instruction, or one that this CPU does not have, at 0x", "", syscall.SIGILL},
		{"div", "integer division by zero\n", "", syscall.SIGFPE},
		{"div_overflow", "integer division with a quotient that is too large\n", "", syscall.SIGFPE},
		{"coroutine", "stack overflow: write to 0x", " bytes below a stack that is not the thread's own, as a coroutine's\n", syscall.SIGSEGV},
		{"overflow", "stack overflow: write to 0x", " bytes below the thread's stack of ", syscall.SIGSEGV},
	} {
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
