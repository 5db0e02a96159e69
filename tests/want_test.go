//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// exitUnavailable is crashdemo's status for a crash that cannot be had where it runs.
const exitUnavailable = 69

// exitSwallowed is its status when the crash did not end the process.
const exitSwallowed = 3

// want is what has to be seen of a crash.
type want struct {
	signal syscall.Signal
	// status is that of exit, or 0 when the signal itself has to end the process.
	status int
	// silent: there is no report. Nothing else may be on standard error either.
	silent bool
	// frames are the program's own functions, innermost first: C functions by their symbol, Go functions less the
	// import path. No other function of the program may be on the stack.
	frames []string
	// message is the form of what the C library or the C++ runtime said of it; empty: nothing.
	message string
	// mayMiss: the frames may be gone that are C functions behind the first. Those of Go may not.
	mayMiss bool
	// gap: the report has to say that it lost the stack, or met a return address that is none.
	gap bool
	// end is the function at the end of the stack; without one any will do.
	end end
	// guesses: frames may be found by a scan or by frame pointers, and are marked then.
	guesses bool
	// unnamed: functions of C have no names, only module and offset.
	unnamed bool
	// anywhere: the stack may be that of a thread that has nothing to do with the crash.
	anywhere bool
}

// An end is where a stack ends, as one of these functions.
type end []string

var (
	goroutineEnd = end{"runtime.goexit"}
	threadEnd    = end{"clone3", "clone", "__clone", "__clone3"}
)

// On arm64 a thread starts at a local symbol behind clone, which a C library that was
// stripped has not.
func init() {
	if runtime.GOARCH == "arm64" {
		threadEnd = append(threadEnd, "thread_start", "")
	}
}

// messages are what glibc and libstdc++ say, by kind. Which of its checks finds a damaged heap depends on the arena, and so
// on the thread; whether an assertion's function has its type in front, on the compiler.
var messages = map[string]string{
	"assert":           `^[a-z0-9.-]+: aborts\.c:\d+: (void )?crash_assert(\(void\))?: Assertion .balance >= 0' failed\.$`,
	"double-free":      `^double free or corruption \((!prev|out)\)$`,
	"heap-corruption":  `^free\(\): invalid next size \(normal\)$`,
	"cxx-throw":        `^terminate called after throwing an instance of 'std::runtime_error'; what\(\): nobody catches this$`,
	"cxx-terminate":    `^terminate called without an active exception$`,
	"cxx-thread-throw": `^terminate called after throwing an instance of 'std::runtime_error'; what\(\): nobody on this thread catches this$`,
}

// normally is what the table of crashdemo leads one to expect of a kind in a place. What its traits change is among the
// exceptions.
func normally(k kind, p place) *want {
	w := &want{signal: k.signal(), end: goroutineEnd, message: messages[k.Name]}
	w.frames = append([]string{k.Func}, k.Callers...)
	if !k.has("own-thread") {
		w.frames = append(w.frames, p.Frames...)
	}
	if k.has("own-thread") || p.Name == "thread" {
		w.end = threadEnd
	}
	return w
}

// expect is what has to be seen of a case in a variant.
func (v *variant) expect(k kind, p place) *want {
	w := normally(k, p)
	for _, e := range exceptions {
		if e.applies(v, k, p) {
			e.change(w)
		}
	}
	return w
}

// isGo tells a Go function from one of C.
func isGo(name string) bool { return strings.Contains(name, ".") }

// An exception is a place where something else is right than what normally says. All of a row's conditions have to hold;
// an empty one always does.
type exception struct {
	traits   string // of the kind, separated by commas
	kinds    string // likewise
	places   string
	variants string
	machine  string // as GOARCH has it
	reason   string // for README.md
	change   func(w *want)
}

func (e *exception) applies(v *variant, k kind, p place) bool {
	one := func(list, name string) bool {
		return list == "" || slices.Contains(strings.Split(list, ","), name)
	}
	if e.machine != "" && e.machine != runtime.GOARCH {
		return false
	}
	if e.traits != "" && !slices.ContainsFunc(strings.Split(e.traits, ","), k.has) {
		return false
	}
	return one(e.kinds, k.Name) && one(e.places, p.Name) && one(e.variants, v.name)
}

var exceptions = []exception{
	{
		traits: "silent",
		reason: "The kernel kills a thread that faults with the signal blocked, without asking any handler: nothing in the process can report it.",
		change: func(w *want) { w.silent = true },
	},
	{
		traits: "any-thread", places: "goroutine,thread",
		reason: "kill sends the signal to the process, and the kernel prefers the first thread, which does not crash here: the report shows a signal that the process sent to itself, and shows where it hit.",
		change: func(w *want) { w.anywhere, w.end = true, nil },
	},
	{
		traits: "callers-lost",
		reason: "The return addresses of C are overwritten, or the stack pointer is 0: the C callers cannot be known. The gap is marked, and the Go functions behind it are all there.",
		change: func(w *want) { w.mayMiss, w.gap, w.guesses = true, true, true },
	},
	{
		traits: "callers-lost", places: "thread",
		reason: "With the stack lost on a thread that C created, nothing leads to its start: no Go function called this.",
		change: func(w *want) { w.end = nil },
	},
	{
		kinds: "no-stack", machine: "arm64",
		reason: "On arm64 the return address is in a register, and from there on the frame records lead through C: nothing is lost.",
		change: func(w *want) { w.gap = false },
	},
	{
		traits: "sent", variants: "pid1,pid1-notify,pid1-ignore",
		reason: "A signal that is sent cannot kill PID 1: the kernel discards it when the default action is all there is. The exit status tells the signal as a shell does, 128 + its number.",
		change: func(w *want) { w.status = 128 + int(w.signal) },
	},
	{
		traits: "any-thread", variants: "notify,pid1-notify",
		reason: "signal.Notify has asked for the signal, and kill sends one, if to the process itself: it goes to the channel, as without Epitaph, and the program goes on. (abort is no such request, and is reported.)",
		change: func(w *want) { w.status, w.silent = exitSwallowed, true },
	},
	{
		kinds: "raise", variants: "notify,pid1-notify",
		reason: "The same: the signal of raise is sent, too.",
		change: func(w *want) { w.status, w.silent = exitSwallowed, true },
	},
	{
		kinds: "kill-self", variants: "ignore,pid1-ignore",
		reason: "signal.Ignore has asked for the signal to be dropped when it is sent: so it is, as without Epitaph.",
		change: func(w *want) { w.status, w.silent = exitSwallowed, true },
	},
	{
		kinds: "raise", places: "main,cgo,goroutine,callback", variants: "ignore,pid1-ignore",
		reason: "The same. On a thread that C created Go's handler does not obey signal.Ignore, and the signal kills.",
		change: func(w *want) { w.status, w.silent = exitSwallowed, true },
	},
	{
		kinds: "dlopen-constructor", variants: "musl",
		reason: "A static program of musl cannot load libraries; crashdemo says so.",
		change: func(w *want) { w.status, w.silent = exitUnavailable, true },
	},
	{
		variants: "musl",
		reason:   "musl is built without call frame information: frames in it, and those that called it, are found by a scan, and marked.",
		change:   func(w *want) { w.guesses = true },
	},
	{
		variants: "musl",
		reason:   "musl keeps no message: what a failed assertion says is on standard error only, and its allocator says nothing.",
		change:   func(w *want) { w.message = "" },
	},
	{
		variants: "stripped,pie-stripped,static-stripped",
		reason:   "Without the symbol table nothing names a C function of the program, which exports only what cgo makes for its //export comments: the report has module and offset, by which the unstripped program names it later. Go's functions have their names as always, and those of libraries.",
		change:   func(w *want) { w.unnamed = true },
	},
	{
		kinds: "stack-overflow,no-stack", places: "thread", variants: "nowrap",
		reason: "Without the wrapper of pthread_create a C thread has no alternate stack, so that the kernel has nowhere to call a handler once the stack is used up, or gone.",
		change: func(w *want) { w.silent = true },
	},
}
