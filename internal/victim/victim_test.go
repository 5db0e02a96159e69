//go:build linux

package victim_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

func shell(t *testing.T, script string, changes ...victim.Change) *victim.Child {
	t.Helper()
	return victim.Start(t, "sh", []string{"-c", script}, changes...)
}

func TestOutcome(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := shell(t, `echo "$X$Y" "$0"; echo >&3 three; kill -ABRT $$`, victim.Env("X=x", "Y=y"), victim.Unset("Y"),
		victim.Args("a b"), victim.Inherit(w), victim.Under("env", "Y=z"))
	w.Close()
	o := c.Wait()
	o.DiedOf(t, syscall.SIGABRT)
	if o.Stdout != "xz a b\n" || o.Stderr != "" || o.PID == 0 || o.Left || o.IsExit(0) || !strings.HasPrefix(o.String(), "killed by aborted after ") {
		t.Errorf("%+v", o)
	}
	text := make([]byte, 10)
	if n, _ := r.Read(text); string(text[:n]) != "three\n" {
		t.Errorf("descriptor 3 got %q", text[:n])
	}
	shell(t, "exit 3").Wait().Exited(t, 3)
}

// What hangs is killed with all that it started, which holds its output.
func TestHung(t *testing.T) {
	o, err := shell(t, "sleep 1000 & sleep 1000", victim.Limit(100*time.Millisecond)).End()
	if err == nil || !o.Hung || o.Left || o.IsDeath(syscall.SIGKILL) || o.Elapsed > 500*time.Second {
		t.Errorf("%v: %v", err, o)
	}
}

// So is what a child leaves behind.
func TestLeft(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// However the child ended, and whichever output is held.
	for _, script := range []string{"sleep 1000 2>&- & kill -ABRT $$", "sleep 1000 >&- & exit 3"} {
		if !shell(t, script).Wait().Left {
			t.Errorf("it was not noticed: %s", script)
		}
	}
	c := shell(t, "sleep 1000 &", victim.Inherit(w))
	w.Close()
	o := c.Wait()
	o.Exited(t, 0)
	if !o.Left {
		t.Error("it was not noticed")
	}
	// The end of the pipe comes when no process has it any more.
	r.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
}

func TestTalk(t *testing.T) {
	c := shell(t, "while read line; do echo $line; done; sleep 1000", victim.Talk)
	for _, line := range []string{"one\n", "two\n"} {
		c.In.Write([]byte(line))
		if got := c.Line(); got+"\n" != line {
			t.Errorf("it says %q", got)
		}
	}
	if used := c.ProcessorTime(); used <= 0 || used > time.Since(c.Began) {
		t.Errorf("it has used %v", used)
	}
	c.In.Close()
	if !c.Kill().IsDeath(syscall.SIGKILL) || c.Wait() != c.Kill() {
		t.Error(c.Wait())
	}
}

func TestProgram(t *testing.T) {
	p := &victim.Program{Name: "echo", Compiler: []string{"sh", "-c", `printf '#!/bin/sh\necho "$@" '$TEXT >$1 && chmod +x $1`},
		Env: []string{"TEXT=text"}}
	if o := p.Run(t, "1  2", victim.Args("3  4")); o.Stdout != "1 2 3  4 text\n" || filepath.Base(p.Path(t)) != "echo" {
		t.Errorf("%v", o)
	}
	bad := &victim.Program{Build: []string{"./no-such-directory"}}
	if _, err := bad.Make(); err == nil || !strings.Contains(err.Error(), "no-such-directory") {
		t.Errorf("the error is %v", err)
	}
}
