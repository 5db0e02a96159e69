//go:build linux && amd64 && cgo

package tests

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// result is how a process ended.
type result struct {
	status syscall.WaitStatus
	hung   bool // it had to be killed
	leaky  bool // it left a process behind, which keeps its standard error open
	took   time.Duration
	stdout string
	stderr string
}

func (r *result) String() string {
	return fmt.Sprintf("%s after %v\nstandard output: %.500q\nstandard error:\n%.6000s", r.end(), r.took.Round(time.Millisecond), r.stdout, r.stderr)
}

func (r *result) end() string {
	switch {
	case r.hung:
		return "hung"
	case r.status.Signaled():
		return "killed by signal " + r.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", r.status.ExitStatus())
}

func (r *result) exited(status int) bool {
	return !r.hung && r.status.Exited() && r.status.ExitStatus() == status
}

func (r *result) killedBy(s syscall.Signal) bool {
	return !r.hung && r.status.Signaled() && r.status.Signal() == s
}

// child runs a command in a process group of its own, which is killed as a whole at the limit: a program that is PID 1
// of a namespace below unshare would otherwise stay.
func child(t *testing.T, cmd *exec.Cmd, limit time.Duration) *result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	expired := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		close(expired)
	})
	err := cmd.Wait()
	r := &result{took: time.Since(start)}
	if !timer.Stop() {
		<-expired
		r.hung = true
	}
	var exit *exec.ExitError
	r.leaky = errors.Is(err, exec.ErrWaitDelay)
	if err != nil && !r.leaky && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd, err)
	}
	if r.leaky {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	r.status = cmd.ProcessState.Sys().(syscall.WaitStatus)
	r.stdout, r.stderr = stdout.String(), stderr.String()
	return r
}

// command is a command with a few variables added to the environment. What a developer has set for Go programs must not
// change the results.
func command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	for _, v := range os.Environ() {
		switch name, _, _ := bytes.Cut([]byte(v), []byte("=")); string(name) {
		case "GOTRACEBACK", "GODEBUG", "GOMAXPROCS", "GOGC", "GOMEMLIMIT":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}
