package report

// setPlaces gives the lines of source of C functions their module, by the PC that the
// function itself has, and both to the calls that were inlined into it, which come
// before.
func (r *Report) setPlaces() {
	for i := range r.Threads {
		frames := r.Threads[i].Frames
		for k := range frames {
			f := &frames[k]
			if f.Kind != SourceFrame || f.PC == 0 || f.Inlined {
				continue
			}
			if m := r.Module(f.PC); m != nil {
				f.Module = m.Path
			}
			for j := k - 1; j >= 0 && frames[j].Kind == SourceFrame && frames[j].Inlined; j-- {
				frames[j].PC, frames[j].Module = f.PC, f.Module
			}
		}
	}
}
