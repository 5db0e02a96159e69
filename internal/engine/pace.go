//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
)

// A pacer makes the indexer work in slices, at the priority that all goroutines have.
// A thread of a low priority would be worse: it keeps the world from stopping for a
// second under load, and so does a goroutine that works without a pause for 50 ms.
// While the program waits for the symbols (Ready), there are no pauses.
type pacer struct {
	calls   int
	awaited atomic.Bool
}

const (
	workPause = 4 * time.Millisecond
	workSlice = 2 // calls of yield: a millisecond

	// Small programs are read in one go, 150 ms at most: they may crash at once, and
	// want lines.
	unpaced = 300
)

// yield is called every half millisecond of work. It counts the calls, not the time:
// under load that passes without any work, and the pauses would be the more.
func (p *pacer) yield() {
	p.calls++
	if p.calls == unpaced {
		cgo.SymbolsPending(false) // it will take seconds: a crash need not wait
	}
	if p.calls > unpaced && p.calls%workSlice == 0 && !p.awaited.Load() {
		time.Sleep(workPause)
	}
}

// goSource is what the paths of Go's own files begin with, up to "runtime/": cgo's C
// files come from there too, but their paths do not say so.
func goSource() string {
	pc := reflect.ValueOf(runtime.GC).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	if i := strings.LastIndex(file, "runtime/"); i >= 0 {
		return file[:i]
	}
	return ""
}
