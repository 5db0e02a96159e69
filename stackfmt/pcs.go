package stackfmt

import (
	"runtime"
	"strings"
)

// errorStackOf turns return addresses as an error or a panic carries them into
// the Stack to show, oldest call first.
//
// Calls of the runtime are left out by the rule of its own tracebacks
// (showfuncinfo in runtime/traceback.go): those that users know stay, and so
// does the call of panic in the middle of a stack, under the name that the
// runtime prints for it.
func errorStackOf(pcs []uintptr) Stack {
	s := stackOf(pcs)
	kept := s[:0]
	for i := range s {
		f := s[i]
		if !showsFunction(f.Func, i == len(s)-1) {
			continue
		}
		if f.Func == gopanic {
			f.Func = "panic"
		}
		kept = append(kept, f)
	}
	if isCut(pcs) {
		kept = append(kept, Frame{})
		copy(kept[1:], kept)
		kept[0] = Frame{Elided: -1}
	}
	return kept
}

// gopanic is the function that the compiler calls for panic.
const gopanic = "runtime.gopanic"

// minCutDepth is the smallest limit that is in use, that of pkg/errors and those
// that copied it. A shorter stack was trimmed on purpose.
const minCutDepth = 32

// isCut reports whether a stack misses its oldest calls. A complete one ends in
// the runtime, or in main where a library trims that. One that does not was cut
// by the limit of the library that took it, which says so nowhere.
func isCut(pcs []uintptr) bool {
	if len(pcs) < minCutDepth {
		return false
	}
	switch functionAt(pcs[len(pcs)-1]) {
	case "runtime.goexit", "runtime.main", "main.main":
		return false
	}
	return true
}

// functionAt returns the name of the outermost function at a return address.
func functionAt(pc uintptr) string {
	if f := runtime.FuncForPC(pc - 1); f != nil {
		return f.Name()
	}
	return ""
}

// showsFunction reports whether a traceback of the runtime would show the
// function.
func showsFunction(name string, innermost bool) bool {
	if name == gopanic {
		return !innermost
	}
	rest, ok := strings.CutPrefix(name, "runtime.")
	if !ok {
		return strings.Contains(name, ".") || name == ""
	}
	// runtime.main is the runtime's own, runtime.Gosched the user's.
	return rest != "" && 'A' <= rest[0] && rest[0] <= 'Z'
}
