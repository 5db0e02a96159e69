package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/epitaph-go/epitaph/internal/collected"
)

// DefaultLimit is the size in bytes at which a Scanner gives up waiting for the
// end of a report.
const DefaultLimit = 16 << 20

// Scanner finds the reports in a stream of other text: a log, the output of a
// test, the capture of a terminal. Use it as bufio.Scanner:
//
//	s := report.NewScanner(os.Stdin)
//	for s.Scan() {
//		fmt.Println(s.Line(), s.Report().Summary())
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
//
// What collectors of logs put around lines is taken off: text that stands before
// each line, as docker compose, kubectl, journald, logcat and a test's log have it, or
// indentation; the lines of Kubernetes' container runtimes, with the pieces into which
// they cut long ones; and JSON, with a line or a whole report in a member of each
// record. Lines of several programs that crash at one time may be mixed where their
// prefixes or the members of their records tell them apart.
type Scanner struct {
	in     *bufio.Reader
	limit  int
	lines  int // lines taken from the stream
	unwrap collected.Unwrapper
	logs   []collected.Line // room for the lines of one line
	first  int
	report *Report
	err    error
	done   bool

	// streams are the reports that are being read, starts the lines that may begin one,
	// and ready what is to be returned.
	streams []*stream
	starts  []*start
	ready   []found
}

type found struct {
	report *Report
	line   int
}

// NewScanner returns a Scanner that reads from r, and reads ahead.
func NewScanner(r io.Reader) *Scanner {
	s := &Scanner{in: bufio.NewReaderSize(r, 64<<10)}
	s.SetLimit(DefaultLimit)
	return s
}

// SetLimit sets the largest size of a report in bytes, which bounds the memory that Scan
// uses. The default is [DefaultLimit]. It must be called before Scan.
func (s *Scanner) SetLimit(bytes int) { s.limit, s.unwrap.Limit = bytes, bytes }

// Limit is SetLimit.
//
// Deprecated: Use SetLimit.
func (s *Scanner) Limit(bytes int) { s.SetLimit(bytes) }

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
	for len(s.ready) == 0 && !s.done {
		l, ok := s.next()
		if !ok {
			s.finishAll()
			break
		}
		s.raw(l)
	}
	s.report = nil
	if len(s.ready) == 0 {
		return false
	}
	s.report, s.first = s.ready[0].report, s.ready[0].line
	s.ready = s.ready[1:]
	return true
}

// raw takes a line of the log.
func (s *Scanner) raw(l streamLine) {
	if l.long {
		s.take(logLine{streamLine: l})
		return
	}
	s.logs = s.unwrap.Unwrap(s.logs[:0], l.text)
	for _, u := range s.logs {
		line := logLine{streamLine: l, source: u.Source, last: u.Last}
		if u.Text != l.text {
			line.text, line.ended = u.Text, true
		}
		s.take(line)
	}
}

// finishAll ends what is in hand at the end of the log.
func (s *Scanner) finishAll() {
	s.done = true
	for _, u := range s.unwrap.Rest() {
		s.take(logLine{streamLine: streamLine{text: u.Text, number: s.lines}, source: u.Source})
	}
	for len(s.streams) > 0 {
		s.finish(s.streams[0], true)
	}
}

// A streamLine is a line of the log.
type streamLine struct {
	text   string
	ended  bool
	number int
	// long says that the text is only the start of a line over the limit.
	long bool
}

// markers are what every line has that may be the first one of a report.
var markers = [][]byte{[]byte("Fatal "), []byte("(most recent call first):"), []byte("Timeout ("), []byte("Goroutines: "), []byte("Process: ")}

// idle reports whether only the first line of a report is of interest.
func (s *Scanner) idle() bool {
	return len(s.streams) == 0 && len(s.starts) == 0 && !s.unwrap.Pending()
}

// next returns the next line of the log, or the next one of interest.
func (s *Scanner) next() (l streamLine, ok bool) {
	if s.err != nil {
		return l, false
	}
	var text []byte
	for {
		part, err := s.in.ReadSlice('\n')
		if err == nil && text == nil && !l.long && s.idle() && !anyMarker(part) && !isPiece(part) {
			s.lines++
			continue
		}
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

func anyMarker(line []byte) bool {
	for _, m := range markers {
		if bytes.Contains(line, m) {
			return true
		}
	}
	return false
}

// isPiece reports whether a container runtime has cut the line here: the start of a report
// may be in a later piece. conmon, which CRI-O and Podman use, cuts wherever it has read.
func isPiece(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(" "))
	return ok && (bytes.HasPrefix(rest, []byte("stderr P")) || bytes.HasPrefix(rest, []byte("stdout P")))
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
