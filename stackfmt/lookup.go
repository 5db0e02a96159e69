package stackfmt

import "strings"

// LookupLines reads the source lines of all frames that hold none and stores them
// in the frames, with the columns of the expressions that Go frames stand in. So
// a stack can be printed with them, or marshalled, where the files are not. It
// answers to lookup_lines=True, which reads them when a stack is taken.
func (s Stack) LookupLines(opts ...PrintOption) {
	c := newConfig(opts)
	newPrinter(&c, &plainTheme, nil).lookupLines(s, nil)
}

// LookupLines is [Stack.LookupLines] for the stacks of t and of all errors below
// it.
func (t *Traceback) LookupLines(opts ...PrintOption) {
	c := newConfig(opts)
	p := newPrinter(&c, &plainTheme, nil)
	seen := map[*Traceback]bool{nil: true}
	for work := []*Traceback{t}; len(work) > 0; {
		t := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[t] {
			continue
		}
		seen[t] = true
		p.lookupLines(t.Stack, t)
		work = append(append(work, t.Cause, t.Context), t.Group...)
	}
}

func (p *printer) lookupLines(s Stack, t *Traceback) {
	for i := range s {
		f := &s[i]
		name := p.rewritten(f.File)
		if f.Source != "" || f.Line <= 0 || name == "" {
			continue
		}
		found, ok := p.src.expression(f, name, p.blockKey(f, name, siteOf(s, i, t)))
		if ok && strings.TrimSpace(found.Source) != "" {
			f.Source, f.EndLine, f.Col, f.EndCol = found.Source, found.EndLine, found.Col, found.EndCol
		}
	}
}
