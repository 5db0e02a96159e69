//go:build linux

package victim

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/child"
)

// DefaultLimit is for how long a child may run if nothing else is said. No crash
// takes as much as a second on a machine that is idle.
const DefaultLimit = 20 * time.Second

// A Child is a program that runs, as package child runs it. What still runs at the end
// of the test is killed then.
type Child struct {
	Cmd   *exec.Cmd
	Began time.Time      // when it was started
	In    io.WriteCloser // its standard input, with [Talk]
	Out   *bufio.Reader  // its standard output, with [Talk]

	t              testing.TB
	limit          time.Duration
	started        []func() // called when it has been started
	stdout, stderr child.Output
	process        *child.Process

	once    sync.Once
	outcome *Outcome // once it has ended
	err     error
}

// Start starts a program that is no [Program]. Its name is looked up in PATH.
func Start(t testing.TB, name string, args []string, changes ...Change) *Child {
	t.Helper()
	c := &Child{Cmd: exec.Command(name, args...), t: t, limit: DefaultLimit}
	c.Cmd.Stdout, c.Cmd.Stderr = &c.stdout, &c.stderr
	for _, change := range changes {
		change(c)
	}
	c.Began = time.Now()
	var err error
	c.process, err = (&child.Command{Cmd: c.Cmd, Limit: slower(c.limit)}).Start()
	for _, do := range c.started {
		do()
	}
	if err != nil {
		t.Fatalf("%v: %v", c.Cmd, err)
	}
	t.Cleanup(func() { c.Kill() })
	return c
}

// Run starts a program, and waits for its end as [Child.Wait] does.
func Run(t testing.TB, name string, args []string, changes ...Change) *Outcome {
	t.Helper()
	return Start(t, name, args, changes...).Wait()
}

// Line is what the child says next, with [Talk]. The test fails, and ends, when
// there is no more.
func (c *Child) Line() string {
	c.t.Helper()
	line, err := c.Out.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%v: it said %q: %v", c.Cmd, line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// ProcessorTime is that of all of the child's threads until now, by the kernel's
// own account in nanoseconds: asking is nothing to the child.
func (c *Child) ProcessorTime() time.Duration {
	c.t.Helper()
	const schedClock = 2 // CPUCLOCK_SCHED of include/linux/posix-timers_types.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^c.Cmd.Process.Pid<<3|schedClock), &ts); err != nil {
		c.t.Fatalf("%v: %v", c.Cmd, err)
	}
	return time.Duration(ts.Nano())
}

// Stop stops the child as SIGSTOP does, and returns when all of it stands still.
func (c *Child) Stop() {
	c.t.Helper()
	if err := c.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	c.Stopped()
}

// Stopped returns when all of the child stands still.
func (c *Child) Stopped() {
	c.t.Helper()
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, c.Cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		c.t.Fatal(fmt.Errorf("waitid: %w", err))
	}
}

// Continue lets a child that was stopped go on.
func (c *Child) Continue() {
	c.t.Helper()
	if err := c.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
		c.t.Fatal(err)
	}
}

// Wait waits for the child's end. One that had to be killed fails the test.
func (c *Child) Wait() *Outcome {
	c.t.Helper()
	o, err := c.End()
	if err != nil {
		c.t.Fatalf("%v: %v: %v", c.Cmd, err, o)
	}
	return o
}

// End waits for the child's end on any goroutine, any number of times. The error
// is that it had to be killed at its limit, or that its output could not be read;
// there is an outcome all the same.
func (c *Child) End() (*Outcome, error) {
	c.once.Do(c.wait)
	return c.outcome, c.err
}

// Kill kills the child and all of its process group, unless it has ended, on any
// goroutine.
func (c *Child) Kill() *Outcome {
	c.process.Kill()
	c.once.Do(c.wait)
	return c.outcome
}

func (c *Child) wait() {
	end := c.process.Wait()
	c.outcome = &Outcome{
		Status: end.State.Sys().(syscall.WaitStatus), Elapsed: end.Elapsed, PID: c.Cmd.Process.Pid,
		Stdout: c.stdout.String(), Stderr: c.stderr.String(), Hung: end.Hung, Left: end.Left,
	}
	c.err = end.Err
	if end.Hung {
		c.err = fmt.Errorf("still there after %v", c.limit)
	}
}
