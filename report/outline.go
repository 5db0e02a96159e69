package report

// Outline returns the calls of a stack that tell people where it is, innermost first.
// Plumbing and frames of Epitaph are left out, and so is every line that is no call, but for
// a first one that says that the address is no code. Of library functions that call
// each other only the outermost one stays, which the program has called, under its
// public name: memcpy, not __memcpy_avx_unaligned_erms; free, not the way from a
// failed check to abort.
func (r *Report) Outline(frames []Frame) []Frame {
	var list []Frame
	if len(frames) > 0 && frames[0].Kind == NotExecutableFrame {
		list = append(list, frames[0])
	}
	calls := r.calls(frames)
	for i, c := range calls {
		switch {
		case c.from == ofPlumbing || c.from == ofEpitaph || c.doubtful:
			continue
		case c.from == ofLibrary && calledByLibrary(calls[i+1:]):
			continue
		}
		f := *c.Frame
		if c.from == ofLibrary && c.name != "" {
			f.Func = publicName(c.name)
		}
		list = append(list, f)
	}
	return list
}

// calledByLibrary reports whether the caller, the first of these, is of a library as
// well. Between the two may be a function of Epitaph's, such as what std::terminate calls.
func calledByLibrary(callers []call) bool {
	for _, c := range callers {
		if c.from != ofEpitaph {
			return c.from == ofLibrary
		}
	}
	return false
}

// Function returns the frame's function in the form that signatures have: without what
// changes from build to build, such as parameters, the numbers of closures and the
// suffixes of compiler clones. It is empty if the frame has no function.
func (f Frame) Function() string { return normalize(f.Func) }
