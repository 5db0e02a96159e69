//go:build linux

package victim

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A Change is made to a child before it starts; most change its command.
type Change func(*Child)

// Limit is for how long a child may run; then it is killed.
func Limit(limit time.Duration) Change {
	return func(c *Child) { c.limit = limit }
}

// Env adds variables to the environment, as NAME=VALUE; the last one of a name
// counts.
func Env(vars ...string) Change {
	return func(c *Child) { c.Cmd.Env = append(c.Cmd.Environ(), vars...) }
}

// Unset removes variables from the environment.
func Unset(names ...string) Change {
	return func(c *Child) {
		c.Cmd.Env = slices.DeleteFunc(c.Cmd.Environ(), func(v string) bool {
			name, _, _ := strings.Cut(v, "=")
			return slices.Contains(names, name)
		})
	}
}

// Args adds arguments.
func Args(args ...string) Change {
	return func(c *Child) { c.Cmd.Args = append(c.Cmd.Args, args...) }
}

// Inherit gives the child a file as its next descriptor: the first one is 3.
func Inherit(f *os.File) Change {
	return func(c *Child) { c.Cmd.ExtraFiles = append(c.Cmd.ExtraFiles, f) }
}

// Stdout and Stderr give the child a file as its output, which is not kept in the
// outcome then. The file stays the test's own to close.
func Stdout(f *os.File) Change {
	return func(c *Child) { c.Cmd.Stdout = f }
}

// Stderr: see [Stdout].
func Stderr(f *os.File) Change {
	return func(c *Child) { c.Cmd.Stderr = f }
}

// Under runs the child as the arguments of another program, which is looked up
// in PATH.
func Under(name string, args ...string) Change {
	return func(c *Child) {
		c.Cmd.Args = slices.Concat([]string{name}, args, []string{c.Cmd.Path}, c.Cmd.Args[1:])
		c.Cmd.Path, c.Cmd.Err = exec.LookPath(name)
	}
}

// Talk connects the test with the child's standard input and output, as [Child.In]
// and [Child.Out]. The outcome has no output then.
func Talk(c *Child) {
	c.t.Helper()
	// Not StdoutPipe, which Wait closes, whether all was read or not.
	r, w, err := os.Pipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { r.Close() })
	c.Cmd.Stdout, c.Out = w, bufio.NewReader(r)
	c.started = append(c.started, func() {
		w.Close()
		// A child that hangs is killed at its limit; one that it forked may not be.
		r.SetReadDeadline(c.Began.Add(2 * slower(c.limit)))
	})
	if c.In, err = c.Cmd.StdinPipe(); err != nil {
		c.t.Fatal(err)
	}
}
