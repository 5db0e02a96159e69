//go:build linux && (amd64 || arm64) && cgo

// Package edges tests what happens at the edges of a crash: a report that gets
// into trouble itself, outputs that do not take it, handlers of others, forked
// children, threads that come and go. Every crash is that of a child process,
// the program victim, and is judged by how the process ended and by what
// report.Parse makes of its text.
package edges

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// slack is what a busy machine may add to a deadline before a test takes notice:
// the child is started within that time, and has to get the CPU.
const slack = 4 * time.Second

// program has the switches for tests.
var program = &victim.Program{Build: []string{"-tags", "epitaph_test", "./victim"}, Limit: 10 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// start starts "victim SCENARIO SETTINGS", which are separated by spaces.
func start(t *testing.T, line string, changes ...victim.Change) *victim.Child {
	t.Helper()
	victim.NeedDivision(t, line)
	return program.Start(t, line, changes...)
}

func run(t *testing.T, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	victim.NeedDivision(t, line)
	return program.Run(t, line, changes...)
}

// signalSetting adds the number of a signal as a setting.
func signalSetting(signal syscall.Signal) victim.Change {
	return victim.Args(fmt.Sprintf("signal=%d", signal))
}

// shows fails unless the crashing thread's stack has these functions, in order.
func shows(t *testing.T, r *report.Report, functions ...string) {
	t.Helper()
	current := r.Current()
	if current == nil {
		t.Fatalf("no current thread in:\n%s", r)
	}
	left := functions
	for _, frame := range current.Frames {
		if len(left) > 0 && frame.Name() == left[0] {
			left = left[1:]
		}
	}
	if len(left) > 0 {
		t.Errorf("no frame of %s (in this order: %v) in:\n%s", left[0], functions, r)
	}
}
