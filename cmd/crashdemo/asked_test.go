//go:build linux && cgo

package main_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
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

// onlyDump fails the test unless a text is one dump and nothing else.
func onlyDump(t *testing.T, text string, first report.ThreadKind) {
	t.Helper()
	all := whole(t, text, report.Dump)
	if len(all) != 1 || all[0].String() != text {
		t.Fatalf("%d dumps, want 1 and nothing else, in:\n%s", len(all), text)
	}
	if current := all[0].Current(); current == nil || current.Kind != first {
		t.Errorf("the current thread is %+v in:\n%s", current, text)
	}
}

const wentOn = "and the program goes on\n"

func TestDump(t *testing.T) {
	for _, test := range []struct {
		flag  string
		kind  report.ThreadKind // of the first stack
		parts []string
	}{
		{"", report.CurrentThread, []string{"Current thread 0x", " in main.goDump", "demo_ask", "demo_caller", "demo_outer", " in main.atCgo", " in main.dump",
			"live", " in main.parked", "threads answered", "End of report (complete, "}},
		{"-one", report.BareStack, []string{"Stack (most recent call first):\n", " in main.goDump", "demo_ask", " in main.atCgo", "End of report (complete, "}},
		{"-native", report.NativeStack, []string{"Current thread's C stack trace (most recent call first):\n", "at crosscall2+0x", "at demo_ask+0x",
			"at main.atCgo+0x", "End of report (complete, "}},
	} {
		o := run(t, demo, "dump "+test.flag)
		if !o.IsExit(0) || o.Stdout != wentOn {
			t.Errorf("dump %s: %v", test.flag, o)
		}
		inOrder(t, o.Stderr, test.parts...)
		onlyDump(t, o.Stderr, test.kind)
	}
}

func TestSignal(t *testing.T) {
	for _, test := range []struct {
		flags, stdout string
		kind          report.ThreadKind // of the first stack
		parts         []string
	}{
		{"", wentOn, report.CurrentThread, []string{"Current thread 0x", "demo_stuck", "demo_outer", " in main.atCgo", " in main.onSignal",
			"live", " in main.parked", "End of report (complete, "}},
		{"-one -chain", "the channel has got it, too: user defined signal 1\n" + wentOn, report.BareStack,
			[]string{"Stack (most recent call first):\n", "demo_stuck", " in main.atCgo", "End of report (complete, "}},
	} {
		o := run(t, demo, "signal "+test.flags)
		if !o.IsExit(0) || o.Stdout != test.stdout {
			t.Errorf("signal %s: %v", test.flags, o)
		}
		inOrder(t, o.Stderr, test.parts...)
		onlyDump(t, o.Stderr, test.kind)
	}
}

// From outside, as often as one likes.
func TestSignalFromOutside(t *testing.T) {
	dumps, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer dumps.Close()
	c := demo.Start(t, "signal -wait -one", victim.Talk, victim.Stderr(stderr))
	stderr.Close()
	if line := c.Line(); line != fmt.Sprintf("stuck in C; kill -USR1 %d shows where", c.Cmd.Process.Pid) {
		t.Fatalf("it says %q", line)
	}
	scanner := report.NewScanner(dumps)
	for range 3 {
		if err := c.Cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if !scanner.Scan() {
			t.Fatalf("no dump comes: %v", scanner.Err())
		}
		onlyDump(t, scanner.Report().String(), report.BareStack)
	}
	c.Kill()
	if scanner.Scan() {
		t.Errorf("one more dump than signals:\n%s", scanner.Report())
	}
}
