//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// silence is how long a watchdog's note says that there was no heartbeat.
func silence(t *testing.T, r *report.Report) time.Duration {
	t.Helper()
	for _, note := range r.Notes {
		if seconds, ok := strings.CutPrefix(note, "watchdog: no heartbeat for "); ok {
			d, err := time.ParseDuration(strings.ReplaceAll(seconds, " ", ""))
			if err != nil {
				t.Errorf("note %q", note)
			}
			return d
		}
	}
	t.Errorf("the notes %q do not tell of a watchdog", r.Notes)
	return 0
}

// It barks once each time that the beats stop, soon after its time.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	const d = 320 * time.Millisecond
	o := survive(t, "watchdog d=320ms")
	all := dumps(t, o.Stderr)
	lasts := strings.Split(strings.TrimSpace(o.Stdout), "\n")
	if len(all) != 2 || len(lasts) != 2 {
		t.Fatalf("%d dumps, want 2: %v", len(all), o)
	}
	for i, r := range all {
		after := r.Process.Time.Sub(timeOf(t, lasts[i]))
		// On a busy machine it may come late; how late is TestAccuracy's subject.
		if after < d-time.Millisecond || after > d+d/16+3*time.Second {
			t.Errorf("it barked %v after the last beat, want %v to %v", after, d, d+d/16)
		}
		if got := silence(t, r); got < d || got > after+time.Millisecond {
			t.Errorf("it says that there was no heartbeat for %v; the last came %v before", got, after)
		}
		if r.Timeout != d || goroutinesIn(r, "main.silence") == nil {
			t.Errorf("not what it should show:\n%s", r)
		}
	}
}

func TestWatchdogRepeat(t *testing.T) {
	t.Parallel()
	all := dumps(t, survive(t, "watchdog d=200ms repeat=1 enable=1").Stderr)
	if len(all) < 3 {
		t.Errorf("%d dumps", len(all))
	}
	before := time.Duration(0)
	stalls := 0
	for _, r := range all {
		d := silence(t, r)
		if d < before {
			stalls++
		}
		before = d
	}
	if stalls != 1 {
		t.Errorf("the beats came back %d times between dumps, not once", stalls)
	}
}

func TestWatchdogs(t *testing.T) {
	t.Parallel()
	o := survive(t, "watchdogs")
	if o.Stdout != "64 epitaph: NewWatchdog: there are 64 already\n" {
		t.Errorf("standard output: %q", o.Stdout)
	}
	all := dumps(t, o.Stderr)
	if len(all) != 3 {
		t.Fatalf("%d dumps, want 3: %v", len(all), o)
	}
	if all[0].Timeout != 100*time.Millisecond || all[1].Timeout != 50*time.Millisecond || all[2].Timeout != 50*time.Millisecond {
		t.Errorf("%v, %v and %v barked", all[0].Timeout, all[1].Timeout, all[2].Timeout)
	}
}

// A process that is stopped is not one that hangs.
func TestWatchdogStopped(t *testing.T) {
	t.Parallel()
	c := program.Start(t, "beating d=500ms for=5s", victim.Talk)
	if line, err := c.Out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	for _, stop := range []time.Duration{1800 * time.Millisecond, 700 * time.Millisecond, 900 * time.Millisecond} {
		time.Sleep(300 * time.Millisecond)
		if err := c.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(stop)
		if err := c.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	o := c.Wait()
	o.Exited(t, wentOn)
	if o.Stderr != "" {
		t.Errorf("%v", o)
	}
}
