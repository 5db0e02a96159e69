package stackfmt

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// printer builds the text of one call. Text is appended to dst item by item, an
// item being what Python's format yields at a time: a header, a frame with its
// lines, a message. Whoever wants the items, or wants them written as they come,
// sets flush; everybody else takes dst at the end.
type printer struct {
	*config
	th   *theme
	src  *Source
	dst  []byte
	mark int // where the current item starts in dst

	// flush is called after each item, which is dst[mark:], and may empty dst.
	// It returns false to end the output.
	flush   func(*printer) bool
	stopped bool
	escape  bool // control characters
	// limitOnly says that the limits of groups hold for messages alone too.
	limitOnly bool

	// Groups print in a margin, see printGroup.
	groupDepth int
	needClose  bool

	onPath map[*Traceback]bool
}

func newPrinter(c *config, th *theme, dst []byte) *printer {
	src := c.source
	if src == nil {
		src = DefaultSource()
	}
	return &printer{config: c, th: th, src: src, dst: dst, mark: len(dst), escape: c.controls == ControlEscape}
}

// endItem closes the current item. Inside a group it is moved into the margin.
func (p *printer) endItem() { p.endItemMargin('|') }

func (p *printer) endItemMargin(margin byte) {
	if p.groupDepth > 0 {
		var buf [64]byte
		prefix := p.appendGroupIndent(buf[:0])
		prefix = append(prefix, margin, ' ')
		p.dst = indentLines(p.dst, p.mark, prefix)
	}
	p.endRawItem()
}

// endRawItem closes an item that has its margin already.
func (p *printer) endRawItem() {
	if p.escape {
		p.dst = escapeControls(p.dst, p.mark, p.th)
	}
	if p.flush != nil && !p.stopped && !p.flush(p) {
		p.stopped = true
	}
	if p.stopped {
		p.dst = p.dst[:0]
	}
	p.mark = len(p.dst)
}

func (p *printer) appendGroupIndent(dst []byte) []byte {
	for range p.groupDepth {
		dst = append(dst, ' ', ' ')
	}
	return dst
}

// indentLines puts prefix before each line of dst[from:]. Lines end where
// Python's str.splitlines ends them: a message that holds a form feed or U+2028
// gets a margin after it too, as there. It works from the back, in place, so
// that a line moves once.
func indentLines(dst []byte, from int, prefix []byte) []byte {
	lines := 0
	for i := from; i < len(dst); {
		i = lineEnd(dst, i)
		lines++
	}
	if lines == 0 {
		return dst
	}
	if lines == 1 {
		// The usual item; no list of line starts is needed.
		old := len(dst)
		dst = append(dst, prefix...)
		copy(dst[from+len(prefix):], dst[from:old])
		copy(dst[from:], prefix)
		return dst
	}
	var few [16]int
	starts := few[:0]
	for i := from; i < len(dst); {
		starts = append(starts, i)
		i = lineEnd(dst, i)
	}
	end := len(dst)
	for range lines {
		dst = append(dst, prefix...)
	}
	to := len(dst)
	for i := lines - 1; i >= 0; i-- {
		n := end - starts[i]
		copy(dst[to-n:], dst[starts[i]:end])
		copy(dst[to-n-len(prefix):], prefix)
		to -= n + len(prefix)
		end = starts[i]
	}
	return dst
}

// lineEnd returns the index after the end of the line of b that starts at i.
func lineEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= ' ' && c < utf8.RuneSelf, c == '\t':
		case c == '\n' || c == '\v' || c == '\f' || c >= 0x1c && c <= 0x1e:
			return i + 1
		case c == '\r':
			if i+1 < len(b) && b[i+1] == '\n' {
				return i + 2
			}
			return i + 1
		case c == 0xc2:
			if i+1 < len(b) && b[i+1] == 0x85 { // U+0085
				return i + 2
			}
		case c == 0xe2:
			if bytes.HasPrefix(b[i:], lineSeparator) || bytes.HasPrefix(b[i:], paragraphSeparator) {
				return i + 3
			}
		}
	}
	return len(b)
}

var (
	lineSeparator      = []byte("\u2028")
	paragraphSeparator = []byte("\u2029")
)

func (p *printer) text(s string) { p.dst = append(p.dst, s...) }

func (p *printer) int(n int) { p.dst = strconv.AppendInt(p.dst, int64(n), 10) }

func (p *printer) hex(n uint64) {
	p.dst = append(p.dst, '0', 'x')
	p.dst = strconv.AppendUint(p.dst, n, 16)
}

// styled appends s between an escape sequence and the reset, or plain.
func (p *printer) styled(style, s string) {
	p.dst = append(p.dst, style...)
	p.dst = append(p.dst, s...)
	p.dst = append(p.dst, p.th.Reset...)
}

// orUnknown is faulthandler's placeholder for what could not be found out.
func orUnknown(s string) string {
	if s == "" {
		return "???"
	}
	return s
}
