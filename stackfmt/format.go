package stackfmt

import (
	"io"
	"iter"
	"strconv"
)

// The sentences and headers of Python's traceback.
const (
	tracebackHeader      = "Traceback (most recent call last):\n"
	groupTracebackHeader = "Exception Group Traceback (most recent call last):\n"
	causeMessage         = "\nThe above exception was the direct cause of the following exception:\n\n"
	contextMessage       = "\nDuring handling of the above exception, another exception occurred:\n\n"
	nilText              = "<nil>\n"
	cycleText            = "<cycle> "
)

// Append appends the text of t to dst and returns it: causes and contexts first,
// each with its stack, groups in their margins. It is the fastest of the
// formatting functions.
func (t *Traceback) Append(dst []byte, opts ...PrintOption) []byte {
	c := newConfig(opts)
	p := newPrinter(&c, c.themeFor(nil), dst)
	p.printTraceback(t)
	return p.dst
}

// Format returns the text of t in pieces, one for each header, frame and message,
// each ending in a newline. It answers to traceback.format_exception and
// TracebackException.format.
func (t *Traceback) Format(opts ...PrintOption) []string { return collect(t.Lines(opts...)) }

// Lines is Format as an iterator, as TracebackException.format is: nothing is
// formatted before the loop gets to it.
func (t *Traceback) Lines(opts ...PrintOption) iter.Seq[string] {
	return items(newConfig(opts), func(p *printer) { p.printTraceback(t) })
}

// Print writes the text of t to w as it is formatted, in pieces of a few
// kilobytes, and returns the first error of w. It
// answers to TracebackException.print.
func (t *Traceback) Print(w io.Writer, opts ...PrintOption) error {
	return printTo(w, newConfig(opts), func(p *printer) { p.printTraceback(t) })
}

// String returns the text of t as one string.
func (t *Traceback) String() string { return string(t.Append(nil)) }

// FormatErrorOnly returns the lines that tell the error without stacks, causes
// and contexts: type and message, for a syntax error its position before them,
// then the notes. With [WithShowGroup] those of the members of a group follow,
// indented by three blanks per level. It answers to
// TracebackException.format_exception_only.
func (t *Traceback) FormatErrorOnly(opts ...PrintOption) []string {
	return collect(items(newConfig(opts), func(p *printer) { p.printErrorOnly(t) }))
}

// AppendErrorOnly appends the text of FormatErrorOnly to dst.
func (t *Traceback) AppendErrorOnly(dst []byte, opts ...PrintOption) []byte {
	c := newConfig(opts)
	p := newPrinter(&c, c.themeFor(nil), dst)
	p.printErrorOnly(t)
	return p.dst
}

func (t *Traceback) print(p *printer) { p.printTraceback(t) }

func (p *printer) printTraceback(t *Traceback) {
	switch {
	case t == nil:
		p.text(nilText)
		p.endItem()
	case p.style == StyleGo:
		p.printGoTraceback(t)
	default:
		p.printChain(t, nil)
	}
}

// chainLink is an error of a chain and the sentence that leads to it from the error
// before, which is the one that it wraps or replaces.
type chainLink struct {
	t        *Traceback
	sentence string
	cycle    bool
}

// chainOf lists t and what led to it, t first. Chains can be very long, so they
// are walked, not recursed into. A chain that returns to an error that is being
// printed ends there with a mark; enter and leave keep track of those.
func (p *printer) chainOf(t *Traceback) []chainLink {
	var list []chainLink
	for t != nil {
		if p.onPath[t] {
			return append(list, chainLink{t: t, cycle: true})
		}
		if p.onPath == nil {
			p.onPath = map[*Traceback]bool{}
		}
		p.onPath[t] = true
		l := chainLink{t: t}
		next := t.Cause
		switch {
		case !p.chain:
			next = nil
		case next != nil:
			l.sentence = causeMessage
		case t.Context != nil && !t.SuppressContext:
			next, l.sentence = t.Context, contextMessage
		}
		list = append(list, l)
		t = next
	}
	return list
}

// printChain prints t after all that led to it. It answers to
// TracebackException.format. shared is the stack that was printed before it in a group, nil
// if there is none.
func (p *printer) printChain(t *Traceback, shared Stack) {
	if t.Cause == nil && t.Context == nil && len(t.Group) == 0 {
		// The usual error needs no bookkeeping.
		p.printError(chainLink{t: t}, shared)
		return
	}
	list := p.chainOf(t)
	for i := len(list) - 1; i >= 0 && !p.stopped; i-- {
		if list[i].sentence != "" && i+1 < len(list) {
			p.text(list[i].sentence)
			p.endItem()
		}
		p.printError(list[i], shared)
		shared = list[i].t.Stack
	}
	for _, l := range list {
		if !l.cycle {
			delete(p.onPath, l.t)
		}
	}
}

// printError prints one error of a chain.
func (p *printer) printError(l chainLink, shared Stack) {
	t := l.t
	switch {
	case l.cycle || t.Cycle:
		p.text(cycleText)
		p.printFinalLine(t)
		p.endItem()
	case len(t.Group) == 0:
		if len(t.Stack) > 0 {
			p.printStackWithHeader(tracebackHeader, '|', t, shared)
		}
		p.printMessage(t, 0)
	default:
		p.printGroup(t, shared)
	}
}

// printStackWithHeader prints nothing if the limits leave no frame, as Python
// does, whose limits apply when a stack is taken.
func (p *printer) printStackWithHeader(header string, margin byte, t *Traceback, shared Stack) {
	if len(p.limited(t.Stack, false)) == 0 {
		return
	}
	p.text(header)
	p.endItemMargin(margin)
	p.printStack(t.Stack, shared, t)
}

// printGroup prints an error with its members, in a margin that is two columns
// deeper at each level:
//
//   - Exception Group Traceback (most recent call last):
//     |   File "main.go", line 8, in main.main
//     | *errors.joinError: a
//     +-+---------------- 1 ----------------
//     | *errors.errorString: a
//     +------------------------------------
//
// One rule closes a run of groups that end together. A member that is nil prints
// as <nil>.
func (p *printer) printGroup(t *Traceback, shared Stack) {
	if p.groupDepth > p.maxGroupDepth {
		p.text("... (max_group_depth is ")
		p.int(p.maxGroupDepth)
		p.text(")\n")
		p.endItem()
		return
	}
	margin := byte('|')
	top := p.groupDepth == 0
	if top {
		p.groupDepth++
		margin = '+'
	}
	p.printStackWithHeader(groupTracebackHeader, margin, t, shared)
	p.printMessage(t, 0)

	n := len(t.Group)
	shown := min(n, p.maxGroupWidth)
	rules := shown
	if n > shown {
		rules++
	}
	p.needClose = false
	if len(t.Stack) > 0 {
		shared = t.Stack
	}
	for i := 0; i < rules && !p.stopped; i++ {
		if i == rules-1 {
			// A member that is a group itself may print the rule first.
			p.needClose = true
		}
		title := "..."
		if i < shown {
			title = strconv.Itoa(i + 1)
		}
		p.printRule(i == 0, title)
		p.groupDepth++
		if i < shown {
			p.printMember(t.Group[i], shared)
			if m := t.Group[i]; m != nil && len(m.Stack) > 0 {
				shared = m.Stack
			}
		} else {
			p.text("and ")
			p.int(n - shown)
			p.text(" more exception")
			if n-shown > 1 {
				p.text("s")
			}
			p.text("\n")
			p.endItem()
		}
		if i == rules-1 && p.needClose {
			p.dst = p.appendGroupIndent(p.dst)
			p.text("+------------------------------------\n")
			p.endRawItem()
			p.needClose = false
		}
		p.groupDepth--
	}
	if top {
		p.groupDepth = 0
	}
}

func (p *printer) printMember(m *Traceback, shared Stack) {
	switch {
	case m == nil:
		p.text(nilText)
		p.endItem()
	case p.onPath[m]:
		p.printError(chainLink{t: m, cycle: true}, nil)
	default:
		p.printChain(m, shared)
	}
}

// printRule prints the line above a member of a group.
func (p *printer) printRule(first bool, title string) {
	p.dst = p.appendGroupIndent(p.dst)
	if first {
		p.text("+-")
	} else {
		p.text("  ")
	}
	p.text("+---------------- ")
	p.text(title)
	p.text(" ----------------\n")
	p.endRawItem()
}
