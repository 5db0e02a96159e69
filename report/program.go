package report

// InApp reports whether a frame is the program's own, Go or C: no line that is no call,
// and nothing of libc, the C++ runtime, Go's standard library, cgo or Epitaph. Modules
// that the program was built from, and shared libraries other than those of the
// language, are its own.
func (r *Report) InApp(f Frame) bool {
	if !f.isCall() {
		return false
	}
	return r.originOf(&f, normalize(f.Func), r.hasCLibrary()) == ofProgram
}

// Plumbing reports whether a frame is one of those that every stack has of its kind:
// where threads, programs and goroutines start, and where Go and C call each other.
// Who shows a stack may fold them.
func (r *Report) Plumbing(f Frame) bool {
	if !f.isCall() {
		return false
	}
	from := r.originOf(&f, normalize(f.Func), r.hasCLibrary())
	return from == ofPlumbing || from == ofEpitaph
}

// Program returns the program's own frames of the stack that the report is about, the
// innermost first: of the thread that crashed or, where Go wrote a report of its own and
// its stack cannot be walked, of the goroutine in that. Of a report on a hang it is the
// stack that WaitsFor puts first.
func (r *Report) Program() []Frame {
	var frames []Frame
	for _, c := range r.stack() {
		if c.from == ofProgram {
			frames = append(frames, *c.Frame)
		}
	}
	return frames
}

// stack returns the calls of the stack that the report is about.
func (r *Report) stack() []call {
	if r.Kind == Timeout || r.Kind == Dump && !anyProgram(r.currentCalls()) {
		if waits := r.waits(); len(waits) > 0 {
			return waits[0].calls
		}
	}
	return r.currentCalls()
}

func (r *Report) currentCalls() []call {
	var list []call
	if t := r.Current(); t != nil {
		list = r.calls(t.Frames)
	}
	if !anyProgram(list) && r.GoText != nil {
		if from := r.calls(r.GoText.frames()); anyProgram(from) {
			return from
		}
	}
	return list
}

func anyProgram(calls []call) bool {
	for _, c := range calls {
		if c.from == ofProgram && !c.doubtful {
			return true
		}
	}
	return false
}
