//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// An outcome is how a child process ended and what it printed.
type outcome struct {
	status  syscall.WaitStatus
	hung    bool // it did not end by itself within the limit
	elapsed time.Duration
	output  capped
}

// runChild runs crashdemo with these arguments as a child process, for at most limit. A crash is not an error: errors
// are those of starting it.
func runChild(limit time.Duration, args ...string) (*outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	o := &outcome{}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = &o.output, &o.output
	// A process that it left behind may hold the pipe open.
	cmd.WaitDelay = time.Second
	start := time.Now()
	err = cmd.Run()
	o.elapsed = time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		return nil, err
	}
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("no state of the child: %w", err)
	}
	o.status = cmd.ProcessState.Sys().(syscall.WaitStatus)
	o.hung = ctx.Err() != nil
	return o, nil
}

// String says how it ended, in words.
func (o *outcome) String() string {
	code := o.status.ExitStatus()
	switch {
	case o.hung:
		return fmt.Sprintf("hung, and had to be killed after %v", o.elapsed.Round(100*time.Millisecond))
	case o.status.Signaled():
		return "killed by " + signalName(o.status.Signal())
	case code == exitWentOn:
		return "went on as if nothing had happened"
	case code == exitUnavailable:
		return "cannot be had here"
	case code > 128:
		return fmt.Sprintf("exit status %d (128 + %s)", code, signalName(syscall.Signal(code-128)))
	}
	return fmt.Sprintf("exit status %d", code)
}

// diedOf reports whether it ended by this signal, or with the status that stands for it where a process is PID 1.
func (o *outcome) diedOf(s syscall.Signal) bool {
	if o.hung {
		return false
	}
	return o.status.Signaled() && o.status.Signal() == s || o.status.ExitStatus() == 128+int(s)
}

// capped keeps the beginning of what is written to it and counts the rest: a handler that loops writes megabytes.
type capped struct {
	kept  []byte
	total int
}

const cappedMax = 1 << 20

func (c *capped) Write(p []byte) (int, error) {
	c.total += len(p)
	c.kept = append(c.kept, p[:min(len(p), cappedMax-len(c.kept))]...)
	return len(p), nil
}
