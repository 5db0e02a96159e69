package report

import (
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/internal/collected"
)

// A stream is a report of which the end has not come: the lines of one source that have
// one prefix. A start is a line that may be the first one of a report behind a prefix;
// the next line of its source tells.

// Bounds of how much is read at one time. What is oldest is ended early.
const (
	maxStreams = 16
	maxStarts  = 8
	maxWait    = 16
	// maxForeign is how many bytes may follow that are not of a report, before one without
	// its end is given up.
	maxForeign = 1 << 20
)

// A logLine is what a program has written, without what a collector put around it.
type logLine struct {
	streamLine
	source string
	last   bool // of a text that came in one piece
}

type stream struct {
	source  string
	prefix  *collected.Prefix // nil if there is none
	first   int
	parser  parser
	foreign int // bytes since the last line that was understood
	// sure says that something besides a headline was understood that other programs have
	// as well.
	sure bool
}

type start struct {
	line logLine
	at   int
	wait int // lines since that did not tell
	seen int // those of its own source
}

// body returns a line without the stream's prefix.
func (t *stream) body(l logLine) (string, bool) {
	if t.source != l.source {
		return "", false
	}
	if t.prefix == nil {
		return l.text, true
	}
	n := t.prefix.Length(l.text)
	return l.text[max(n, 0):], n >= 0
}

// take takes the next line that a program has written.
func (s *Scanner) take(l logLine) {
	// The newest stream first: one that has a prefix came after one that has none.
	for i := len(s.streams) - 1; i >= 0; i-- {
		t := s.streams[i]
		body, ok := t.body(l)
		if !ok {
			continue
		}
		if s.begun(l, t.prefix == nil) {
			return
		}
		again := s.feed(t, body, l)
		if l.last && slices.Contains(s.streams, t) {
			s.finish(t, true)
		}
		if again {
			break // the line ended that report and may begin another one
		}
		return
	}
	if !s.begun(l, true) {
		s.begin(l)
	}
}

// begun lets the lines that may begin a report see the next line of their source, and
// reports whether that has begun one. A line that another report claims by its prefix
// has to have the same one to the letter, unless loose.
func (s *Scanner) begun(l logLine, loose bool) bool {
	if len(s.starts) == 0 {
		return false
	}
	for _, loose := range []bool{false, true}[:1+count(loose)] {
		for i, b := range slices.Backward(s.starts) { // the newest is the likeliest
			if b.line.source != l.source {
				continue
			}
			if prefix, ok := b.confirm(l.text, loose); ok {
				s.starts = slices.Delete(s.starts, i, i+1)
				s.open(b.line, b.at, prefix)
				s.take(l)
				return true
			}
		}
	}
	// The lines of other containers may come in between, but not another one of its own.
	s.starts = slices.DeleteFunc(s.starts, func(b *start) bool {
		if b.line.source == l.source && collected.NewPrefix(b.line.text[:b.at], false).Length(l.text) >= 0 {
			return true
		}
		b.wait++
		b.seen += count(b.line.source == l.source)
		return b.wait > maxWait
	})
	return false
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// confirm tells by the next line whether the start begins a report, and behind which
// prefix its other lines stand, nil if none.
func (b *start) confirm(next string, loose bool) (prefix *collected.Prefix, ok bool) {
	before, text := b.line.text[:b.at], b.line.text[b.at:]
	if b.seen > 0 && strings.TrimSpace(before) == "" {
		return nil, false // lines that are empty are behind any indentation
	}
	if crash := strings.HasPrefix(text, "Fatal "); !crash {
		return b.confirmOther(before, next, loose)
	}
	blanks := len(next) - len(strings.TrimRight(next, " \t\r"))
	follows := func(rest string) bool { return len(rest) <= blanks }
	if b.seen == 0 && follows(next) && strings.TrimSpace(before) != "" {
		if indent := strings.TrimRight(next, "\r"); indent != "" {
			return collected.NewPrefix(indent, false), true // testing's log, which indents all but the first line
		}
		return nil, true // a program that died in the middle of a line
	}
	prefix = collected.Common(before, next, loose, follows)
	if prefix != nil && strings.TrimSpace(prefix.String()) == "" && strings.TrimSpace(before) != "" {
		return nil, false
	}
	return prefix, prefix != nil
}

// confirmOther is confirm for a timeout and a dump, which have no empty line after the
// first one.
func (b *start) confirmOther(before, next string, loose bool) (prefix *collected.Prefix, ok bool) {
	follows := func(body string) bool {
		// All of a header: with its end alone any first byte in common would be a prefix.
		return strings.HasPrefix(body, "  ") || strings.HasPrefix(body, "Process: ") || strings.HasPrefix(body, "Note: ") || isHeader(body)
	}
	prefix = collected.Common(before, next, loose, follows)
	if prefix != nil && b.seen == 0 && strings.TrimSpace(next[:prefix.Length(next)]) == "" && strings.TrimSpace(before) != "" {
		// testing's log. A frame has two blanks of its own.
		indent := len(next) - len(strings.TrimLeft(next, " "))
		if !strings.HasPrefix(next[indent:], "Process: ") && !strings.HasPrefix(next[indent:], "Note: ") && !strings.HasSuffix(next, stackSuffix) {
			indent -= 2
		}
		return collected.NewPrefix(next[:max(indent, 1)], false), true
	}
	return prefix, prefix != nil
}

// isHeader reports whether a line is the header of a stack.
func isHeader(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	return strings.HasSuffix(line, stackSuffix) && isStart(line)
}

// begin looks whether a line may begin a report.
func (s *Scanner) begin(l logLine) {
	if l.long {
		return
	}
	if isStart(strings.TrimSuffix(l.text, "\r")) {
		s.open(l, 0, nil)
		return
	}
	if at := startIn(l.text); at > 0 {
		if len(s.starts) >= maxStarts {
			s.starts = slices.Delete(s.starts, 0, 1)
		}
		s.starts = append(s.starts, &start{line: l, at: at})
	}
}

// startIn returns where in a line a report may begin behind a prefix, -1 if nowhere.
func startIn(line string) int {
	if at := headlineIn(line); at > 0 && isHeadline(strings.TrimRight(line[at:], "\r")) {
		return at
	}
	for _, opener := range []string{timeoutPrefix, "Process: ", "Current thread ", "Stack (most recent", "Thread 0x", "Goroutine"} {
		if at := strings.Index(line, opener); at > 0 && isStart(strings.TrimSuffix(line[at:], "\r")) {
			return at
		}
	}
	return -1
}

// open begins a report.
func (s *Scanner) open(l logLine, at int, prefix *collected.Prefix) {
	text := l.text[at:]
	t := &stream{source: l.source, prefix: prefix, first: l.number}
	if !t.parser.start(text, l.ended) {
		return
	}
	t.sure = !strings.HasPrefix(text, faultPrefix) || isHeadline(strings.TrimSuffix(text, "\r"))
	// A report without its end is over when its source begins another one.
	for _, other := range slices.Clone(s.streams) {
		if other.source == t.source && (other.prefix == nil) == (prefix == nil) && (prefix == nil || other.prefix.Length(l.text) >= 0) {
			s.finish(other, true)
		}
	}
	if len(s.streams) >= maxStreams {
		s.finish(s.streams[0], true)
	}
	t.parser.add(text, l.ended)
	s.streams = append(s.streams, t)
}

// feed adds a line to a report; again says that the line is not of that report, which is
// over, and may begin another one.
func (s *Scanner) feed(t *stream, body string, l logLine) (again bool) {
	p := &t.parser
	if l.long || p.size+int64(len(body)) >= int64(s.limit) || p.stops(body) {
		s.finish(t, true)
		return true
	}
	known := len(p.r.Unknown)
	p.add(body, l.ended)
	if p.r.End != nil {
		s.finish(t, false)
		return false
	}
	switch foreign := len(p.r.Unknown) > known; {
	case foreign && p.r.Kind == Dump && l.ended && isForeign(body):
		p.dropUnknown(0)
		s.finish(t, false)
		return true
	case foreign:
		if t.foreign += len(body); t.foreign > maxForeign {
			s.finish(t, true)
			return false
		}
		if at := startIn(l.text); at > 0 {
			s.begin(l) // a program that was started again died in the middle of a line
		}
	case strings.TrimSuffix(body, "\r") != "":
		t.foreign, t.sure = 0, true
	}
	return false
}

// finish returns a report, which is cut if it has no end. What only looked like a
// headline, and was followed by nothing of a report, was none.
func (s *Scanner) finish(t *stream, cut bool) {
	s.streams = slices.DeleteFunc(s.streams, func(other *stream) bool { return other == t })
	if !t.sure {
		return
	}
	r := (*Report)(nil)
	if cut {
		r = t.parser.finishPart()
	} else {
		r = t.parser.finish()
	}
	s.ready = append(s.ready, found{r, t.first})
}

// isForeign reports whether a line that was not understood cannot be part of a
// report, of a newer Epitaph for instance.
func isForeign(line string) bool {
	return line != "" && line[0] != ' ' && !strings.HasSuffix(strings.TrimSuffix(line, "\r"), ":")
}
