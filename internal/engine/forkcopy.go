//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort"
	"github.com/epitaph-go/epitaph/internal/gort/panics"
	"github.com/epitaph-go/epitaph/internal/gort/revive"
)

// What goOn needs; set once, before the core can have it run.
var (
	forkcopy cgo.ForkCopy
	revival  revive.Revival
)

// prepareForkCopy has the core let the goroutine that died go on in a copy of the
// process. Without it the report has Go's text of the panic alone.
func prepareForkCopy() {
	var err error
	if revival, err = revive.FindRevival(); err == nil {
		forkcopy, _ = cgo.NewForkCopy(revive.ResumeAt(goOn))
	}
}

// goOn is where a goroutine goes on that has died of a panic: in a copy of the process,
// to tell the panic or to run the crash hook, or, for the latter, in the process itself,
// where the program wants that.
func goOn() {
	if resumed() {
		lastActOfPanic()
		return
	}
	inCopy = true
	switch {
	case forkcopy.IsForLastAct():
		runLastActInCopy()
	default:
		tellPanic()
	}
}

// inCopy is true in a copy of the process alone. There no thread waits for a crash that is
// reported, and a call of C might not come back: it has to get its P again.
var inCopy bool

// allocated is allocated by who goes on.
//
//lint:ignore U1000 it is written so that it has to be allocated
var allocated *[16]byte

// tellPanic runs in a copy of the process (native/goruntime/forkcopy.h), on the goroutine
// that died, which the core has made to go on. Only this thread exists, the scheduler
// stands still, and all files are closed: whatever waits, waits in vain, and the
// process kills it.
func tellPanic() {
	defer forkcopy.End()
	revival.Revive()
	// Where a collection is due, or under way, an allocation would wait for it; not
	// where the thread holds a lock. But then a panic, if only in a method of the value
	// that recovers it, is fatal. It is in any case before there was an allocation.
	if forkcopy.Attempt() == 0 {
		gort.Pin()
	}
	allocated = new([16]byte)
	died := reader.Load().layout.Panics()
	if len(died) == 0 {
		forkcopy.Refuse(cgo.NoPanic)
		return
	}
	value := stillThere(died[0])
	if value == nil {
		forkcopy.Refuse(cgo.OtherPanic)
		return
	}
	var earlier []any
	for _, p := range died[1:] {
		earlier = append(earlier, stillThere(p))
	}
	forkcopy.Answer(formatPanic(value, earlier))
}

// stillThere is what a panic was called with, or nil where its text is not the one that
// Go has printed: a value that the collector has freed since, or one that always has
// another.
func stillThere(p panics.Panic) any {
	argument := p.Argument
	if argument == nil {
		argument = new(runtime.PanicNilError) // as runtime.gopanic does
	}
	if text, ok := p.Value.(string); panics.Same(argument, p.Value) || ok && text == printedText(argument) {
		return argument
	}
	return nil
}
