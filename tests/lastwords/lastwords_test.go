//go:build linux && amd64 && cgo && !nocxx

// Package lastwords tests what a report says of C++ exceptions that nobody
// caught, and that asking for it changes nothing else. Every crash is that of a
// child process.
package lastwords

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

var victim, staticVictim, loader, plugin string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lastwords")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	victim, staticVictim = filepath.Join(dir, "victim"), filepath.Join(dir, "static")
	loader, plugin = filepath.Join(dir, "loader"), filepath.Join(dir, "plugin.so")
	for _, args := range [][]string{
		{"go", "build", "-o", victim, "./victim"},
		{"go", "build", "-o", staticVictim, "-ldflags=-linkmode external -extldflags -static", "./victim"},
		{"go", "build", "-o", loader, "./loader"},
		{"c++", "-shared", "-fPIC", "-o", plugin, "plugin/plugin.cc"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", args, err, out)
			return 1
		}
	}
	return m.Run()
}

// An outcome is how a child ended.
type outcome struct {
	signal         syscall.Signal
	stdout, stderr string
	report         *report.Report // nil: there is none
}

func run(t *testing.T, program string, args ...string) *outcome {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if !killer.Stop() {
		t.Fatalf("it hung; standard error:\n%s", stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := &outcome{signal: cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), stdout: stdout.String(), stderr: stderr.String()}
	if at := strings.Index(o.stderr, "Fatal Go error: "); at >= 0 {
		if o.report, err = report.Parse([]byte(o.stderr[at:])); err != nil {
			t.Fatal(err)
		}
		if r := o.report; !r.Complete() || !r.Intact() || len(r.Unknown) > 0 || r.Layout != "" || r.String() != o.stderr[at:] {
			t.Errorf("the report is not complete:\n%s", o.stderr)
		}
	}
	return o
}

// says fails unless the process died of a signal and the report has exactly these messages.
func (o *outcome) says(t *testing.T, signal syscall.Signal, messages ...string) {
	t.Helper()
	if o.report == nil || o.signal != signal || !slices.Equal(o.report.Messages, messages) {
		t.Errorf("died of %v, want %v, and the messages %q; standard error:\n%s", o.signal, signal, messages, o.stderr)
	}
}

const throwing = "terminate called after throwing an instance of "

func TestException(t *testing.T) {
	for name, want := range map[string]string{
		"int":          "'int'",
		"pointer":      "'char const*'",
		"template":     "'demo::Box<std::vector<int, std::allocator<int> > >'",
		"derived":      "'demo::Derived'; what(): of a virtual base",
		"rethrow":      "'std::out_of_range'; what(): first thrown elsewhere",
		"noexcept":     "'std::runtime_error'; what(): out of noexcept",
		"what-catches": "'demo::Catcher'; what(): caught its own",
		"odd":          "'std::runtime_error'; what(): a \"quote\", a \\x5c, \u0416, \\xff, a line\\x0aand \\x1b[31m",
		"long":         "'std::runtime_error'; what(): " + strings.Repeat("x", 500-len(throwing)-len("'std::runtime_error'; what(): ")) + "...",
	} {
		for _, program := range []string{victim, staticVictim} {
			t.Run(name+"/"+filepath.Base(program), func(t *testing.T) {
				t.Parallel()
				run(t, program, name, "enable").says(t, syscall.SIGABRT, throwing+want)
			})
		}
	}
}

// What is asked may go wrong in any way: there is a report, and it has what was
// known until then.
func TestWhatMisbehaves(t *testing.T) {
	for _, program := range []string{victim, staticVictim} {
		t.Run(filepath.Base(program), func(t *testing.T) {
			t.Parallel()
			o := run(t, program, "what-throws", "enable")
			o.says(t, syscall.SIGABRT, throwing+"'demo::Silent'; its what() throws an exception")
			if !strings.HasPrefix(o.stderr, throwing+"'demo::Silent'\n") {
				t.Errorf("the runtime's own handler was not called:\n%s", o.stderr)
			}
			run(t, program, "what-faults", "enable").says(t, syscall.SIGSEGV, throwing+"'demo::Faulter'")
			run(t, program, "what-null", "quiet", "enable").says(t, syscall.SIGABRT, throwing+"'demo::Silent'")
			run(t, program, "what-wild", "quiet", "enable").says(t, syscall.SIGABRT, throwing+"'demo::Wild'; what(): ")
			// The runtime's own handler prints what the hook only peeks at, and faults.
			run(t, program, "what-wild", "enable").says(t, syscall.SIGSEGV, throwing+"'demo::Wild'; what(): ")
		})
	}
}

// The program's own handler of std::terminate is called as it would be, and
// only when it would be; also when what() throws.
func TestOwnHandler(t *testing.T) {
	const message = throwing + "'int'"
	o := run(t, victim, "int", "own", "enable")
	o.says(t, syscall.SIGABRT, message)
	if !strings.HasPrefix(o.stderr, "OWN\n") {
		t.Errorf("the program's handler was not called:\n%s", o.stderr)
	}
	o = run(t, victim, "what-throws", "own", "enable")
	o.says(t, syscall.SIGABRT, throwing+"'demo::Silent'; its what() throws an exception")
	if !strings.HasPrefix(o.stderr, "OWN\n") {
		t.Errorf("the program's handler was not called:\n%s", o.stderr)
	}
	// In front of ours: without a call of ours nothing is known.
	o = run(t, victim, "int", "enable", "own")
	o.says(t, syscall.SIGABRT)
	if strings.Count(o.stderr, "OWN\n") != 1 {
		t.Errorf("the program's handler was not called once:\n%s", o.stderr)
	}
	// In front of ours, which it calls; enabling again must not make a ring.
	o = run(t, victim, "int", "enable", "own-chain", "enable", "disable", "enable")
	o.says(t, syscall.SIGABRT, message)
	if strings.Count(o.stderr, "OWN\n") != 1 {
		t.Errorf("the program's handler was not called once:\n%s", o.stderr)
	}
}

func TestDisabled(t *testing.T) {
	o := run(t, victim, "int", "own", "enable", "is-own", "disable", "is-own")
	if o.report != nil || o.stdout != "0\n1\n" || !strings.HasPrefix(o.stderr, "OWN\n") {
		t.Errorf("standard output %q, standard error:\n%s", o.stdout, o.stderr)
	}
}

// The words are those of the thread that is reported. (The runtime's own handler
// would print into the report that other threads terminate too.)
func TestThreadsTogether(t *testing.T) {
	for range 10 {
		o := run(t, victim, "many", "quiet", "enable")
		if o.report == nil || o.signal != syscall.SIGABRT || len(o.report.Messages) > 1 ||
			len(o.report.Messages) == 1 && o.report.Messages[0] != throwing+"'std::runtime_error'; what(): one of many" {
			t.Fatalf("died of %v; standard error:\n%s", o.signal, o.stderr)
		}
	}
}

// A C++ runtime that comes with a library which is loaded later is found too.
func TestPlugin(t *testing.T) {
	run(t, loader, plugin).says(t, syscall.SIGABRT, throwing+"'std::runtime_error'; what(): of a plugin")
}
