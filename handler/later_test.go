package handler_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/report"
)

// These run without the core too, where timers are Go's.

// file is an output of a dump, and what it holds once that is all there.
func file(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// await waits for a dump that shows this test.
func await(t *testing.T, f *os.File, after time.Duration) *report.Report {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if r, err := report.Parse(text); err == nil && strings.Contains(string(text), " in "+functionName()+"\n") {
			if r.Kind != report.Timeout || r.Timeout != after || r.Goroutines == nil || !r.Goroutines.Live {
				t.Errorf("not the dump of a timeout of %v:\n%s", after, text)
			}
			return r
		}
	}
	t.Fatalf("no dump came to %s", f.Name())
	return nil
}

func functionName() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	return strings.TrimSuffix(name, "functionName") + "await"
}

// working fails the test unless the call worked, or as well as it can without the
// core.
func working(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, handler.ErrNoNative) {
		t.Fatal(err)
	}
}

func TestDumpLater(t *testing.T) {
	f := file(t)
	working(t, handler.DumpLater(time.Hour, handler.WithOutput(f)))
	working(t, handler.DumpLater(50*time.Millisecond, handler.WithOutput(f)))
	await(t, f, 50*time.Millisecond)
	working(t, handler.DumpLater(50*time.Millisecond, handler.WithOutput(f), handler.WithRepeat()))
	handler.CancelDumpLater()
	before, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(150 * time.Millisecond)
	if after, err := f.Stat(); err != nil || after.Size() != before.Size() {
		t.Errorf("there is more after CancelDumpLater: %v, %v", after.Size(), err)
	}
	handler.CancelDumpLater()
}

func TestWatchdog(t *testing.T) {
	f := file(t)
	w, err := handler.NewWatchdog(200*time.Millisecond, handler.WithOutput(f))
	working(t, err)
	defer w.Stop()
	for range 40 {
		w.Beat()
		time.Sleep(10 * time.Millisecond)
	}
	await(t, f, 200*time.Millisecond)
	w.Stop()
	w.Beat()
}

// Dumps to one file come one after the other, each in one piece.
func TestManyWatchdogs(t *testing.T) {
	f := file(t)
	var dogs []*handler.Watchdog
	for range 8 {
		w, err := handler.NewWatchdog(5*time.Millisecond, handler.WithOutput(f), handler.WithRepeat())
		working(t, err)
		dogs = append(dogs, w)
	}
	for began := time.Now(); time.Since(began) < 300*time.Millisecond; {
		working(t, handler.Dump(handler.WithOutput(f)))
	}
	for _, w := range dogs {
		w.Stop()
	}
	text, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	reports, timeouts := 0, 0
	for scanner := report.NewScanner(text); scanner.Scan(); reports++ {
		r := scanner.Report()
		if r.Kind == report.Timeout {
			timeouts++
		}
		if r.Goroutines == nil {
			t.Fatalf("report %d has lost its goroutines:\n%s", reports, r)
		}
	}
	if timeouts == 0 || timeouts == reports {
		t.Errorf("%d reports, %d of watchdogs", reports, timeouts)
	}
}

func TestTimerErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{handler.DumpLater(0), "epitaph: DumpLater: 0s is not positive"},
		{handler.DumpLater(-time.Second), "epitaph: DumpLater: -1s is not positive"},
		{handler.DumpLater(time.Hour, handler.WithOneThread()), "epitaph: DumpLater does not take WithOneThread"},
		{handler.DumpLater(time.Hour, handler.WithOutput(nil)), "epitaph: WithOutput: the file is nil"},
		{handler.Dump(handler.WithRepeat()), "epitaph: Dump does not take WithRepeat"},
		{handler.Enable(handler.WithExit()), "epitaph: Enable does not take WithExit"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
	if w, err := handler.NewWatchdog(0); w != nil || err == nil || err.Error() != "epitaph: NewWatchdog: 0s is not positive" {
		t.Errorf("NewWatchdog(0) is %v, %v", w, err)
	}
}
