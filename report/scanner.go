package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// DefaultLimit is the size in bytes at which a Scanner gives up waiting for the
// end of a report.
const DefaultLimit = 16 << 20

// Scanner finds the reports in a stream of other text: a log, the output of a
// test, the capture of a terminal. Use it as bufio.Scanner:
//
//	s := report.NewScanner(os.Stdin)
//	for s.Scan() {
//		fmt.Println(s.Line(), s.Report().Headline)
//	}
//	if err := s.Err(); err != nil { … }
//
// A report starts at a headline, at the line of a timeout, or at the header of
// a stack that stands alone; a headline may also follow other text on its line
// if an empty line comes next, since a program may die in the middle of a line.
// It goes to its end line. Where that is missing, it goes to the start of the
// next report, to the end of the stream, or to the limit, and is Truncated; the
// other text that followed is left out, but for one line that may be its own.
// A dump without an end line goes to the first line that is not of a report.
type Scanner struct {
	in    *bufio.Reader
	limit int
	lines int // lines taken from the stream

	// pending is a line that ended one report and is still to be looked at.
	pending *streamLine
	first   int
	report  *Report
	err     error
}

type streamLine struct {
	text   string
	ended  bool
	number int
	// long says that the text is only the start of a line over the limit.
	long bool
}

// NewScanner returns a Scanner that reads from r, and reads ahead.
func NewScanner(r io.Reader) *Scanner {
	return &Scanner{in: bufio.NewReaderSize(r, 64<<10), limit: DefaultLimit}
}

// Limit sets the largest size of a report in bytes, which bounds the memory
// that Scan uses. It must be called before Scan.
func (s *Scanner) Limit(bytes int) { s.limit = bytes }

// Report returns the report that Scan found.
func (s *Scanner) Report() *Report { return s.report }

// Line returns the number of that report's first line in the stream, from 1.
func (s *Scanner) Line() int { return s.first }

// Err returns the error of the reader, if it was not io.EOF. The report that
// the error cut short was returned before.
func (s *Scanner) Err() error { return s.err }

// Scan goes to the next report. It returns false at the end of the stream, and
// after an error.
func (s *Scanner) Scan() bool {
	s.report = nil
	p, active := parser{}, false
	for {
		l, ok := s.next()
		if !ok {
			if active {
				s.report = p.finishPart()
			}
			return active
		}
		if !active {
			if text, starts := s.startIn(l); starts && p.start(text, l.ended) {
				active, s.first = true, l.number
				p.add(text, l.ended)
			}
			continue
		}
		if l.long || p.size+int64(len(l.text)) >= int64(s.limit) || p.stops(l.text) {
			s.pending = &l
			s.report = p.finishPart()
			return true
		}
		known := len(p.r.Unknown)
		p.add(l.text, l.ended)
		if p.r.End != nil {
			s.report = p.finish()
			return true
		}
		if p.r.Kind == Dump && len(p.r.Unknown) > known && l.ended && isForeign(l.text) {
			s.pending = &l
			p.dropUnknown(0)
			s.report = p.finish()
			return true
		}
	}
}

// isForeign reports whether a line that was not understood cannot be part of a
// report, of a newer Epitaph for instance.
func isForeign(line string) bool {
	return line != "" && line[0] != ' ' && !strings.HasSuffix(strings.TrimSuffix(line, "\r"), ":")
}

// startIn returns the part of a line that may be the first line of a report.
func (s *Scanner) startIn(l streamLine) (string, bool) {
	i := headlineIn(l.text)
	if i <= 0 {
		return l.text, !l.long
	}
	after, err := s.in.Peek(1)
	return l.text[i:], err == nil && !l.long && (after[0] == '\n' || after[0] == '\r')
}

// next returns the next line of the stream.
func (s *Scanner) next() (l streamLine, ok bool) {
	if s.pending != nil {
		l, s.pending = *s.pending, nil
		return l, true
	}
	if s.err != nil {
		return l, false
	}
	var text []byte
	for {
		part, err := s.in.ReadSlice('\n')
		if room := max(0, s.limit-len(text)); len(part) > room {
			l.long = true
			text = append(text, part[:room]...)
		} else {
			text = append(text, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && err != io.EOF {
			s.err = fmt.Errorf("report: line %d: %w", s.lines+1, err)
		}
		l.text, l.ended = strings.CutSuffix(string(text), "\n")
		l.ended = l.ended || l.long
		if len(text) == 0 && err != nil {
			return l, false
		}
		s.lines++
		l.number = s.lines
		return l, true
	}
}

// finishPart returns a report that has no end line, without the other text
// that followed it.
func (p *parser) finishPart() *Report {
	p.dropUnknown(1)
	return p.finish()
}

// dropUnknown removes the lines behind the last one that was understood, except
// for one empty line, which ends a block, and then for the first few.
func (p *parser) dropUnknown(keep int) {
	layout := strings.TrimSuffix(string(p.layout), string(markCut))
	tail := len(strings.TrimRight(layout, string([]byte{lineUnknown, lineEmpty, markSecond})))
	is := func(letter byte) bool { return tail < len(layout) && layout[tail] == letter }
	if is(markSecond) { // it belongs to the line before
		tail++
	}
	if is(lineEmpty) {
		tail++
	}
	for ; keep > 0 && is(lineUnknown); keep-- {
		tail++
		if is(markSecond) {
			tail++
		}
	}
	if tail == len(layout) {
		return
	}
	dropped := strings.Count(layout[tail:], string(lineUnknown))
	p.r.Unknown = p.r.Unknown[:len(p.r.Unknown)-dropped]
	p.layout = p.layout[:tail]
}
