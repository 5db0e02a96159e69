//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// An action is the kernel's struct sigaction.
type action struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

func setAction(t *testing.T, signal int, set, old *action) {
	t.Helper()
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if errno != 0 {
		t.Fatalf("rt_sigaction of signal %d: %v", signal, errno)
	}
}

// actions are those of all signals.
func actions(t *testing.T) (all [65]action) {
	t.Helper()
	for signal := 1; signal <= 64; signal++ {
		setAction(t, signal, nil, &all[signal])
	}
	return all
}

// caught is what the kernel says of the signals that have handlers.
func caught(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^Sig(Cgt|Ign):.*$`).FindString(string(status))
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func mustEnable(t *testing.T, opts ...handler.Option) {
	t.Helper()
	if err := handler.Enable(opts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handler.Disable() })
}

// The tests that follow change this process, so they are not parallel.

func TestDisableRestores(t *testing.T) {
	before, caughtBefore := actions(t), caught(t)
	mustEnable(t)
	during := actions(t)
	for _, signal := range fatalSignals {
		if during[signal].handler == before[signal].handler {
			t.Errorf("no handler of its own for %v", signal)
		}
	}
	if !handler.Enabled() || !handler.Disable() {
		t.Error("not enabled")
	}
	if after := actions(t); after != before {
		for signal := range after {
			if after[signal] != before[signal] {
				t.Errorf("the action of signal %d was %#x and is %#x", signal, before[signal], after[signal])
			}
		}
	}
	if now := caught(t); now != caughtBefore {
		t.Errorf("%q before, %q after", caughtBefore, now)
	}
	if handler.Enabled() || handler.Disable() {
		t.Error("enabled after Disable")
	}
}

func TestDisableLeavesOthersAlone(t *testing.T) {
	before := actions(t)
	defer setAction(t, int(syscall.SIGFPE), &before[syscall.SIGFPE], nil)
	defer setAction(t, int(syscall.SIGTRAP), &before[syscall.SIGTRAP], nil)
	mustEnable(t)
	others := map[syscall.Signal]action{
		syscall.SIGFPE:  {handler: 1}, // SIG_IGN
		syscall.SIGTRAP: {handler: before[syscall.SIGUSR2].handler, flags: before[syscall.SIGUSR2].flags, restorer: before[syscall.SIGUSR2].restorer},
	}
	for signal, other := range others {
		setAction(t, int(signal), &other, nil)
	}
	handler.Disable()
	after := actions(t)
	for _, signal := range fatalSignals {
		want, is := others[signal]
		if !is {
			want = before[signal]
		}
		if after[signal].handler != want.handler {
			t.Errorf("the handler of %v is %#x, want %#x", signal, after[signal].handler, want.handler)
		}
	}
}

func TestSecondEnableReinstalls(t *testing.T) {
	mustEnable(t)
	ours := actions(t)
	for _, signal := range fatalSignals {
		setAction(t, int(signal), &action{handler: 1}, nil)
	}
	mustEnable(t)
	for signal, now := range actions(t) {
		if now != ours[signal] {
			t.Errorf("the action of signal %d was %#x and is %#x", signal, ours[signal], now)
		}
	}
}

func TestBadOptions(t *testing.T) {
	closed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	before := actions(t)
	for _, test := range []struct {
		name   string
		option handler.Option
		words  []string // that the error must have
		place  bool     // reports go to standard error then
	}{
		{"nil option", nil, []string{"Option", "nil"}, false},
		{"nil file", handler.WithOutput(nil), []string{"WithOutput", "nil"}, false},
		{"closed file", handler.WithOutput(closed), []string{"WithOutput", "closed"}, true},
		{"read-only file", handler.WithOutput(readOnly), []string{"WithOutput", "write to " + file, "not open for writing"}, true},
		{"no path", handler.WithDir(""), []string{"WithDir", "empty"}, false},
		{"missing directory", handler.WithDir("/does/not/exist"), []string{"WithDir", "/does/not/exist", "no such file"}, true},
		{"not a directory", handler.WithDir(file), []string{"WithDir", file, "not a directory"}, true},
		{"directory in a file", handler.WithDir(file + "/x"), []string{"WithDir", file, "not a directory"}, true},
		{"no deadline", handler.WithDeadline(0), []string{"WithDeadline", "0s", "not positive"}, false},
		{"negative deadline", handler.WithDeadline(-1), []string{"WithDeadline", "-1ns", "not positive"}, false},
		{"no frames", handler.WithMaxFrames(0), []string{"WithMaxFrames", "0", "not positive"}, false},
		{"negative frames", handler.WithMaxFrames(-3), []string{"WithMaxFrames", "-3", "not positive"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := handler.Enable(handler.WithGoFramesOnly(), test.option)
			defer handler.Disable()
			if err == nil {
				t.Fatal("no error")
			}
			for _, word := range append(test.words, "epitaph: ") {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("the error is %q, without %q", err, word)
				}
			}
			if handler.Enabled() != test.place {
				t.Errorf("enabled: %v, want %v", !test.place, test.place)
			}
			handler.Disable()
			if actions(t) != before {
				t.Error("the handlers are other ones")
			}
		})
	}
}

func TestDirIsReadOnlyFromTheStart(t *testing.T) {
	t.Parallel()
	dir, nobody := ownedByNobody(t)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	o := run(t, "enable dir=/proc/self/fd/3", nobody)
	o.Exited(t, 1)
	if want := "epitaph: WithDir: write to /proc/self/fd/3: permission denied"; !strings.Contains(o.Stderr, want) {
		t.Errorf("the error is %q, want %q", o.Stderr, want)
	}
}

func TestEnableAndDisableKeepNothing(t *testing.T) {
	mustEnable(t)
	handler.Disable()
	before := descriptors(t)
	for range 50 {
		mustEnable(t, handler.WithDir(t.TempDir()))
		mustEnable(t)
		handler.Disable()
	}
	// The goroutines that index symbols end when they have read their file.
	after := descriptors(t)
	for deadline := time.Now().Add(5 * time.Second); after > before && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
		after = descriptors(t)
	}
	if after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// From several goroutines at once, while others panic and recover.
func TestEnableIsSafeForConcurrentUse(t *testing.T) {
	var users sync.WaitGroup
	defer handler.Disable()
	for range 4 {
		users.Go(func() {
			for range 100 {
				if err := handler.Enable(); err != nil {
					t.Error(err)
				}
				if !recoveredDereference() {
					t.Error("not recovered")
				}
				handler.Enabled()
				handler.Disable()
			}
		})
	}
	users.Wait()
}

func TestDisabledCrash(t *testing.T) {
	t.Parallel()
	o := run(t, "disabled")
	o.Exited(t, 2)
	victim.NoReport(t, o.Stderr)
	if !strings.Contains(o.Stderr, "SIGSEGV: segmentation violation") {
		t.Errorf("not Go's own end:\n%s", o.Stderr)
	}
}

func TestEnabledAgainCrash(t *testing.T) {
	t.Parallel()
	o := run(t, "enable_again")
	o.DiedOf(t, syscall.SIGSEGV)
	victim.Complete(t, o.Stderr)
}

func TestSecondEnableReplacesOptions(t *testing.T) {
	t.Parallel()
	var paths [2]string
	var changes []victim.Change
	for i := range paths {
		paths[i] = filepath.Join(t.TempDir(), "report")
		file, err := os.Create(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		changes = append(changes, victim.Inherit(file))
	}
	o := run(t, "replace_options fd=3 second=4", changes...)
	o.DiedOf(t, syscall.SIGSEGV)
	first, _ := os.ReadFile(paths[0])
	second, _ := os.ReadFile(paths[1])
	if len(first) > 0 {
		t.Errorf("the first output got:\n%s", first)
	}
	victim.Complete(t, string(second))
}

func TestFailedSecondEnableChangesNothing(t *testing.T) {
	t.Parallel()
	o := run(t, "fail_to_replace")
	o.DiedOf(t, syscall.SIGSEGV)
	if !strings.Contains(o.Stdout, "WithDeadline: 0s is not positive") {
		t.Errorf("standard output: %q", o.Stdout)
	}
	victim.Complete(t, o.Stderr)
}

// A program and a library of it that both have Epitaph: the first one that is
// enabled does the work.
func TestSecondCopy(t *testing.T) {
	t.Parallel()
	library := &victim.Program{Name: "library.so", Build: []string{"-buildmode=c-shared", "./library"}}
	path := library.Path(t)
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			o := run(t, fmt.Sprintf("second_copy library=%s place=%s", path, place))
			if !strings.Contains(o.Stdout, "epitaph: another copy of Epitaph is enabled") {
				t.Errorf("the library says %q", o.Stdout)
			}
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, o.Stderr)
		})
	}
}

// The crash comes while the handlers are being changed: it is reported or it is
// not, but wholly, once, and the process dies of it.
func TestCrashWhileEnabling(t *testing.T) {
	times := 20
	if victim.Full {
		times = 200
	}
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			reported := 0
			for i := range times {
				o := run(t, fmt.Sprintf("toggle place=%s after=%d", place, i%50))
				switch all := victim.Reports(t, o.Stderr); {
				case len(all) > 1:
					t.Errorf("%d reports:\n%s", len(all), o.Stderr)
				case len(all) == 1:
					reported++
					o.DiedOf(t, syscall.SIGSEGV)
				case place == "cgo":
					o.Exited(t, 2) // as Go ends it
				case !o.Status.Signaled() && o.Status.ExitStatus() != 2:
					t.Errorf("%s without a report:\n%s", o.End(), o.Stderr)
				}
			}
			t.Logf("%d of %d crashes were reported", reported, times)
		})
	}
}
