package stackfmt

import (
	"runtime"
	"slices"
	"strings"
)

// stackFromPCs resolves return addresses as runtime.Callers gives them, most
// recent call first. Frames of the runtime are left out by the rule of its own
// tracebacks (showfuncinfo in runtime/traceback.go): those that users know
// stay, so does the call of panic in the middle of a stack.
func stackFromPCs(pcs []uintptr) Stack {
	if len(pcs) == 0 {
		return nil
	}
	stack := make(Stack, 0, len(pcs)+4)
	last := ""
	frames := runtime.CallersFrames(pcs)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		last = f.Function
		if showsFunction(f.Function, len(stack) == 0) {
			stack = append(stack, frameOf(&f))
		}
	}
	// A complete stack ends in the runtime. One that does not was cut by the
	// limit of the library that took it, and says so nowhere.
	if len(pcs) >= minCutDepth && last != "runtime.goexit" && last != "main.main" {
		stack = append(stack, Frame{Elided: -1})
	}
	slices.Reverse(stack)
	return stack
}

// minCutDepth is the smallest limit that is in use, that of pkg/errors and those
// that copied it. A shorter stack was trimmed on purpose.
const minCutDepth = 32

func frameOf(f *runtime.Frame) Frame {
	name := f.Function
	if name == "runtime.gopanic" {
		name = "panic" // as printFuncName (runtime/traceback.go) has it
	}
	out := Frame{File: f.File, Line: f.Line, Func: name, PC: uint64(f.PC)}
	if f.Entry != 0 && f.PC > f.Entry {
		out.Offset = uint64(f.PC - f.Entry)
	}
	return out
}

// showsFunction reports whether a traceback of the runtime would show the
// function.
func showsFunction(name string, first bool) bool {
	if name == "runtime.gopanic" {
		return !first
	}
	rest, ok := strings.CutPrefix(name, "runtime.")
	if !ok {
		return strings.Contains(name, ".") || name == ""
	}
	// runtime.main is the runtime's, runtime.Gosched the user's.
	return rest != "" && 'A' <= rest[0] && rest[0] <= 'Z'
}
