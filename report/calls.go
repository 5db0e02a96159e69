package report

// Calls returns the calls of the stack that the report is about, the innermost first, the
// program's own (see InApp) and all others: the stack of which Program has the program's
// own calls. Lines that are no calls, as <signal handler called> and marks of what was cut,
// are left out. It is for tools that hand the stack on in another format.
func (r *Report) Calls() []Frame {
	calls := r.stack()
	frames := make([]Frame, len(calls))
	for i, c := range calls {
		frames[i] = *c.Frame
	}
	return frames
}
