//go:build linux && amd64 && cgo

// Package godeath tests the deaths of Go itself: panics that nobody recovers,
// fatal errors, signals that Go dies of. Each is that of a child process, the
// program victim, and is compared with the same program without Epitaph: standard
// error and the exit status have to be the same, and the report elsewhere whole.
package godeath

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// limit is what no child may outlast.
const limit = 20 * time.Second

// A program is the victim, built in one way, when it is first needed.
type program struct {
	name, toolchain string
	args            []string
	once            sync.Once
	path, skip      string
	err             error
}

var plain = &program{name: "plain"}

var (
	directory string
	building  sync.Mutex
)

func TestMain(m *testing.M) {
	var err error
	if directory, err = os.MkdirTemp("", "godeath"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(directory)
	os.Exit(status)
}

func (p *program) file(t *testing.T) string {
	t.Helper()
	p.once.Do(p.build)
	if p.err != nil {
		t.Fatal(p.err)
	}
	if p.skip != "" {
		t.Skip(p.skip)
	}
	return p.path
}

func (p *program) build() {
	building.Lock()
	defer building.Unlock()
	env := os.Environ()
	if p.toolchain != "" {
		env = append(env, "GOTOOLCHAIN="+p.toolchain)
		version := exec.Command("go", "version")
		version.Env = env
		if out, err := version.CombinedOutput(); err != nil {
			p.skip = fmt.Sprintf("the toolchain %s cannot be had: %s", p.toolchain, out)
			return
		}
	}
	p.path = filepath.Join(directory, p.name, "victim")
	build := exec.Command("go", slices.Concat([]string{"build", "-o", p.path, "-tags", "epitaph_test"}, p.args, []string{"./victim"})...)
	build.Env = env
	if out, err := build.CombinedOutput(); err != nil {
		p.err = fmt.Errorf("%v: %w\n%s", build, err, out)
	}
}

// An outcome is how a victim ended.
type outcome struct {
	status         syscall.WaitStatus
	stdout, stderr string
	elapsed        time.Duration
}

// change is made to the command before it starts.
type change func(*exec.Cmd)

// environment replaces GOTRACEBACK, which go test may have set, and adds the rest.
func environment(vars ...string) change {
	return func(c *exec.Cmd) { c.Env = append(c.Env, vars...) }
}

func under(args ...string) change {
	return func(c *exec.Cmd) {
		c.Args = append(slices.Clone(args), c.Args...)
		c.Path, c.Err = exec.LookPath(args[0])
	}
}

// A child is a victim that runs.
type child struct {
	t              *testing.T
	cmd            *exec.Cmd
	began          time.Time
	stdout, stderr bytes.Buffer
}

// start starts "victim KIND SETTINGS", which are separated by spaces.
func (p *program) start(t *testing.T, line string, changes ...change) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(p.file(t), strings.Fields(line)...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	c.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOTRACEBACK=") })
	for _, change := range changes {
		change(c.cmd)
	}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.cmd.WaitDelay = 2 * time.Second
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *child) wait() *outcome {
	c.t.Helper()
	hung := time.AfterFunc(limit, func() { syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) })
	err := c.cmd.Wait()
	o := &outcome{
		status:  c.cmd.ProcessState.Sys().(syscall.WaitStatus),
		stdout:  c.stdout.String(),
		stderr:  c.stderr.String(),
		elapsed: time.Since(c.began),
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	if !hung.Stop() {
		c.t.Fatalf("hung; standard error:\n%s", ends(o.stderr))
	}
	return o
}

func (p *program) run(t *testing.T, line string, changes ...change) *outcome {
	t.Helper()
	return p.start(t, line, changes...).wait()
}

func (o *outcome) end() string {
	if o.status.Signaled() {
		return "killed by " + o.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", o.status.ExitStatus())
}

func (o *outcome) exited(t *testing.T, status int) {
	t.Helper()
	if !o.status.Exited() || o.status.ExitStatus() != status {
		t.Errorf("%s, want exit status %d; stderr:\n%s", o.end(), status, ends(o.stderr))
	}
}

func (o *outcome) diedOf(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if !o.status.Signaled() || o.status.Signal() != signal {
		t.Errorf("%s, want death by %v; stderr:\n%s", o.end(), signal, ends(o.stderr))
	}
}

// ends leaves out the middle of a long text.
func ends(text string) string {
	const n = 3000
	if len(text) > 2*n {
		return text[:n] + "\n[...]\n" + text[len(text)-n:]
	}
	return text
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// complete parses a report from which nothing is missing.
func complete(t *testing.T, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, ends(text))
	}
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 || r.Layout != "" {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v, layout %q):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, r.Layout, ends(text))
	}
	if r.String() != text {
		t.Errorf("the report does not print as it was parsed:\n%s", ends(text))
	}
	return r
}

// onlyFile is the text of the one file in a directory.
func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files in the directory, %v", len(files), err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode() != 0o600 || !strings.HasSuffix(files[0], ".crash") {
		t.Errorf("the report is %s, mode %v", files[0], info.Mode())
	}
	return read(t, files[0])
}
