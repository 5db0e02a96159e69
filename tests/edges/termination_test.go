//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

const terminationMost = 4096

// termination is the message as a report that is short on purpose.
func termination(t *testing.T, text string) *report.Report {
	t.Helper()
	r := victim.Report(t, text)
	if r.End == nil || r.End.Part != "headline" || !r.Intact() || len(r.Unknown) > 0 {
		t.Errorf("the message is not as it was written (%+v, unknown %v):\n%s", r.End, r.Unknown, text)
	}
	if len(text) > terminationMost || strings.ContainsFunc(text, func(c rune) bool { return c > 0x7e }) {
		t.Errorf("%d bytes, or not ASCII:\n%s", len(text), text)
	}
	return r
}

// TestTermination: whatever crashes wherever, the message says what the report says.
func TestTermination(t *testing.T) {
	for _, kind := range []string{"null", "div", "ud2", "int3", "abort", "raise_bus", "raise_sys", "overflow"} {
		for _, place := range []string{"cgo", "goroutine", "callback", "thread"} {
			t.Run(kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				log := victim.NewKubelet(t)
				o := run(t, "crash kind="+kind+" place="+place+" termination="+log.Path)
				whole := victim.Complete(t, o.Stderr)
				r := termination(t, log.Message(1))
				if r.Headline != whole.Headline || r.Signal.Cause != whole.Signal.Cause || r.Process.PID != o.PID {
					t.Errorf("the message:\n%s\nis not of the report:\n%s", r, whole)
				}
				if got, want := innermost(r), innermost(whole); got != want {
					t.Errorf("the innermost frame is %q, want %q", got, want)
				}
				if got, want := depth(r), depth(whole); got != want {
					t.Errorf("%d frames are counted, want %d:\n%s\n%s", got, want, r, whole)
				}
				if got, want := r.Signature(), whole.Signature(); got != want && !isCut(r) {
					t.Errorf("the signature is %s, want %s", got, want)
				}
				if first := log.Message(12); !strings.Contains(first, innermost(whole)) || len(first) > 1024 {
					t.Errorf("a twelfth of a pod's message:\n%s", first)
				}
			})
		}
	}
}

func innermost(r *report.Report) string { return r.Current().Frames[0].String() }

func isCut(r *report.Report) bool {
	return slices.ContainsFunc(r.Current().Frames, func(f report.Frame) bool { return f.Kind == report.CutFrames })
}

// depth is how many frames the current stack has, those that are counted included.
func depth(r *report.Report) (n int) {
	for _, f := range r.Current().Frames {
		switch f.Kind {
		case report.CutFrames:
			n += f.Count
		case report.RepeatedFrames:
			n += f.Count * max(f.Lines, 1)
		case report.LostFrames:
		default:
			n++
		}
	}
	return n
}

// TestTerminationIsUsed: what the program has written there stays, as far as the report
// leaves room.
func TestTerminationIsUsed(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1000, 3500, 5000} {
		log := victim.NewKubelet(t)
		own := strings.Repeat("o", size-1) + "!"
		if err := os.WriteFile(log.Path, []byte(own), 0o666); err != nil {
			t.Fatal(err)
		}
		o := run(t, "crash termination="+log.Path)
		o.DiedOf(t, syscall.SIGSEGV)
		message := log.Message(1)
		at := strings.Index(message, "!\nFatal ")
		if at < 0 || size <= 3000 && at != size-1 {
			t.Fatalf("%d bytes of the program's:\n%s", size, message)
		}
		if r := termination(t, message[at+2:]); innermost(r) != innermost(victim.Complete(t, o.Stderr)) {
			t.Errorf("the message is:\n%s", message)
		}
	}
}

// TestTerminationIsLost: the program has closed the descriptor, or has another file under
// its number.
func TestTerminationIsLost(t *testing.T) {
	t.Parallel()
	for _, setting := range lostWays {
		way, other := lostWay(t, setting)
		log := victim.NewKubelet(t)
		o := run(t, "lost_termination termination="+log.Path+way)
		o.DiedOf(t, syscall.SIGSEGV)
		hasNote(t, o.Stderr, "the termination message could not be written: error 9")
		untouched(t, other)
		if text := log.Message(1); text != "" {
			t.Errorf("the message is %q", text)
		}
	}
}

// TestTerminationOnFullDisk: the report says so, and is whole.
func TestTerminationOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=4k"); err != nil {
		t.Skip("no tmpfs of our own:", err)
	}
	defer syscall.Unmount(dir, 0)
	if err := os.WriteFile(dir+"/log", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/filler", make([]byte, 4096), 0o666); err != nil {
		t.Fatal(err)
	}
	o := run(t, "crash termination="+dir+"/log")
	o.DiedOf(t, syscall.SIGSEGV)
	hasNote(t, o.Stderr, "the termination message could not be written: error 28")
}

// TestTerminationAlone: there is a message although standard error is stuck, or /dev/null.
func TestTerminationAlone(t *testing.T) {
	t.Parallel()
	_, w := pipe(t, 0)
	fill(t, w)
	log := victim.NewKubelet(t)
	o := run(t, "crash termination="+log.Path, victim.Stderr(w))
	o.DiedOf(t, syscall.SIGSEGV)
	if r := termination(t, log.Message(1)); r.Current() == nil {
		t.Errorf("no stack in:\n%s", r)
	}

	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	log = victim.NewKubelet(t)
	run(t, "crash termination="+log.Path, victim.Stderr(null)).DiedOf(t, syscall.SIGSEGV)
	if r := termination(t, log.Message(1)); r.Current() == nil {
		t.Errorf("no stack in:\n%s", r)
	}
}

// TestTerminationOfGivenUpReport: a report that faults in its first stages has a message too.
func TestTerminationOfGivenUpReport(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"cause", "unwind", "current stack", "process"} {
		log := victim.NewKubelet(t)
		o := run(t, "trouble trouble=fault place=thread termination="+log.Path, victim.Args("stage="+stage))
		o.DiedOf(t, syscall.SIGSEGV)
		r := termination(t, log.Message(1))
		if whole := victim.Report(t, o.Stderr); len(whole.StageFailures) != 1 || r.Headline != whole.Headline {
			t.Errorf("the message is:\n%s\nof:\n%s", r, whole)
		}
	}
}

// held makes a termination log that cannot be opened for writing, although its mode allows
// it: another process has a lease of it, and Enable does not wait.
func held(t *testing.T) *victim.Kubelet {
	t.Helper()
	log := victim.NewKubelet(t)
	f, err := os.Open(log.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	signal.Ignore(syscall.SIGIO) // that asks for it back
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		t.Skip("no lease here:", err)
	}
	return log
}

// TestTerminationCannotBeOpened: Enable's error says so for a file that was asked for, and
// enables all else; the report has a note.
func TestTerminationCannotBeOpened(t *testing.T) {
	o := run(t, "bad_termination path="+held(t).Path)
	o.DiedOf(t, syscall.SIGSEGV)
	if !strings.HasPrefix(o.Stdout, "epitaph: WithTermination: open ") {
		t.Errorf("the error is %q", o.Stdout)
	}
	hasNote(t, o.Stderr, "the termination message could not be written: error 11")
}

// inKubernetes is a container of Kubernetes with a termination log, in which PID 1 crashes.
func inKubernetes(t *testing.T, log *victim.Kubelet) []victim.Change {
	t.Helper()
	unshare := []string{"unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
		`mount -t tmpfs none /dev && touch /dev/termination-log /dev/null && mount --bind "$0" /dev/termination-log && exec "$@"`, log.Path}
	if out, err := exec.Command(unshare[0], append(unshare[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no container here: %v: %s", err, out)
	}
	return []victim.Change{victim.Under(unshare[0], unshare[1:]...), victim.Env("KUBERNETES_SERVICE_HOST=10.0.0.1")}
}

// TestTerminationOfContainer: the usual file is found, and PID 1's message is in it.
func TestTerminationOfContainer(t *testing.T) {
	log := victim.NewKubelet(t)
	for _, kind := range []string{"null", "abort"} {
		o := run(t, "crash kind="+kind, inKubernetes(t, log)...)
		whole := victim.Complete(t, o.Stderr)
		if r := termination(t, log.Message(1)); r.Process.PID != 1 || r.Headline != whole.Headline || innermost(r) != innermost(whole) {
			t.Errorf("the message is:\n%s", r)
		}
		if err := os.Truncate(log.Path, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTerminationOfContainerCannotBeOpened: it was not asked for, and Enable has no error.
func TestTerminationOfContainerCannotBeOpened(t *testing.T) {
	log := held(t)
	o := run(t, "crash", inKubernetes(t, log)...)
	victim.Complete(t, o.Stderr)
	hasNote(t, o.Stderr, "the termination message could not be written: error 11")
	if text := log.Message(1); text != "" {
		t.Errorf("the message is %q", text)
	}
}

func TestTerminationIsNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir + "/none": "no such file or directory",
		dir:           "not a regular file",
	} {
		o := run(t, "bad_termination path="+path)
		o.DiedOf(t, syscall.SIGSEGV)
		if !strings.HasPrefix(o.Stdout, "epitaph: WithTermination: ") || !strings.Contains(o.Stdout, want) {
			t.Errorf("the error is %q, want %q", o.Stdout, want)
		}
		victim.Complete(t, o.Stderr)
	}
	if _, err := os.Stat(dir + "/none"); err == nil {
		t.Error("Enable has made the file")
	}
}
