package crashtest

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// runChild is Run in the new process. It does not return: there is no result here that
// the code behind Run could use, and that code is the parent's.
func (o *order) runChild(t *testing.T, f func(), c *config) {
	if t.Name() != o.Test {
		o.note(eventOther, t.Name())
		os.Exit(1)
	}
	o.note(eventReached, "")
	if !c.bare {
		o.enable(c)
	}
	go o.call(t, f)
	for {
		time.Sleep(time.Hour) // of all waits the one that a report on a hang counts last
	}
}

// enable has Epitaph write what happens to the parent's file. Symbols are left to
// the parent: to read them here would take most of the time of a run.
func (o *order) enable(c *config) {
	out, err := os.OpenFile(o.Report, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		panic("crashtest: " + err.Error())
	}
	opts := []handler.Option{handler.WithOutput(out), handler.WithSymbolBudget(0)}
	keep, err := coverageKeeper()
	if err != nil {
		o.note(eventCoverage, err.Error())
	}
	if keep != nil {
		// After a panic there are no files in the copy of the process that the hook would
		// run in.
		hook := handler.WithOnCrash(func(context.Context, []byte) { keep() })
		opts = append(opts, hook, handler.WithOnCrashResume())
	}
	err = handler.Enable(append(opts, c.handler...)...)
	if errors.Is(err, handler.ErrNoNative) {
		o.note(eventNoCore, err.Error())
		os.Exit(0)
	}
	o.saveMaps()
	if err == nil {
		err = handler.DumpLater(o.Limit, handler.WithOutput(out), handler.WithExit())
	}
	if err != nil {
		o.note(eventNoEnable, err.Error())
		os.Exit(1)
	}
}

// call calls f on a goroutine of its own. package testing would recover a panic, and print
// it again from another place; a recover here would change the panic, too. A goroutine that
// ends otherwise is recognized by its stack.
func (o *order) call(t *testing.T, f func()) {
	defer func() {
		if endsByGoexit() {
			o.end(t, eventGoexit)
		}
	}()
	f()
	o.end(t, eventReturned)
}

// endsByGoexit tells a deferred function what it runs for.
func endsByGoexit() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		switch frame.Function {
		case "runtime.Goexit":
			return true
		case "runtime.gopanic":
			return false
		}
		if !more {
			return false
		}
	}
}

// end ends the process without the rest of TestMain.
func (o *order) end(t *testing.T, event string) {
	if t.Failed() {
		o.note(eventFailed, "")
	}
	flushC()
	o.note(event, "")
	os.Exit(0)
}

// timeLeft is how long a child may run so that its dump comes before go test's own panic.
func timeLeft(t testing.TB, timeout time.Duration) time.Duration {
	const margin = 5 * time.Second
	d, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return timeout
	}
	deadline, ok := d.Deadline()
	if !ok {
		return timeout
	}
	left := time.Until(deadline)
	return max(min(timeout, max(left-margin, left/3)), 10*time.Millisecond)
}
