package stackfmt

import (
	"path"
	"strconv"
	"strings"
)

// printGoStack prints a stack as runtime/debug.PrintStack does, most recent call
// first, so that what parses that parses this. The layout is that of
// runtime/traceback.go: a line with the function and its arguments, a line with
// the position behind a tab.
func (p *printer) printGoStack(s Stack) {
	p.text("goroutine ")
	p.int(max(p.goroutine, 1))
	p.text(" [running]:\n")
	p.endItem()
	for i := len(s) - 1; i >= 0 && !p.stopped; i-- {
		p.printGoFrame(&s[i])
		p.endItem()
	}
}

func (p *printer) printGoFrame(f *Frame) {
	if f.Elided != 0 {
		// The runtime's words for what it leaves out.
		if f.Elided > 0 {
			p.text("...")
			p.int(f.Elided)
			p.text(" frames elided...\n")
		} else {
			p.text("...additional frames elided...\n")
		}
		return
	}
	native := f.Binary != "" || isNativeFile(f.File)
	p.styled(p.th.Func, orUnknown(f.Func))
	if !native {
		p.text("(")
		if f.Args != "" {
			p.text(f.Args)
		} else {
			p.text("...") // what the runtime prints for an inlined call
		}
		p.text(")")
	}
	p.text("\n\t")
	switch {
	case f.File != "":
		p.styled(p.th.File, f.File)
		p.text(":")
		p.text(p.th.Line)
		p.int(f.Line)
		p.text(p.th.Reset)
	case f.Binary != "":
		p.styled(p.th.File, f.Binary)
	default:
		p.text("???:0")
	}
	switch {
	case native && f.PC != 0:
		p.text(" pc=")
		p.hex(f.PC)
	case f.Offset != 0:
		p.text(" +")
		p.hex(f.Offset)
	}
	p.text("\n")
}

// isNativeFile tells C and C++ from Go by the name of the file, as nothing else
// in a frame does.
func isNativeFile(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".c", ".cc", ".cpp", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".m", ".mm":
		return true
	}
	return false
}

// printGoTraceback prints an error in Go's order: the last first, then what led
// to it. Nothing is indented, so that each stack still parses.
func (p *printer) printGoTraceback(t *Traceback) {
	p.printGoChain(t, "", 0)
}

func (p *printer) printGoChain(t *Traceback, number string, depth int) {
	list := p.chainOf(t)
	for i, l := range list {
		if p.stopped {
			break
		}
		if i > 0 {
			if list[i-1].sentence == causeMessage {
				p.text("\ncaused by: ")
			} else {
				p.text("\nwhile handling: ")
			}
		}
		p.printGoError(l, number, depth)
	}
	for _, l := range list {
		if !l.cycle {
			delete(p.onPath, l.t)
		}
	}
}

func (p *printer) printGoError(l chainLink, number string, depth int) {
	t := l.t
	if l.cycle || t.Cycle {
		p.text(cycleText)
		p.printFinalLine(t)
		p.endItem()
		return
	}
	p.printMessage(t, 0)
	if len(p.limited(t.Stack, false)) > 0 {
		p.text("\n")
		p.printStack(t.Stack, nil, t)
	}
	if len(t.Group) > 0 && depth >= p.maxGroupDepth {
		p.text("\n... (max_group_depth is ")
		p.int(p.maxGroupDepth)
		p.text(")\n")
		p.endItem()
		return
	}
	for i, m := range t.Group {
		if p.stopped {
			return
		}
		if i >= p.maxGroupWidth {
			p.text("\nand ")
			p.int(len(t.Group) - i)
			p.text(" more\n")
			p.endItem()
			return
		}
		title := number + strconv.Itoa(i+1)
		p.text("\nmember ")
		p.text(title)
		p.text(": ")
		if m == nil {
			p.text(nilText)
			p.endItem()
			continue
		}
		p.printGoChain(m, title+".", depth+1)
	}
}
