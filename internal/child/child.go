// Package child runs a program as a child process that cannot hang, and keeps what it
// writes. Packages crashtest and internal/victim are built on it.
package child

import (
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// A Command is a program that has not been started, and how it is to be run. Its
// process is the leader of a group, which is killed as a whole: a program that is PID 1
// of a namespace below unshare would otherwise stay.
type Command struct {
	*exec.Cmd

	// Limit is for how long the process may run. Then it has hung, and is killed.
	Limit time.Duration

	// Ask, if it is not nil, is called at the limit to have the process report where it
	// hangs, and end. Grace is for how long that may take.
	Ask   func(*os.Process)
	Grace time.Duration

	// KillRest has what the process leaves in its group killed as soon as the process
	// has ended. Otherwise it may go on until Cmd.WaitDelay has passed, if it holds an
	// [Output]; 0 stands for 2 seconds.
	KillRest bool
}

// leftover is the usual Cmd.WaitDelay: for how long a process that has ended may leave
// its output open to one that it has started.
const leftover = 2 * time.Second

// A Process is a program that was started. Its methods are safe for concurrent use.
type Process struct {
	Began time.Time

	cmd      *Command
	finished chan struct{} // closed when the process has ended and its output is read
	late     chan bool     // whether it had to be ended

	mu    sync.Mutex
	ended bool // from then on its number may be another process'

	once sync.Once
	end  End
}

// An End is how a process ended.
type End struct {
	State   *os.ProcessState
	Elapsed time.Duration
	Hung    bool  // it had to be ended at its limit
	Left    bool  // what it left behind held its output, and was killed
	Err     error // that its output could not be read; how it ended is in State
}

// Start starts the process. A signal that this process ignores, as after nohup, has its
// default action in the new one.
func (c *Command) Start() (*Process, error) {
	DefaultSignals()
	if c.WaitDelay == 0 {
		c.WaitDelay = leftover
	}
	ownGroup(c.Cmd)
	p := &Process{Began: time.Now(), cmd: c, finished: make(chan struct{}), late: make(chan bool, 1)}
	if err := c.Cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.late <- p.watch() }()
	return p, nil
}

// DefaultSignals handles the signals that nohup, or a shell's background job, has this
// process ignore. execve keeps SIG_IGN, and puts SIG_DFL in place of a handler. Start
// calls it; others that start processes may.
var DefaultSignals = sync.OnceFunc(func() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
})

// watch ends a process that does not end by itself, and returns whether it had to.
func (p *Process) watch() bool {
	if p.endsIn(p.cmd.Limit) || p.hasEnded() {
		return false
	}
	if p.cmd.Ask != nil {
		p.cmd.Ask(p.cmd.Process)
		if p.endsIn(p.cmd.Grace) {
			return true
		}
	}
	p.Kill()
	return true
}

// endsIn waits for the end of the process for a while, and returns whether it came.
func (p *Process) endsIn(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.finished:
		return true
	case <-timer.C:
		return false
	}
}

// Kill kills the process and its group, unless it has ended.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		killGroup(p.cmd.Process)
	}
}

func (p *Process) hasEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

func (p *Process) setEnded(killRest bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if killRest {
		killGroup(p.cmd.Process)
	}
	p.ended = true
}

// Wait waits for the end of the process, any number of times.
func (p *Process) Wait() *End {
	p.once.Do(p.wait)
	return &p.end
}

func (p *Process) wait() {
	if awaitEnd(p.cmd.Process) {
		p.setEnded(p.cmd.KillRest)
	}
	err := p.cmd.Cmd.Wait()
	p.setEnded(false)
	close(p.finished)
	for _, w := range []any{p.cmd.Stdout, p.cmd.Stderr} {
		if o, ok := w.(*Output); ok && o.left {
			p.end.Left = true
		}
	}
	if p.end.Left {
		killGroup(p.cmd.Process) // the group keeps its number while anybody is in it
	}
	if _, status := err.(*exec.ExitError); err != nil && !status && err != exec.ErrWaitDelay {
		p.end.Err = err
	}
	p.end.State = p.cmd.ProcessState
	p.end.Elapsed = time.Since(p.Began)
	p.end.Hung = <-p.late
}
