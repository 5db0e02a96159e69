//go:build linux && cgo

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
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
)

// hardLimit is how long any child process may take. No crash takes as much as a second.
const hardLimit = 10 * time.Second

// demo is the program under test, built once, as a user would build it.
var demo string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crashdemo-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	demo = filepath.Join(dir, "crashdemo")
	if out, err := exec.Command("go", "build", "-o", demo, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// result is how a child process ended.
type result struct {
	status syscall.WaitStatus
	hung   bool // had to be killed
	stdout string
	stderr string
}

func (r result) String() string {
	end := fmt.Sprintf("exit status %d", r.status.ExitStatus())
	switch {
	case r.hung:
		end = "hung"
	case r.status.Signaled():
		end = "killed by " + r.status.Signal().String()
	}
	return fmt.Sprintf("%s\nstandard output: %q\nstandard error: %.2000s", end, r.stdout, r.stderr)
}

func (r result) exited(status int) bool {
	return !r.hung && r.status.Exited() && r.status.ExitStatus() == status
}

func (r result) killedBy(s syscall.Signal) bool {
	return !r.hung && r.status.Signaled() && r.status.Signal() == s
}

// runFor runs a program for at most limit and returns how it ended.
func runFor(t *testing.T, limit time.Duration, program string, args ...string) result {
	t.Helper()
	return runCmd(t, limit, exec.Command(program, args...))
}

func runCmd(t *testing.T, limit time.Duration, template *exec.Cmd) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, template.Path, template.Args[1:]...)
	cmd.Dir, cmd.Env = template.Dir, template.Env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Fatalf("running %s: %v", template, err)
	}
	return result{
		status: cmd.ProcessState.Sys().(syscall.WaitStatus), hung: ctx.Err() != nil,
		stdout: stdout.String(), stderr: stderr.String(),
	}
}

type kind struct {
	Name    string
	Func    string
	Signal  string
	Number  int
	Traits  []string
	Callers []string
}

func (k kind) has(trait string) bool { return slices.Contains(k.Traits, trait) }

func (k kind) number() syscall.Signal { return syscall.Signal(k.Number) }

type place struct {
	Name   string
	Frames []string
}

type table struct {
	Kinds  []kind
	Places []place
}

// tableOf asks a build of crashdemo which kinds and places it has.
func tableOf(t *testing.T, program string) table {
	t.Helper()
	r := runFor(t, hardLimit, program, "list", "-json")
	if !r.exited(0) {
		t.Fatalf("list -json: %v", r)
	}
	var list table
	if err := json.Unmarshal([]byte(r.stdout), &list); err != nil {
		t.Fatalf("list -json: %v", err)
	}
	if len(list.Kinds) < 30 || len(list.Places) != 5 {
		t.Fatalf("list -json has %d kinds and %d places", len(list.Kinds), len(list.Places))
	}
	return list
}

func hasLine(text, prefix string) bool {
	return strings.HasPrefix(text, prefix) || strings.Contains(text, "\n"+prefix)
}
