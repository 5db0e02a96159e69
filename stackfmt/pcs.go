package stackfmt

import "runtime"

// stackOf turns return addresses, the innermost first, into a Stack.
func stackOf(pcs []uintptr) Stack {
	return symbolized(make(Stack, 0, len(pcs)), pcs, rankSystem, false)
}

// errorStackOf turns return addresses as an error or a panic carries them into
// the Stack to show. The runtime's own functions are left out, as in its
// tracebacks.
func (c *config) errorStackOf(pcs []uintptr) Stack {
	if len(pcs) == 0 {
		return nil
	}
	return symbolized(c.newStack(len(pcs)+1), pcs, rankUser, isCut(pcs))
}

func symbolized(s Stack, pcs []uintptr, lowest rank, cut bool) Stack {
	if len(pcs) == 0 {
		return nil
	}
	if cut {
		s = append(s, Frame{Elided: -1})
	}
	for i := len(pcs) - 1; i >= 0; i-- {
		switch sym, several := symbolOf(pcs[i]); {
		case sym == nil:
			s = appendSymbols(s, several, lowest)
		case sym.exit:
			s = appendExit(s, sym, pcs[i+1:], lowest)
		default:
			s = appendSymbol(s, sym, lowest)
		}
	}
	return s
}

// appendExit appends a function that is running its deferred calls. Calls that
// were inlined into it, at the addresses before, are taken out of s: they are not
// being made.
func appendExit(s Stack, sym *symbol, before []uintptr, lowest rank) Stack {
	if !sym.inlined {
		s = appendSymbol(s, sym, lowest)
	}
	for i := 0; sym.inlined && i < len(before); i++ {
		if sym, _ = symbolOf(before[i]); sym == nil {
			break
		}
		if sym.inlined && sym.rank >= lowest && len(s) > 0 {
			s = s[:len(s)-1]
		}
	}
	s.called("runtime.deferreturn")
	return s
}

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

// functionAt returns the name of the innermost function at a return address.
func functionAt(pc uintptr) string {
	if f := runtime.FuncForPC(pc - 1); f != nil {
		return f.Name()
	}
	return ""
}
