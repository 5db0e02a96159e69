//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/gort/exits"
	"github.com/epitaph-go/epitaph/internal/oomkill"
)

// watchExits has the runtime call leave before main's return or os.Exit ends the process.
// Where the runtime is not known they end it in the middle of a report, and leave no mark
// in the black box.
var watchExits = sync.OnceValue(func() error { return exits.RunLast(leave) })

// writeWatch writes to the black box, if there is one, what tells the ends apart that leave
// no mark there.
func writeWatch() {
	exits := watchExits() == nil
	if !cgo.BoxWorks() {
		return
	}
	watch := boxformat.Watch{Exits: exits, Signals: cgo.WatchesSignals(), OOM: oomkill.Now()}
	cgo.WriteBoxWatch(watch.Encode())
}

// stopped is what no pause of leave takes; if one did, the process was stopped meanwhile.
const stopped = 100 * time.Millisecond

// leave waits while a thread's crash is being reported, which ends the process. The
// pauses are Go's, so that the goroutine gives up its P, which the report may need.
func leave() {
	if inCopy {
		return
	}
	waited := time.Duration(0)
	for last := time.Now(); !cgo.MayLeave(waited); time.Sleep(5 * time.Millisecond) {
		if inLastAct() {
			cgo.LetLeave()
		}
		now := time.Now()
		waited += min(now.Sub(last), stopped)
		last = now
	}
	if cgo.BoxWorks() {
		buf := make([]byte, 16<<10)
		cgo.Leaves(howItLeaves(string(buf[:runtime.Stack(buf, false)])))
	}
}

// inLastAct tells whether the crash hook runs on the calling goroutine. To exit is
// its own decision.
func inLastAct() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "internal/engine.(*responder).runLastAct.func1") {
			return true
		}
		if !more {
			return false
		}
	}
}

// howItLeaves reads off a goroutine's stack who ends the process, with what status, and
// where that was called. The runtime shows the words of arguments, and those of
// exithook.Run are the status.
func howItLeaves(stack string) (how, status int, where string) {
	const run, exit, fatal = "\ninternal/runtime/exithook.Run(", "\nos.Exit(", "\nlog."
	how, status = boxformat.MarkReturn, -1
	if _, arguments, found := strings.Cut(stack, run); found {
		word := arguments[:max(strings.IndexAny(arguments, "?)\n"), 0)]
		if n, err := strconv.ParseUint(word, 0, 64); err == nil {
			status = int(int32(n) & 0xff) // as a parent sees it
		}
	}
	_, callers, found := strings.Cut(stack, exit)
	if !found {
		return how, status, ""
	}
	how = boxformat.MarkOSExit
	callers = afterFrame(callers)
	for strings.HasPrefix(callers, fatal[1:]) && strings.Contains(firstLine(callers), "Fatal") {
		how = boxformat.MarkLogFatal
		callers = afterFrame(callers)
	}
	name := firstLine(callers)
	if bracket := strings.LastIndexByte(name, '('); bracket > 0 {
		name = name[:bracket] // without the arguments
	}
	place := firstLine(afterLine(callers))
	place, _, _ = strings.Cut(strings.TrimSpace(place), " +0x")
	return how, status, name + " (" + place[strings.LastIndexByte(place, '/')+1:] + ")"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func afterLine(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

// afterFrame is what follows the two lines of a frame.
func afterFrame(text string) string { return afterLine(afterLine(text)) }
