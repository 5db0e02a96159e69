//go:build linux && amd64 && cgo

// Package live tests that a report shows the goroutines as they are when the
// process crashes, and says why where it cannot. Every crash is that of a child
// process, and is judged by what report.Parse makes of its text.
package live

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast, on a machine that is busy with others.
const limit = 30 * time.Second

// full is set for the long runs.
var full = os.Getenv("EPITAPH_MATRIX") == "full"

var programs string // the directory of what is built

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "live")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	return m.Run()
}

// A program is one way to build the victim.
type program struct {
	name  string
	args  []string
	env   []string
	path  string
	built sync.Once
	err   error
}

var (
	plain     = &program{name: "victim", args: []string{"-tags", "epitaph_test", "./victim"}}
	race      = &program{name: "race", args: []string{"-race", "-tags", "epitaph_test", "./victim"}}
	go127     = &program{name: "go1.27", args: []string{"-tags", "epitaph_test", "./victim"}, env: []string{"GOTOOLCHAIN=go1.27.4"}}
	crashdemo = &program{name: "crashdemo", args: []string{"../../cmd/crashdemo"}}
)

func (p *program) build(t *testing.T) string {
	t.Helper()
	p.built.Do(func() {
		p.path = filepath.Join(programs, p.name)
		cmd := exec.Command("go", append([]string{"build", "-o", p.path}, p.args...)...)
		cmd.Env = append(os.Environ(), p.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("building %s: %w\n%s", p.name, err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

// An outcome is how a child ended.
type outcome struct {
	status         syscall.WaitStatus
	stdout, stderr string
}

func (o *outcome) String() string {
	end := fmt.Sprintf("exit status %d", o.status.ExitStatus())
	if o.status.Signaled() {
		end = "killed by " + o.status.Signal().String()
	}
	return fmt.Sprintf("%s; standard output:\n%s\nstandard error:\n%.8000s", end, o.stdout, o.stderr)
}

// run runs "PROGRAM SETTINGS", which are separated by spaces, with additions to the
// environment.
func run(t *testing.T, p *program, line string, env ...string) *outcome {
	t.Helper()
	return command(t, env, append([]string{p.build(t)}, strings.Fields(line)...)...)
}

func command(t *testing.T, env []string, args ...string) *outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		close(hung)
	})
	err := cmd.Wait()
	o := &outcome{cmd.ProcessState.Sys().(syscall.WaitStatus), stdout.String(), stderr.String()}
	if !timer.Stop() {
		<-hung
		t.Fatalf("hung: %s", o)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o
}

// crash is the report of a run; it must be there, print as it was parsed, and be
// complete.
func crash(t *testing.T, p *program, line string, env ...string) (*report.Report, *outcome) {
	t.Helper()
	return reportIn(t, run(t, p, line, env...))
}

func reportIn(t *testing.T, o *outcome) (*report.Report, *outcome) {
	t.Helper()
	var found *report.Report
	scanner := report.NewScanner(strings.NewReader(o.stderr))
	for scanner.Scan() {
		if r := scanner.Report(); r.Kind == report.Crash {
			if found != nil {
				t.Fatalf("two reports: %s", o)
			}
			found = r
		}
	}
	if found == nil {
		t.Fatalf("no report: %s", o)
	}
	if !strings.Contains(o.stderr, found.String()) {
		t.Errorf("the report does not print as it was parsed:\n%s\nthe text was: %s", found, o)
	}
	if !found.Complete() {
		t.Errorf("the report is not complete: %s", o)
	}
	if found.Goroutines == nil {
		t.Fatalf("no goroutines in the report: %s", o)
	}
	return found, o
}

// took is how long the report took.
func took(r *report.Report) time.Duration {
	if r.End == nil {
		return 0
	}
	return r.End.Duration.Duration
}

// count adds up the goroutines that have a function on their stack.
func count(r *report.Report, function string) int {
	n := 0
	for _, g := range r.GoroutineGroups {
		for _, f := range g.Frames {
			if f.Func == function && f.Kind == report.SourceFrame {
				n += g.Count
				break
			}
		}
	}
	return n
}

// created adds up the goroutines that a function started.
func created(r *report.Report, function string) int {
	n := 0
	for _, g := range r.GoroutineGroups {
		for _, f := range g.Frames {
			if f.Kind == report.CreatedBy && f.Func == function {
				n += g.Count
			}
		}
	}
	return n
}

// checkSum checks that the groups hold as many goroutines as the first line says.
func checkSum(t *testing.T, r *report.Report) {
	t.Helper()
	n, groups := 0, 0
	for _, g := range r.GoroutineGroups {
		n += g.Count
		if !g.Cut {
			groups++
		}
	}
	if n != r.Goroutines.Count || groups != r.Goroutines.Groups {
		t.Errorf("%d goroutines in %d groups shown, %+v said", n, groups, *r.Goroutines)
	}
}

// scan reads the numbers of a line.
func scan(t *testing.T, line string, to []int) {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != len(to) {
		t.Fatalf("line %q", line)
	}
	for i, f := range fields {
		var err error
		if to[i], err = strconv.Atoi(f); err != nil {
			t.Fatal(err)
		}
	}
}
