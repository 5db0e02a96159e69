//go:build linux && amd64 && cgo

// Package blackbox tests black boxes: those of programs that were killed at any
// moment, that crashed, whose files were truncated or removed. Every program is
// a child process, and is judged by its box, its report and its end.
package blackbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast.
const limit = 20 * time.Second

// full is set for the long runs.
var full = os.Getenv("EPITAPH_MATRIX") == "full"

// victim is the path of the program, built once.
var victim string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "blackbox")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	victim = filepath.Join(dir, "victim")
	if out, err := exec.Command("go", "build", "-o", victim, "./victim").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the victim: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A child is a victim that runs.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr bytes.Buffer
	killer *time.Timer
	waited sync.Once
	status syscall.WaitStatus
}

// start starts a victim and waits until Epitaph is enabled.
func start(t *testing.T, box, period string) *child {
	t.Helper()
	return startWith(t, nil, box, period)
}

// startWith gives the victim a standard error that is not kept.
func startWith(t *testing.T, stderr *os.File, box, period string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(victim, box, period)}
	c.cmd.Stderr = &c.stderr
	if stderr != nil {
		c.cmd.Stderr = stderr
	}
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.killer = time.AfterFunc(limit, func() { c.cmd.Process.Signal(syscall.SIGKILL) })
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		c.wait()
	})
	if !c.out.Scan() || c.out.Text() != "ready" {
		c.wait()
		t.Fatalf("the victim is not ready: %q, stderr:\n%s", c.out.Text(), &c.stderr)
	}
	return c
}

// do has the victim do something, and returns what it says before "done".
func (c *child) do(format string, args ...any) (said []string) {
	c.t.Helper()
	c.send(format, args...)
	for c.out.Scan() {
		if c.out.Text() == "done" {
			return said
		}
		said = append(said, c.out.Text())
	}
	c.wait()
	c.t.Fatalf("the victim did not survive %q: %v, stderr:\n%s", fmt.Sprintf(format, args...), c.cmd.ProcessState, &c.stderr)
	return nil
}

// send does not wait.
func (c *child) send(format string, args ...any) {
	fmt.Fprintf(c.in, format+"\n", args...)
}

// wait waits for the victim's end. One that had to be killed fails the test.
func (c *child) wait() syscall.WaitStatus {
	c.t.Helper()
	c.waited.Do(func() {
		err := c.cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			c.t.Error(err)
			return
		}
		if !c.killer.Stop() {
			c.t.Errorf("hung; stderr:\n%s", &c.stderr)
		}
		c.status = c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	})
	return c.status
}

func (c *child) kill() {
	c.cmd.Process.Kill()
	c.wait()
}

func (c *child) diedOf(signal syscall.Signal) {
	c.t.Helper()
	if status := c.wait(); !status.Signaled() || status.Signal() != signal {
		c.t.Errorf("%v, want death by %v; stderr:\n%s", c.cmd.ProcessState, signal, &c.stderr)
	}
}

// open reads a box, in which nothing may be damaged.
func open(t *testing.T, path string) *blackbox.Run {
	t.Helper()
	run, err := blackbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Damage) > 0 {
		t.Errorf("damage: %q", run.Damage)
	}
	return run
}

func ended(t *testing.T, run *blackbox.Run, kind blackbox.EndKind) {
	t.Helper()
	if run.End.Kind != kind {
		t.Errorf("the box tells of an end %q (%s), want %v", run.End.Kind, run.End.Detail, kind)
	}
}

// complete parses a report that must be all there.
func complete(t *testing.T, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 || r.String() != text {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, text)
	}
	return r
}

func boxIn(t *testing.T) string { return filepath.Join(t.TempDir(), "box") }

func has(crumbs []blackbox.Breadcrumb, text string) (n int) {
	for _, c := range crumbs {
		if strings.Contains(c.Text, text) {
			n++
		}
	}
	return n
}
