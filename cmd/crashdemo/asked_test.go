//go:build linux && cgo

package main_test

import (
	"bufio"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inOrder fails the test unless the texts are there, one behind the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("no %q, in the order of %q, in:\n%s", part, parts, text)
			return
		}
		rest = after
	}
}

const wentOn = "and the program goes on\n"

func TestDump(t *testing.T) {
	for _, test := range []struct {
		flag  string
		parts []string
	}{
		{"", []string{"Current thread 0x", " in main.goDump", "demo_ask", "demo_caller", "demo_outer", " in main.atCgo", " in main.dump",
			"threads answered", "live", " in main.parked", "End of report (complete, "}},
		{"-one", []string{"Stack (most recent call first):\n", " in main.goDump", "demo_ask", " in main.atCgo", "End of report (complete, "}},
		{"-native", []string{"Current thread's C stack trace (most recent call first):\n", "at crosscall2+0x", "at demo_ask+0x",
			"at main.atCgo+0x", "End of report (complete, "}},
	} {
		r := runFor(t, hardLimit, demo, strings.Fields("dump "+test.flag)...)
		if !r.exited(0) || r.stdout != wentOn {
			t.Errorf("dump %s: %v", test.flag, r)
		}
		inOrder(t, r.stderr, test.parts...)
	}
}

func TestSignal(t *testing.T) {
	for _, test := range []struct {
		flags, stdout string
		parts         []string
	}{
		{"", wentOn, []string{"Current thread 0x", "demo_stuck", "demo_outer", " in main.atCgo", " in main.onSignal",
			"live", " in main.parked", "End of report (complete, "}},
		{"-one -chain", "the channel has got it, too: user defined signal 1\n" + wentOn,
			[]string{"Stack (most recent call first):\n", "demo_stuck", " in main.atCgo", "End of report (complete, "}},
	} {
		r := runFor(t, hardLimit, demo, strings.Fields("signal "+test.flags)...)
		if !r.exited(0) || r.stdout != test.stdout {
			t.Errorf("signal %s: %v", test.flags, r)
		}
		inOrder(t, r.stderr, test.parts...)
	}
}

// From outside, as often as one likes.
func TestSignalFromOutside(t *testing.T) {
	cmd := exec.Command(demo, "signal", "-wait", "-one")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	dumps, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(hardLimit, func() { cmd.Process.Kill() })
	defer killer.Stop()
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if line, _ := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "stuck in C; kill -USR1 ") {
		t.Fatalf("it says %q", line)
	}
	lines := bufio.NewScanner(dumps)
	for range 3 {
		if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		text := ""
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "End of report (complete, ") {
			text += lines.Text() + "\n"
		}
		inOrder(t, text, "Stack (most recent call first):\n")
	}
}
