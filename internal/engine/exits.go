//go:build cgo && linux && amd64

package engine

import (
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort/exits"
)

// watchExits has the runtime call leave before main's return or os.Exit ends the process.
// Where the runtime is not known they end it in the middle of a report.
var watchExits = sync.OnceValue(func() error { return exits.RunLast(leave) })

// leave waits while a thread's crash is being reported, which ends the process. The
// pauses are Go's, so that the goroutine gives up its P, which the report may need.
func leave() {
	for since := monotonic(); !cgo.MayLeave(since); time.Sleep(5 * time.Millisecond) {
		if inLastAct() {
			cgo.LetLeave()
		}
	}
}

// inLastAct tells whether the program's last act runs on the calling goroutine. To exit is
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
