package goroutines

import "strings"

// hidden reports whether Go's tracebacks leave a function out: one of the
// runtime that is not exported, or one that is in no package (runtime/traceback.go,
// showfuncinfo). Profiles have them, and so have dumps when GOTRACEBACK is
// system or crash; reports show the same stacks whatever they come from.
func hidden(function string) bool {
	if function == "panic" || function == "" {
		return false
	}
	name, runtime := strings.CutPrefix(function, "runtime.")
	if !runtime {
		return !strings.Contains(function, ".")
	}
	if receiver, method, ok := strings.Cut(name, ")."); ok {
		return !exported(strings.TrimLeft(receiver, "(*")) || !exported(method)
	}
	return !exported(name)
}

func exported(name string) bool { return name != "" && 'A' <= name[0] && name[0] <= 'Z' }

// display is the name that Go's tracebacks print.
func display(function string) string {
	if function == "runtime.gopanic" {
		return "panic"
	}
	return function
}

// ofRuntime reports whether a goroutine is one of the runtime's own: nothing
// else is on its stack, and the runtime started it. Go's dumps have them only
// when GOTRACEBACK is system or crash.
func ofRuntime(frames []Frame, creator string) bool {
	if !strings.HasPrefix(creator, "runtime.") {
		return false
	}
	for _, f := range frames {
		if f.Elided == 0 && !strings.HasPrefix(f.Func, "runtime.") {
			return false
		}
	}
	return true
}

// visible takes the hidden functions out, in place.
func visible(frames []Frame) []Frame {
	kept := frames[:0]
	for _, f := range frames {
		f.Func = display(f.Func)
		if f.Elided != 0 || !hidden(f.Func) {
			kept = append(kept, f)
		}
	}
	return kept
}
