//go:build linux && cgo

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// goroutinesIn counts the goroutines with all of these functions on their stack.
func goroutinesIn(r *report.Report, functions ...string) (n int) {
	for _, g := range r.GoroutineGroups {
		if hasFrames(g.Frames, functions...) {
			n += g.Count
		}
	}
	return n
}

// TestLater checks that the dump shows who waits, in Go and in C, and that the program goes on after it.
func TestLater(t *testing.T) {
	o := run(t, demo, "later -after 300ms -for 1s")
	all := whole(t, o.Stderr, report.Timeout)
	if !o.IsExit(0) || len(all) != 1 || !strings.HasSuffix(o.Stderr, "crashdemo: no answer has come, and the program goes on\n") {
		t.Fatalf("%d dumps: %v", len(all), o)
	}
	if all[0].Timeout != 300*time.Millisecond || goroutinesIn(all[0], "main.waitForResult") != 1 || goroutinesIn(all[0], "main.askSlowly", "main.main") != 1 {
		t.Errorf("not what it should show: %v", o)
	}
	inC := slices.ContainsFunc(all[0].Threads, func(thread report.Thread) bool {
		return hasFrames(thread.Frames, "demo_wait_for_answer")
	})
	if !inC {
		t.Errorf("no thread is in C: %v", o)
	}
	if o := run(t, demo, "later -after 100ms -exit"); !o.IsExit(1) || len(whole(t, o.Stderr, report.Timeout)) != 1 {
		t.Errorf("later -exit: %v", o)
	}
	if o := run(t, demo, "later -after 50ms -repeat -for 1s"); !o.IsExit(0) || len(whole(t, o.Stderr, report.Timeout)) < 2 {
		t.Errorf("later -repeat: %v", o)
	}
}

// TestHang checks that the watchdog ends the program and shows both goroutines, and that nothing else notices.
func TestHang(t *testing.T) {
	o := run(t, demo, "hang")
	all := whole(t, o.Stderr, report.Timeout)
	if !o.IsExit(1) || len(all) != 1 {
		t.Fatalf("%d dumps: %v", len(all), o)
	}
	if n := goroutinesIn(all[0], "sync.(*Mutex).Lock", "main.transfer", "main.transferAll"); n != 2 {
		t.Errorf("%d goroutines wait for an account: %v", n, o)
	}
	if len(all[0].Notes) != 1 || !strings.HasPrefix(all[0].Notes[0], "watchdog: no heartbeat for ") {
		t.Errorf("the notes are %q", all[0].Notes)
	}
	if o := run(t, demo, "hang -plain -for 1s"); !o.IsExit(3) || !strings.Contains(o.Stderr, "unnoticed for 1s") {
		t.Errorf("hang -plain: %v", o)
	}
}
