//go:build linux && (amd64 || arm64) && !go1.28

package vars

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// Bits of runtime.traceback_cache (runtime/runtime1.go).
const (
	tracebackCrash = 1
	tracebackAll   = 2
	tracebackShift = 2
)

// FindTraceback returns the address of runtime.traceback_cache, a uint32 that
// holds the level of GOTRACEBACK and, in bit 0, whether the runtime's fatal
// errors end in SIGABRT instead of exit(2). The runtime reads and writes it
// atomically.
//
// The variable may be named neither by linkname nor by assembly. Its address is
// read off the one atomic store of debug.SetTraceback, and the function is called to
// see whether it changes what is there. The word is the same afterwards.
func FindTraceback() (Address, error) {
	set := debug.SetTraceback
	found := scan.Body(scan.Entry(unsafe.Pointer(&set))).StoredAtomically(4)
	if len(found) != 1 || found[0]%4 != 0 || !scan.IsVariable(found[0], 4) {
		return 0, fmt.Errorf("gort/vars: runtime.traceback_cache not found: %d atomic stores in debug.SetTraceback", len(found))
	}
	word := *(**uint32)(unsafe.Pointer(&found[0]))
	old := atomic.LoadUint32(word)
	for _, level := range levelsOf(old) {
		// The call puts the bit back as it was.
		atomic.StoreUint32(word, old^tracebackCrash)
		debug.SetTraceback(level)
		changed := atomic.LoadUint32(word)
		atomic.StoreUint32(word, old)
		if changed == old {
			return Address(found[0]), nil
		}
	}
	return 0, fmt.Errorf("gort/vars: runtime.traceback_cache: SetTraceback does not make %#x there", old)
}

// levelsOf returns levels of which debug.SetTraceback may make WORD. What the
// environment had set stays set, whatever the level; and in a library that C
// loads the bit is always set.
func levelsOf(word uint32) (levels []string) {
	switch level := word >> tracebackShift; {
	case word&tracebackAll != 0:
		levels = []string{strconv.Itoa(int(level))}
	case level < 2:
		levels = []string{[...]string{"none", "single"}[level]}
	}
	if word&tracebackCrash != 0 {
		levels = append(levels, "crash")
	}
	return levels
}

// backlogSize is len(runtime.printBacklog).
const backlogSize = 512

// FindBacklog finds it. The way there is that of a print statement, call by call, each known by the
// name of its function. What runtime.Stack prints goes through the ring as well,
// which tells whether the addresses are right.
func FindBacklog() (Backlog, error) {
	at := scan.PrintStatement()
	for _, name := range []string{"runtime.printstring", "runtime.gwrite", "runtime.recordForPanic"} {
		var err error
		if at, err = scan.Called(at, name); err != nil {
			return Backlog{}, err
		}
	}
	code := scan.Body(at)
	stores := code.Stored()
	for _, index := range code.Loaded() {
		if !slices.Contains(stores, index) || !scan.IsVariable(index, 8) {
			continue
		}
		for _, ring := range code.Taken() {
			if !scan.IsVariable(ring, backlogSize) {
				continue
			}
			// On a goroutine whose stack is short: its text has to be whole.
			found := make(chan bool)
			go func() { found <- holdsWhatIsPrinted(ring, index) }()
			if <-found {
				return Backlog{ring, index}, nil
			}
		}
	}
	return Backlog{}, errors.New("gort/vars: runtime.printBacklog not found: unknown code in runtime.recordForPanic")
}

// holdsWhatIsPrinted compares the ring with what was just printed. Another thread
// may print at the same time.
func holdsWhatIsPrinted(ringAt, index uintptr) bool {
	ring, next := *(**[backlogSize]byte)(unsafe.Pointer(&ringAt)), *(**int)(unsafe.Pointer(&index))
	var stack [8 * backlogSize]byte
	for range 3 {
		n := runtime.Stack(stack[:], false)
		end := *next
		if n == len(stack) || uint(end) >= backlogSize {
			continue
		}
		i := 0
		for i < min(n, backlogSize) && ring[(end-1-i+backlogSize)%backlogSize] == stack[n-1-i] {
			i++
		}
		if i == min(n, backlogSize) {
			return true
		}
	}
	return false
}
