//go:build linux && cgo

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// timeouts are the dumps in the output of a program that took too long.
func timeouts(t *testing.T, text string) []*report.Report {
	t.Helper()
	var all []*report.Report
	scanner := report.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		if r := scanner.Report(); r.Kind == report.Timeout && r.Complete() {
			all = append(all, r)
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// goroutinesIn counts the goroutines with all of these functions on their stack.
func goroutinesIn(r *report.Report, functions ...string) (n int) {
	for _, g := range r.GoroutineGroups {
		missing := slices.ContainsFunc(functions, func(f string) bool {
			return !slices.ContainsFunc(g.Frames, func(frame report.Frame) bool { return frame.Func == f })
		})
		if !missing {
			n += g.Count
		}
	}
	return n
}

// TestLater checks that the dump shows who waits, in Go and in C, and that the program goes on after it.
func TestLater(t *testing.T) {
	r := runFor(t, hardLimit, demo, "later", "-after", "300ms", "-for", "1s")
	all := timeouts(t, r.stderr)
	if !r.exited(0) || len(all) != 1 || !strings.HasSuffix(r.stderr, "crashdemo: no answer has come, and the program goes on\n") {
		t.Fatalf("%d dumps: %v", len(all), r)
	}
	if all[0].Timeout != 300*time.Millisecond || goroutinesIn(all[0], "main.waitForResult") != 1 || goroutinesIn(all[0], "main.askSlowly", "main.main") != 1 {
		t.Errorf("not what it should show: %v", r)
	}
	inC := slices.ContainsFunc(all[0].Threads, func(thread report.Thread) bool {
		return slices.ContainsFunc(thread.Frames, func(f report.Frame) bool { return f.Func == "demo_wait_for_answer" })
	})
	if !inC {
		t.Errorf("no thread is in C: %v", r)
	}
	if r := runFor(t, hardLimit, demo, "later", "-after", "100ms", "-exit"); !r.exited(1) || len(timeouts(t, r.stderr)) != 1 {
		t.Errorf("later -exit: %v", r)
	}
	if r := runFor(t, hardLimit, demo, "later", "-after", "50ms", "-repeat", "-for", "1s"); !r.exited(0) || len(timeouts(t, r.stderr)) < 2 {
		t.Errorf("later -repeat: %v", r)
	}
}

// TestHang checks that the watchdog ends the program and shows both goroutines, and that nobody else notices.
func TestHang(t *testing.T) {
	r := runFor(t, hardLimit, demo, "hang")
	all := timeouts(t, r.stderr)
	if !r.exited(1) || len(all) != 1 {
		t.Fatalf("%d dumps: %v", len(all), r)
	}
	if n := goroutinesIn(all[0], "sync.(*Mutex).Lock", "main.transfer", "main.transferAll"); n != 2 {
		t.Errorf("%d goroutines wait for an account: %v", n, r)
	}
	if len(all[0].Notes) != 1 || !strings.HasPrefix(all[0].Notes[0], "a watchdog got no beat for ") {
		t.Errorf("the notes are %q", all[0].Notes)
	}
	if r := runFor(t, hardLimit, demo, "hang", "-plain", "-for", "1s"); !r.exited(3) || !strings.Contains(r.stderr, "nobody has noticed for 1s") {
		t.Errorf("hang -plain: %v", r)
	}
}
