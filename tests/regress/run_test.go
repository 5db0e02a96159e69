//go:build linux && amd64 && cgo

// Package regress keeps mistakes from coming back that a review of the signal
// path found: each test is a program that once lost its report, hung, or ended
// otherwise than without Epitaph. Where the point is that Epitaph must not make
// things worse, the same program runs without it too, and the two are compared.
// Package edges tests what is to be expected at the edges; here is what nobody
// expected.
package regress

import (
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

	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast; the deadline of most is 5 s.
const limit = 15 * time.Second

// wentOn is the exit status of a program that nothing ended.
const wentOn = 3

// dir holds the programs.
var dir string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var err error
	if dir, err = os.MkdirTemp("", "regress"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	return m.Run()
}

// A program is built when the first test needs it.
type program struct {
	name  string
	env   []string
	build []string
	once  sync.Once
	err   error
}

var (
	victim = &program{name: "victim", build: []string{"go", "build", "-o", "victim", "./victim"}}
	// Only the C code: that is enough for the sanitizer to give every thread an
	// alternate stack of its own.
	sanitized = &program{name: "sanitized", build: []string{"go", "build", "-o", "sanitized", "./victim"},
		env: []string{"CGO_CFLAGS=-O1 -g -fsanitize=address", "CGO_LDFLAGS=-fsanitize=address"}}
	library = &program{name: "library.so", build: []string{"go", "build", "-buildmode=c-shared", "-o", "library.so", "./library"}}
	host    = &program{name: "host", build: []string{"cc", "-o", "host", "library/host/host.c", "-ldl"}}
)

func (p *program) path(t *testing.T) string {
	t.Helper()
	path := filepath.Join(dir, p.name)
	p.once.Do(func() {
		args := append([]string{}, p.build...)
		for i, arg := range args {
			if arg == p.name {
				args[i] = path
			}
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(cmd.Environ(), p.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("%v: %w\n%s", cmd, err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return path
}

// A child is a program that runs.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr bytes.Buffer
	stdout bytes.Buffer
	began  time.Time
	killer *time.Timer
}

// An outcome is how a program ended.
type outcome struct {
	t              *testing.T
	status         syscall.WaitStatus
	elapsed        time.Duration
	stdout, stderr string
	pid            int
}

type change func(*exec.Cmd)

func environment(vars ...string) change {
	return func(c *exec.Cmd) { c.Env = append(c.Environ(), vars...) }
}

// inherit gives the program a file as its descriptor 3.
func inherit(f *os.File) change {
	return func(c *exec.Cmd) { c.ExtraFiles = append(c.ExtraFiles, f) }
}

func start(t *testing.T, path, args string, changes ...change) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(path, strings.Fields(args)...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	for _, change := range changes {
		change(c.cmd)
	}
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	c.cmd.WaitDelay = 2 * time.Second // a child of the program may hold a pipe open
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.killer = time.AfterFunc(limit, func() { c.cmd.Process.Kill() })
	return c
}

func (c *child) wait() *outcome {
	c.t.Helper()
	err := c.cmd.Wait()
	o := &outcome{
		t: c.t, elapsed: time.Since(c.began), pid: c.cmd.Process.Pid,
		status: c.cmd.ProcessState.Sys().(syscall.WaitStatus),
		stdout: c.stdout.String(), stderr: c.stderr.String(),
	}
	if !c.killer.Stop() {
		c.t.Fatalf("hung; %v", o)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		c.t.Fatal(err)
	}
	return o
}

func run(t *testing.T, path, args string, changes ...change) *outcome {
	t.Helper()
	return start(t, path, args, changes...).wait()
}

func (o *outcome) end() string {
	if o.status.Signaled() {
		return "killed by " + o.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", o.status.ExitStatus())
}

func (o *outcome) String() string {
	return fmt.Sprintf("%s after %v; standard output:\n%s\nstandard error:\n%.12000s", o.end(), o.elapsed, o.stdout, o.stderr)
}

func (o *outcome) diedOf(signal syscall.Signal) {
	o.t.Helper()
	if !o.status.Signaled() || o.status.Signal() != signal {
		o.t.Errorf("want death by %v: %v", signal, o)
	}
}

func (o *outcome) exited(status int) {
	o.t.Helper()
	if !o.status.Exited() || o.status.ExitStatus() != status {
		o.t.Errorf("want exit status %d: %v", status, o)
	}
}

// says fails unless standard output has exactly these lines.
func (o *outcome) says(lines ...string) {
	o.t.Helper()
	if want := strings.Join(lines, "\n") + "\n"; o.stdout != want {
		o.t.Errorf("want the output %q: %v", want, o)
	}
}

// likePlain fails unless the program ended and said the same without Epitaph.
func (o *outcome) likePlain(plain *outcome) {
	o.t.Helper()
	if o.end() != plain.end() || o.stdout != plain.stdout {
		o.t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
	}
}

// crashes are the reports in a text that holds other output too.
func crashes(t *testing.T, text string) []*report.Report {
	t.Helper()
	var all []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		if r := scanner.Report(); r.Kind == report.Crash {
			all = append(all, r)
		}
	}
	if err := scanner.Err(); err != nil {
		t.Errorf("scanning for reports: %v", err)
	}
	return all
}

func onlyCrash(t *testing.T, text string) *report.Report {
	t.Helper()
	all := crashes(t, text)
	if len(all) != 1 {
		t.Fatalf("%d reports, want 1, in:\n%s", len(all), text)
	}
	return all[0]
}

// complete is the one report in a text; nothing is missing from it.
func complete(t *testing.T, text string) *report.Report {
	t.Helper()
	r := onlyCrash(t, text)
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, text)
	}
	return r
}

func noCrash(t *testing.T, text string) {
	t.Helper()
	if all := crashes(t, text); len(all) != 0 {
		t.Errorf("a report where there should be none:\n%s", text)
	}
}

// first fails unless the crashing thread's innermost frame is of this function.
func first(t *testing.T, r *report.Report, function string) {
	t.Helper()
	if current := r.Current(); current == nil || len(current.Frames) == 0 || current.Frames[0].Name() != function {
		t.Errorf("the first frame is not of %s:\n%s", function, r)
	}
}
