//go:build linux && cgo

package crashtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var (
	demo = &victim.Program{Name: "crashdemo", Build: []string{"../../cmd/crashdemo"}, Limit: time.Minute}
	auto = &victim.Program{Name: "auto", Build: []string{"../../handler/auto/testdata/victim"}, Limit: time.Minute}

	exits = &victim.Program{Name: "exits", Build: []string{"../exits/victim"}, Limit: time.Minute}
)

// TestCommand: the report of a program is taken out of its standard error.
func TestCommand(t *testing.T) {
	r := crashtest.Command(t, exec.Command(demo.Path(t), "run", "null-write", "-place", "callback")).Want(`
		SIGSEGV: write
		crash_null_write  pointers.c
		...
		main.goVisit      visit.go
		...
		main.main         main.go
	`)
	if r.Report.Signal.Number != 11 || strings.Contains(string(r.Stderr), "Current thread") || r.TimedOut {
		t.Errorf("signal %+v, standard error:\n%s", r.Report.Signal, r.Stderr)
	}
	t.Run("bare", func(t *testing.T) {
		crashtest.Command(t, exec.Command(demo.Path(t), "run", "abort", "-plain"), crashtest.WithoutReport()).
			Want("exit 2").WantText("SIGABRT")
	})
}

// TestCommandReturns: a program whose main returns, or calls os.Exit, while a thread's crash is reported has
// crashed.
func TestCommandReturns(t *testing.T) {
	for _, how := range []string{"return", "exit"} {
		for _, ms := range []string{"1", "5"} {
			t.Run(how+"/"+ms, func(t *testing.T) {
				t.Parallel()
				crashtest.Command(t, exec.Command(exits.Path(t), "race", "how="+how, "ms="+ms)).Want("SIGSEGV: write")
			})
		}
	}
}

// TestCommandByEnvironment: a program with package handler/auto needs no more than EPITAPH.
func TestCommandByEnvironment(t *testing.T) {
	r := crashtest.Command(t, exec.Command(auto.Path(t), "crash")).Want("SIGABRT: by the process")
	if string(r.Stdout) != "started, enabled: true\n" || r.Report.End == nil {
		t.Errorf("output %q, report:\n%s", r.Stdout, r.Report)
	}
}

// TestCommandHangs: a program that hangs is asked where, unless its own watchdog has been first.
func TestCommandHangs(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=1")
	r := crashtest.Command(t, cmd, crashtest.WithTimeout(5*time.Second)).Want(`
		hang
		crashtest_test.lockTwice  command_test.go
		...
	`)
	if !r.TimedOut || r.Report.Kind != report.Crash || r.Report.Signal.Name != "SIGABRT" {
		t.Errorf("%v, report:\n%s", r.State, r.Report)
	}
	r = crashtest.Command(t, exec.Command(demo.Path(t), "hang")).Want(`
		hang
		main.transfer     hang.go
		main.transferAll  hang.go
	`)
	if !r.TimedOut || r.Report.Kind != report.Timeout {
		t.Errorf("%v, report:\n%s", r.State, r.Report)
	}
}

// asProgram has the test binary be a program that hangs.
const asProgram = "CRASHTEST_TEST_PROGRAM"

func program() {
	if err := handler.Enable(); err != nil {
		fmt.Println(err)
		return
	}
	lockTwice(new(sync.Mutex))
}

func lockTwice(m *sync.Mutex) {
	m.Lock()
	m.Lock() // waits for ever
}
