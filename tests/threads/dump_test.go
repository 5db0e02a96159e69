//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// crashWithReportFile gives the victim a file as descriptor 3 and returns what it
// wrote there before it died.
func crashWithReportFile(t *testing.T, scenario string) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "report")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	die(t, scenario, victim.Inherit(file))
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stream runs a scenario that ends well, and takes its dumps as they come: all of
// them together may be large.
func stream(t *testing.T, scenario string, take func(*report.Report)) *victim.Outcome {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	allowed := limit
	if victim.Full {
		allowed = 20 * time.Minute
	}
	c := program.Start(t, scenario, victim.Stderr(w), victim.Limit(allowed))
	w.Close()
	for scanner := report.NewScanner(r); scanner.Scan(); {
		r := scanner.Report()
		if len(r.Unknown) > 0 || r.Truncated || !r.Intact() {
			t.Errorf("unknown lines %v\n%s", r.Unknown, tail(r.String()))
		}
		take(r)
		if t.Failed() {
			c.Kill()
		}
	}
	out := c.Wait()
	if !out.IsExit(0) {
		t.Fatal(out)
	}
	return out
}

// Dumping a program at work, over and over: every thread is accounted for each
// time, no call is ended that the signal would end, none that goes on after a
// signal fails, and no result is wrong.
func TestDumpDoesNoHarm(t *testing.T) {
	rounds := 100
	if victim.Full {
		rounds = 10_000
	}
	dumps, late := 0, 0
	out := stream(t, fmt.Sprintf("busy %d", rounds), func(dump *report.Report) {
		dumps++
		if !dump.Complete() {
			t.Errorf("dump %d: %v\n%s", dumps, dump.End.Reasons, tail(dump.String()))
		}
		accounted(t, dump)
		late += dump.Answers.Late
		for _, kind := range []string{"poll", "select", "epoll", "nanosleep", "clock_nanosleep",
			"sem_timedwait", "recv", "sigtimedwait", "ping", "pong", "odd", "even", "malloc", "compute"} {
			found := false
			for i := range dump.Threads {
				found = found || has(&dump.Threads[i], "busy_"+kind)
			}
			// Late threads, and those in calls from which the frame
			// pointer is needed to go on, may lack their outer frames.
			if !found && dump.Answers.Late == 0 && !sits[kind] {
				t.Errorf("no thread is in busy_%s\n%s", kind, tail(dump.String()))
			}
		}
		for i := range dump.Threads {
			thread := &dump.Threads[i]
			if sits[thread.Name()] && mark(thread).Reason != "a signal would end its system call" {
				t.Errorf("%s was asked: %v", thread.Name(), thread.Frames)
			}
		}
	})
	if dumps != rounds {
		t.Fatalf("%d dumps of %d\n%s", dumps, rounds, out.Stdout)
	}
	found := numbers(t, out)
	if found["sat-through"] != 0 || found["restarted"] != 0 || found["wrong"] != 0 || found["rounds"] == 0 {
		t.Errorf("the program noticed: %v", found)
	}
	t.Logf("%d dumps, %d late answers, %d rounds of ping", rounds, late, found["rounds"])
}

// sits are the threads of busy.c that must not be interrupted.
var sits = map[string]bool{"poll": true, "select": true, "epoll": true, "nanosleep": true,
	"clock-nanosleep": true, "sem-timedwait": true, "recv": true, "sigtimedwait": true,
	"clock_nanosleep": true, "sem_timedwait": true}

// The walk on a thread's signal stack takes at most 8 KiB beyond the kernel's
// frame, which has at most the size that the kernel tells (AT_MINSIGSTKSZ).
func TestStackUse(t *testing.T) {
	_, out := survive(t, "stackuse 5")
	used := numbers(t, out)["used"]
	frame := kernelFrame(t)
	if used < 1000 || used > frame+8192 {
		t.Errorf("%d bytes used, the kernel's frame takes %d", used, frame)
	}
	t.Logf("%d bytes, of which the kernel's frame takes at most %d", used, frame)
}

// kernelFrame is what a signal puts on a stack, at most: AT_MINSIGSTKSZ.
func kernelFrame(t *testing.T) int {
	const minSigStackSize = 51
	vector, err := unix.Auxv()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range vector {
		if entry[0] == minSigStackSize {
			return int(entry[1])
		}
	}
	return 2048 // MINSIGSTKSZ, before the kernel told
}
