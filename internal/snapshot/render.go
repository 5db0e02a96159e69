package snapshot

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// framesOf names the calls at pcs, inlined ones too.
func framesOf(pcs []uintptr) (all []runtime.Frame) {
	frames := runtime.CallersFrames(pcs)
	for {
		frame, more := frames.Next()
		all = append(all, frame)
		if !more {
			return all
		}
	}
}

// render returns what the goroutines with this stack do, and its frames as they
// stand in a report. A stack that is cut has more calls than the profile has room for.
func render(all []runtime.Frame, cut bool) (state, text string) {
	state = stateOf(all)
	// The runtime's own functions at both ends say no more than the state does;
	// Go's tracebacks leave them out as well.
	shown := all
	for len(shown) > 0 && internalName(shown[0].Function) {
		shown = shown[1:]
	}
	for len(shown) > 0 && internalName(shown[len(shown)-1].Function) {
		shown = shown[:len(shown)-1]
	}
	if len(shown) == 0 {
		shown = all
	}
	var b strings.Builder
	for _, frame := range shown {
		b.WriteString(`  File "`)
		escape(&b, frame.File)
		b.WriteString(`", line ` + strconv.Itoa(frame.Line) + " in ")
		escape(&b, frame.Function)
		b.WriteByte('\n')
	}
	if cut {
		b.WriteString("  ...\n")
	}
	return state, b.String()
}

// internalName tells functions of the runtime that a program cannot call.
func internalName(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	return ok && rest != "" && !('A' <= rest[0] && rest[0] <= 'Z')
}

// waits are the functions below runtime.gopark, or of packages below those of
// the runtime, and what the runtime calls the state (runtime.waitReason). The
// profile has no states.
var waits = []struct{ function, state string }{
	{"sync.runtime_notifyListWait", "sync.Cond.Wait"},
	{"sync.runtime_SemacquireWaitGroup", "sync.WaitGroup.Wait"},
	{"sync.runtime_SemacquireRWMutexR", "sync.RWMutex.RLock"},
	{"sync.runtime_SemacquireRWMutex", "sync.RWMutex.Lock"},
	{"internal/sync.runtime_SemacquireMutex", "sync.Mutex.Lock"},
	{"sync.runtime_SemacquireMutex", "sync.Mutex.Lock"},
	{"internal/poll.runtime_pollWait", "IO wait"},
	{"time.Sleep", "sleep"},
	{"runtime.chanrecv", "chan receive"},
	{"runtime.chansend", "chan send"},
	{"runtime.selectgo", "select"},
	{"runtime.block", "select (no cases)"},
	{"runtime.cgocall", "syscall"}, // what Go calls it
	{"runtime.notetsleepg", "syscall"},
	{"syscall.Syscall", "syscall"},
	{"syscall.RawSyscall", "syscall"},
	{"internal/runtime/syscall.", "syscall"},
	{"runtime.semacquire", "semacquire"},
}

func stateOf(frames []runtime.Frame) string {
	for _, wait := range waits {
		for _, frame := range frames {
			if strings.HasPrefix(frame.Function, wait.function) {
				return wait.state
			}
			if !internalName(frame.Function) && !strings.Contains(frame.Function, "syscall.") {
				break // what called into the runtime
			}
		}
	}
	if len(frames) > 0 && frames[0].Function == "runtime.gopark" {
		return "waiting"
	}
	return "running or runnable"
}

// escape writes a name of the program as the core does (epi_out_escaped).
func escape(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\' || r < ' ' || r == 0x7f || r == utf8.RuneError && n == 1:
			fmt.Fprintf(b, `\x%02x`, s[i])
		case r < utf8.RuneSelf:
			b.WriteByte(s[i])
		case r <= 0xff:
			fmt.Fprintf(b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
		i += n
	}
}
