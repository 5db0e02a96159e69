package stackfmt

import (
	"strings"
	"unicode/utf8"
)

// printErrorOnly prints what t says, without stacks and chain.
func (p *printer) printErrorOnly(t *Traceback) {
	if t == nil {
		p.text(nilText)
		p.endItem()
		return
	}
	p.printOnly(t, 0)
}

// printOnly descends into groups if asked to. Python has no limits here, so it must
// notice a group that contains itself.
func (p *printer) printOnly(t *Traceback, depth int) {
	if p.onPath[t] || t.Cycle {
		p.indent(depth)
		p.text(cycleText)
		p.printFinalLine(t)
		p.endItem()
		return
	}
	p.printMessage(t, depth)
	if !p.showGroup || len(t.Group) == 0 {
		return
	}
	if p.onPath == nil {
		p.onPath = map[*Traceback]bool{}
	}
	p.onPath[t] = true
	defer delete(p.onPath, t)
	if p.limitOnly && depth >= p.maxGroupDepth {
		p.indent(depth + 1)
		p.text("... (max_group_depth is ")
		p.int(p.maxGroupDepth)
		p.text(")\n")
		p.endItem()
		return
	}
	for i, m := range t.Group {
		if p.stopped {
			break
		}
		if p.limitOnly && i >= p.maxGroupWidth {
			p.indent(depth + 1)
			p.text("and ")
			p.int(len(t.Group) - i)
			p.text(" more\n")
			p.endItem()
			break
		}
		if m == nil {
			p.indent(depth + 1)
			p.text(nilText)
			p.endItem()
			continue
		}
		p.printOnly(m, depth+1)
	}
}

func (p *printer) indent(depth int) {
	for range depth {
		p.text("   ")
	}
}

// printMessage prints type, message and notes of t. It answers to
// TracebackException.format_exception_only: a member of a group has each of its
// lines indented, and each is an item of its own there.
func (p *printer) printMessage(t *Traceback, depth int) {
	switch {
	case t.Syntax != nil:
		p.printSyntaxError(t, depth)
	case depth == 0:
		p.printFinalLine(t)
		p.endItem()
	default:
		mark := len(p.dst)
		p.printFinalLine(t)
		text := string(p.dst[mark:])
		p.dst = p.dst[:mark]
		p.printLines(strings.TrimSuffix(text, "\n"), "", depth)
	}
	for _, note := range t.Notes {
		p.printLines(note, p.th.Note, depth)
	}
}

// printLines prints each line of s in a style as an item; an empty s is one empty
// line.
func (p *printer) printLines(s, style string, depth int) {
	for {
		line, rest, more := strings.Cut(s, "\n")
		p.indent(depth)
		if style == "" {
			p.text(line)
		} else {
			p.styled(style, line)
		}
		p.text("\n")
		p.endItem()
		if !more || p.stopped {
			return
		}
		s = rest
	}
}

// printFinalLine appends "Type: message".
func (p *printer) printFinalLine(t *Traceback) {
	p.styled(p.th.Type, t.Type)
	if t.Message != "" {
		p.text(": ")
		p.styled(p.th.Message, t.Message)
	}
	p.text("\n")
}

// printSyntaxError prints the position in the text that did not parse, the line
// with a row of carets, and the message. Only its first line is indented at a
// depth, as each is printed as an item of one line.
func (p *printer) printSyntaxError(t *Traceback, depth int) {
	s := t.Syntax
	suffix := ""
	if s.Line > 0 {
		name := s.File
		if name == "" {
			name = "<string>"
		}
		p.indent(depth)
		p.text("  File ")
		p.styled(p.th.File, `"`+name+`"`)
		p.text(", line ")
		p.text(p.th.Line)
		p.int(s.Line)
		p.text(p.th.Reset)
		p.text("\n")
		p.endItem()
	} else if s.File != "" {
		suffix = " (" + s.File + ")"
	}
	if s.Text != nil {
		p.printSyntaxLine(s, depth)
	}
	msg := s.Msg
	if msg == "" {
		msg = "<no detail available>"
	}
	p.indent(depth)
	p.styled(p.th.Type, t.Type)
	p.text(": ")
	p.styled(p.th.Message, msg)
	p.text(suffix)
	p.text("\n")
	p.endItem()
}

// printSyntaxLine prints the source line and its carets.
func (p *printer) printSyntaxLine(s *SyntaxError, depth int) {
	text := strings.TrimRight(*s.Text, "\n")
	line := strings.TrimLeft(text, " \n\f")
	p.indent(depth)
	p.text(sourceIndent)
	start, end := s.marked(utf8.RuneCountInString(text))
	spaces := len(text) - len(line)
	start, end = start-spaces, end-spaces
	if start < 0 {
		p.text(line)
		p.text("\n")
		p.endItem()
		return
	}
	chars := []rune(line)
	from, to := min(start, len(chars)), min(end, len(chars))
	if p.th.colored {
		p.text(string(chars[:from]))
		p.styled(p.th.Highlight, string(chars[from:to]))
		p.text(string(chars[to:]))
	} else {
		p.text(line)
	}
	p.text("\n")
	p.endItem()

	p.indent(depth)
	p.text(sourceIndent)
	blanks := displayWidth(string(chars[:from]))
	// What is marked behind the line counts as one cell each.
	p.syntaxCarets(blanks, displayWidth(string(chars[:to]))+end-to-(blanks+start-from))
}

// marked returns the range of characters that the offsets stand for, in a line of so
// many. Offsets count from 1 and in characters; those outside the text mark the place
// behind its end, those below 1 nothing, and
// start is negative then.
func (s *SyntaxError) marked(length int) (start, end int) {
	if s.Offset == nil {
		return -1, -1
	}
	start, end = *s.Offset, length+1
	if s.Line == s.EndLine {
		end = start
		if s.EndOffset != nil && *s.EndOffset != 0 {
			end = *s.EndOffset
		}
	}
	if whole := utf8.RuneCountInString(*s.Text); whole > 0 {
		if start > whole {
			start = length + 1
		}
		if end > whole {
			end = length + 1
		}
	}
	if end <= start {
		end = start + 1
	}
	return start - 1, end - 1
}

// syntaxCarets prints a row of carets behind blanks.
func (p *printer) syntaxCarets(blanks, carets int) {
	for range min(blanks, maxSyntaxCarets) {
		p.text(" ")
	}
	p.text(p.th.Highlight)
	for range min(carets, maxSyntaxCarets) {
		p.text("^")
	}
	p.text(p.th.Reset)
	p.text("\n")
	p.endItem()
}

// maxSyntaxCarets bounds a row of carets whose offsets come from outside.
const maxSyntaxCarets = 1 << 16
