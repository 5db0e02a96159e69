//go:build linux && amd64 && cgo

// Package edges tests what happens at the edges of a crash: a report that gets
// into trouble itself, outputs that do not take it, handlers of others, forked
// children, threads that come and go. Every crash is that of a child process,
// the program victim, and is judged by how the process ended and by what
// report.Parse makes of its text.
package edges

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast.
const limit = 10 * time.Second

// slack is what a busy machine may add to a deadline before a test takes notice:
// the child is started within that time, and has to get the CPU.
const slack = 4 * time.Second

// full is set for the long runs.
var full = os.Getenv("EPITAPH_MATRIX") == "full"

// victim is the path of the program, built once with the switches for tests.
var victim string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "edges")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	victim = filepath.Join(dir, "victim")
	build := exec.Command("go", "build", "-tags", "epitaph_test", "-o", victim, "./victim")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the victim: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A child is a victim that runs.
type child struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	began          time.Time
	killer         *time.Timer
	hung           atomic.Bool
}

// An outcome is how a victim ended.
type outcome struct {
	status         syscall.WaitStatus
	elapsed        time.Duration
	stdout, stderr string
	pid            int
}

// change is made to the command before it starts.
type change func(*exec.Cmd)

// inherit gives the victim a file as its descriptor 3.
func inherit(f *os.File) change {
	return func(c *exec.Cmd) { c.ExtraFiles = append(c.ExtraFiles, f) }
}

func environment(vars ...string) change {
	return func(c *exec.Cmd) { c.Env = append(c.Environ(), vars...) }
}

// under runs the victim as an argument of another program.
func under(name string, args ...string) change {
	return func(c *exec.Cmd) {
		c.Args = append(append([]string{name}, args...), c.Args...)
		c.Path, c.Err = exec.LookPath(name)
	}
}

// start starts "victim SCENARIO SETTINGS", which are separated by spaces.
func start(t *testing.T, line string, changes ...change) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(victim, strings.Fields(line)...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	for _, change := range changes {
		change(c.cmd)
	}
	// A child of the victim may hold the pipe open.
	c.cmd.WaitDelay = time.Second
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.killer = time.AfterFunc(limit, func() {
		c.hung.Store(true)
		c.cmd.Process.Kill()
	})
	return c
}

// wait waits for its end; one that has to be killed fails the test.
func (c *child) wait() *outcome {
	c.t.Helper()
	o, err := c.end()
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

// end waits for its end, on any goroutine. The error is that it had to be killed.
func (c *child) end() (*outcome, error) {
	err := c.cmd.Wait()
	elapsed := time.Since(c.began)
	c.killer.Stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return nil, err
	}
	o := &outcome{
		status:  c.cmd.ProcessState.Sys().(syscall.WaitStatus),
		elapsed: elapsed,
		stdout:  c.stdout.String(),
		stderr:  c.stderr.String(),
		pid:     c.cmd.Process.Pid,
	}
	if c.hung.Load() {
		return nil, fmt.Errorf("hung; standard error:\n%s", o.stderr)
	}
	return o, nil
}

func run(t *testing.T, line string, changes ...change) *outcome {
	t.Helper()
	return start(t, line, changes...).wait()
}

func (o *outcome) diedOf(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if !o.status.Signaled() || o.status.Signal() != signal {
		t.Errorf("%s, want death by %v; stderr:\n%s", o.end(), signal, o.stderr)
	}
}

func (o *outcome) exited(t *testing.T, status int) {
	t.Helper()
	if !o.status.Exited() || o.status.ExitStatus() != status {
		t.Errorf("%s, want exit status %d; stdout:\n%sstderr:\n%s", o.end(), status, o.stdout, o.stderr)
	}
}

func (o *outcome) end() string {
	if o.status.Signaled() {
		return "killed by " + o.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", o.status.ExitStatus())
}

// reports are those in a text that holds other output too. Each must have an
// end line and print as it was parsed.
func reports(t *testing.T, text string) []*report.Report {
	t.Helper()
	if starts, ends := strings.Count(text, "Fatal Go error: "), strings.Count(text, "End of report ("); starts != ends {
		t.Errorf("%d reports begin and %d end in:\n%s", starts, ends, text)
	}
	var all []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		r := scanner.Report()
		if r.Kind != report.Crash {
			continue // Go's own output has lines of this kind
		}
		if !strings.Contains(text, r.String()) {
			t.Errorf("the report does not print as it was parsed; text:\n%s\nprinted:\n%s", text, r)
		}
		all = append(all, r)
	}
	if err := scanner.Err(); err != nil {
		t.Errorf("scanning for reports: %v", err)
	}
	return all
}

// onlyReport is the one report in a text.
func onlyReport(t *testing.T, text string) *report.Report {
	t.Helper()
	all := reports(t, text)
	if len(all) != 1 {
		t.Fatalf("%d reports, want 1, in:\n%s", len(all), text)
	}
	return all[0]
}

// completeReport is the one report in a text; nothing is missing from it.
func completeReport(t *testing.T, text string) *report.Report {
	t.Helper()
	r := onlyReport(t, text)
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, text)
	}
	return r
}

func noReport(t *testing.T, text string) {
	t.Helper()
	if all := reports(t, text); len(all) != 0 {
		t.Errorf("a report where there should be none:\n%s", text)
	}
}

// shows fails unless the crashing thread's stack has these functions, in order.
func shows(t *testing.T, r *report.Report, functions ...string) {
	t.Helper()
	current := r.Current()
	if current == nil {
		t.Fatalf("no current thread in:\n%s", r)
	}
	left := functions
	for _, frame := range current.Frames {
		if len(left) > 0 && frame.Name() == left[0] {
			left = left[1:]
		}
	}
	if len(left) > 0 {
		t.Errorf("no frame of %s (in this order: %v) in:\n%s", left[0], functions, r)
	}
}

// appendArg adds a setting with spaces in it.
func appendArg(arg string) change {
	return func(c *exec.Cmd) { c.Args = append(c.Args, arg) }
}

// appendSignal adds the number of a signal as a setting.
func appendSignal(signal syscall.Signal) change {
	return appendArg(fmt.Sprintf("signal=%d", signal))
}
