package stackfmt

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const sourceIndent = "    "

// appendSource appends the source lines of a frame and, if it has columns, the
// row of carets below each. It answers to the source part of Python's
// StackSummary.format_frame_summary (PEP 657): the lines lose their common
// indentation; only the first, the last and those around the anchor are shown.
//
// src holds the lines from f.Line to the end of f's range. found says that the
// columns were found in Go's syntax tree: where Python, whose own programs have
// no tabs, draws a blank below a tab of a deeper line, the row then has a tab
// too, and without carets only the first line is shown.
func appendSource(dst []byte, src string, f *Frame, carets, found bool, th *theme) []byte {
	if strings.TrimSpace(src) == "" {
		return dst
	}
	var few [8]string
	lines := appendLines(few[:0], src)
	last := 0
	if f.EndLine > f.Line {
		last = f.EndLine - f.Line
	}
	if !carets || !f.HasColumns() || last >= len(lines) {
		return appendFirstLine(dst, lines)
	}

	start := charBoundary(lines[0], f.Col)
	end := charBoundary(lines[last], f.EndCol)
	firstLen := len(lines[0])
	dedent(lines)
	removed := firstLen - len(lines[0])
	extra := len(lines) > last+1
	lines = lines[:last+1]
	start = min(max(start-removed, 0), len(lines[0]))
	end = min(max(end-removed, 0), len(lines[last]))
	if last == 0 && end < start {
		end = start
	}

	c := caretRow{lines: lines, th: th, tabs: found}
	c.anchored = c.findAnchor(start, end)
	c.start = displayWidth(lines[0][:start])
	c.end = displayWidth(lines[last][:end])
	c.shown = c.show(start, end)
	if found && !c.shown {
		return appendFirstLine(dst, lines)
	}

	shown := c.significant()
	if extra {
		c.setMargin(shown)
	}
	prev := -1
	for _, n := range shown {
		switch gap := n - prev - 1; {
		case prev < 0 || gap == 0:
		case gap == 1:
			dst = c.appendLine(dst, n-1)
		default:
			dst = append(dst, sourceIndent+"...<"...)
			dst = strconv.AppendInt(dst, int64(gap), 10)
			dst = append(dst, " lines>...\n"...)
		}
		dst = c.appendLine(dst, n)
		prev = n
	}
	return dst
}

// appendFirstLine appends the first of lines without its indentation.
func appendFirstLine(dst []byte, lines []string) []byte {
	if first := strings.TrimSpace(lines[0]); first != "" {
		dst = append(dst, sourceIndent...)
		dst = append(dst, first...)
	}
	return append(dst, '\n')
}

// caretRow draws source lines with carets. Positions are a line and a display
// column in it.
type caretRow struct {
	lines      []string
	th         *theme
	start, end int // in the first and in the last line
	shown      bool
	tabs       bool
	margin     int // what is taken off what is shown

	anchored            bool
	leftLine, leftCol   int
	rightLine, rightCol int
}

// findAnchor looks for an anchor in the text from byte start of the first line
// to byte end of the last and notes where it lies.
func (c *caretRow) findAnchor(start, end int) bool {
	last := len(c.lines) - 1
	segment := c.lines[0][start:]
	if last == 0 {
		segment = c.lines[0][start:end]
	} else {
		segment += "\n"
		for _, l := range c.lines[1:last] {
			segment += l + "\n"
		}
		segment += c.lines[last][:end]
	}
	a, ok := findAnchor(segment)
	if !ok {
		return false
	}
	position := func(off int) (line, col int) {
		off += start
		for line < last && off > len(c.lines[line]) {
			off -= len(c.lines[line]) + 1
			line++
		}
		return line, displayWidth(c.lines[line][:min(off, len(c.lines[line]))])
	}
	c.leftLine, c.leftCol = position(a.start)
	c.rightLine, c.rightCol = position(a.end)
	return true
}

// show decides whether carets say anything: with an anchor, or if they mark
// less than the whole text; but not under return f() and x = f().
func (c *caretRow) show(start, end int) bool {
	last := len(c.lines) - 1
	elide, blank := elidesCarets(c.lines,
		utf8.RuneCountInString(c.lines[0][:start]),
		utf8.RuneCountInString(c.lines[last][:end]))
	if elide || blank {
		return false
	}
	return c.anchored ||
		strings.TrimSpace(c.lines[0][:start]) != "" ||
		strings.TrimSpace(c.lines[last][end:]) != ""
}

// significant lists the lines to show: the first, the last, and one on each
// side of both ends of the anchor.
func (c *caretRow) significant() []int {
	last := len(c.lines) - 1
	if last == 0 {
		return []int{0}
	}
	set := []int{0, last}
	if c.anchored {
		for d := -1; d <= 1; d++ {
			set = append(set, c.leftLine+d, c.rightLine+d)
		}
	}
	slices.Sort(set)
	set = slices.Compact(set)
	return slices.DeleteFunc(set, func(n int) bool { return n < 0 || n > last })
}

// setMargin finds the indentation that the shown lines have in common. Python takes
// off that of all lines first, and this one of what it shows once more: its mark for
// lines left out and its blanks below tabs end it.
func (c *caretRow) setMargin(shown []int) {
	indent, found := "", false
	for i, n := range shown {
		if i > 0 && n-shown[i-1] > 2 {
			return
		}
		line := c.lines[n]
		if line == "" {
			continue
		}
		blanks := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if c.shown {
			blanks = line[:len(line)-len(strings.TrimLeft(line, " "))]
		}
		if !found {
			indent, found = blanks, true
		}
		indent = commonPrefix(indent, blanks)
	}
	c.margin = len(indent)
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// appendLine appends line n and its row of carets.
func (c *caretRow) appendLine(dst []byte, n int) []byte {
	line := c.lines[n]
	if !c.shown {
		line = line[min(c.margin, len(line)):]
		return append(append(append(dst, sourceIndent...), line...), '\n')
	}
	blank := utf8.RuneCountInString(line) - utf8.RuneCountInString(strings.TrimLeftFunc(line, unicode.IsSpace))
	width := c.end
	if n < len(c.lines)-1 {
		width = displayWidth(line)
	}
	var few [128]byte
	row := few[:0]
	used := false
	for col := range width {
		switch {
		case c.tabs && col < blank && line[col] == '\t':
			row = append(row, '\t')
			continue
		case col < blank || n == 0 && col < c.start:
			row = append(row, ' ')
			continue
		case c.anchored && !c.inAnchor(n, col):
			row = append(row, '~')
		default:
			row = append(row, '^')
		}
		used = true
	}
	if !used {
		// Python's dedent strips rows of blanks.
		row = row[:0]
	}
	line, row = line[min(c.margin, len(line)):], row[min(c.margin, len(row)):]
	dst = append(dst, sourceIndent...)
	if !c.th.colored {
		dst = append(append(dst, line...), '\n')
		dst = append(dst, sourceIndent...)
		return append(append(dst, row...), '\n')
	}
	dst = c.appendColored(dst, row, line, false)
	dst = append(append(dst, '\n'), sourceIndent...)
	dst = c.appendColored(dst, row, line, true)
	return append(dst, '\n')
}

func (c *caretRow) inAnchor(line, col int) bool {
	return (line > c.leftLine || line == c.leftLine && col >= c.leftCol) &&
		(line < c.rightLine || line == c.rightLine && col < c.rightCol)
}

// appendColored appends the characters of a line, or the carets below them, each
// run in one colour. Characters with the marks on them stay together. Python ends a
// run also where a wide character, which has two carets, follows a narrow one.
func (c *caretRow) appendColored(dst, row []byte, line string, carets bool) []byte {
	// under returns what the row holds below the character of line at col.
	under := func(i, col int) (mark []byte, size int) {
		size = clusterLen(line[i:])
		from := min(col, len(row))
		return row[from:min(from+displayWidth(line[i:i+size]), len(row))], size
	}
	for i, col := 0, 0; i < len(line); {
		first, size := under(i, col)
		from, fromCol := i, col
		for mark := first; i < len(line) && string(mark) == string(first); {
			i += size
			col += displayWidth(line[i-size : i])
			if i < len(line) {
				mark, size = under(i, col)
			}
		}
		text := line[from:i]
		if carets {
			text = string(row[min(fromCol, len(row)):min(col, len(row))])
		}
		style := ""
		if len(first) > 0 {
			switch first[0] {
			case '^':
				style = c.th.Highlight
			case '~':
				style = c.th.Range
			}
		}
		if style == "" {
			dst = append(dst, text...)
			continue
		}
		dst = append(append(append(dst, style...), text...), c.th.Reset...)
	}
	return dst
}

// appendLines appends the lines of s without their ends.
func appendLines(dst []string, s string) []string {
	s = strings.TrimSuffix(s, "\n")
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			return append(dst, strings.TrimSuffix(s, "\r"))
		}
		dst = append(dst, strings.TrimSuffix(s[:i], "\r"))
		s = s[i+1:]
	}
}

// dedent removes the indentation that all lines have in common and empties
// blank lines, as Python's textwrap.dedent does.
func dedent(lines []string) {
	margin, found := "", false
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			lines[i] = ""
			continue
		}
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if !found {
			margin, found = indent, true
			continue
		}
		margin = commonPrefix(margin, indent)
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], margin)
	}
}

// charBoundary returns the offset in s at which the character ends that off
// falls into, or off. Columns come from elsewhere: they may lie anywhere.
func charBoundary(s string, off int) int {
	if off >= len(s) {
		return len(s)
	}
	for off > 0 && off < len(s) && !utf8.RuneStart(s[off]) {
		off++
	}
	return off
}
