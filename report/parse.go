package report

import (
	"fmt"
	"strings"
)

// Parse reads the text of one report, from its first line on. What follows the
// end line may be empty lines only; NewScanner finds reports among other text.
//
// A report of a newer Epitaph, one with lines of another writer in between, and
// one that stops in the middle are no errors: see Unknown, Intact and Truncated.
// A last line that has no end is taken as cut short and stays among the unknown
// lines, unless it is the end line. Text that does not start with a report, or
// has a second one, is an error that names the line.
//
// Time and memory are linear in the length of the text.
func Parse(text []byte) (*Report, error) {
	var p parser
	for rest := string(text); rest != ""; {
		line, tail, ended := strings.Cut(rest, "\n")
		rest = tail
		if p.line == 0 && !p.start(line, ended) {
			return nil, fmt.Errorf("report: line 1: not the start of a report: %.60q", line)
		}
		if p.line > 0 && p.stops(line) {
			return nil, fmt.Errorf("report: line %d: a second report starts: %.60q", p.line+1, line)
		}
		if p.r.End != nil && strings.TrimSuffix(line, "\r") != "" {
			return nil, fmt.Errorf("report: line %d: text after the end of the report: %.60q", p.line+1, line)
		}
		p.add(line, ended)
	}
	if p.line == 0 {
		return nil, fmt.Errorf("report: line 1: the text is empty")
	}
	return p.finish(), nil
}

// parser takes a report line by line.
type parser struct {
	r      *Report
	layout []byte
	line   int   // lines taken
	size   int64 // their bytes, without the \r that a terminal adds
	crlf   bool
	// block is the letter of the line that says what indented lines are.
	block byte
	seen  map[byte]bool // headings
	// earlier are the breadcrumbs of the second list, which are the older ones.
	earlier []Breadcrumb
	print   []byte // the line that was just parsed, printed again
}

// start begins a report if the line is the first one of a report.
func (p *parser) start(line string, ended bool) bool {
	text, crlf := strings.CutSuffix(line, "\r")
	if !isStart(text) {
		return false
	}
	*p = parser{r: new(Report), crlf: crlf && ended, seen: map[byte]bool{}}
	p.r.Kind = Dump
	if p.crlf {
		p.layout = append(p.layout, markCRLF)
	}
	return true
}

func isStart(line string) bool {
	if strings.HasPrefix(line, faultPrefix) || strings.HasPrefix(line, goErrorPrefix) || isTimeout(line) {
		return true
	}
	var p parser
	if t, _, ok := understood(&p, line, parseThread, appendThread); ok {
		return t.Kind != CutThreads
	}
	if g, _, ok := understood(&p, line, parseGoroutineGroup, appendGoroutineGroup); ok {
		return !g.Cut
	}
	_, _, ok := understood(&p, line, parseGoroutines, appendGoroutines)
	return ok || isProcess(line)
}

// isProcess: a dump begins with this line.
func isProcess(line string) bool {
	var p parser
	_, _, ok := understood(&p, line, parseProcess, appendProcess)
	return ok
}

func isTimeout(line string) bool {
	var p parser
	_, _, ok := understood(&p, line, parseTimeout, appendTimeout)
	return ok
}

// stops reports whether a line cannot belong to the report because it is the
// first one of another.
func (p *parser) stops(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	switch {
	case strings.HasPrefix(line, "Fatal "):
		return isHeadline(line)
	case strings.HasPrefix(line, timeoutPrefix):
		return isTimeout(line)
	case p.r.Kind != Crash && strings.HasPrefix(line, "Process: ") && (p.r.Process != nil || len(p.r.Threads) > 0):
		return isProcess(line)
	case p.r.Kind == Dump && (strings.HasPrefix(line, "Current thread 0x") || line == bareStack+stackSuffix || line == nativeStack+stackSuffix):
		return p.r.Current() != nil
	}
	return false
}

// add takes a line without its \n; ended is false if the text stops before it.
func (p *parser) add(line string, ended bool) {
	p.line++
	counted := p.size
	p.size += int64(len(line))
	if ended {
		p.size++
	}
	text, second := line, false
	if p.crlf && ended {
		var crlf bool
		if text, crlf = strings.CutSuffix(line, "\r"); crlf {
			p.size--
		} else {
			second = true
		}
	}
	switch {
	case !ended && p.line > 1:
		if e, alt, ok := understood(p, text, parseEnd, appendEnd); ok && p.r.End == nil {
			p.addEnd(e, alt, counted)
		} else {
			p.unknown(line, false)
		}
	case second:
		p.unknown(line, true)
	case text == "":
		p.letter(lineEmpty, false)
	case p.line == 1 && p.first(text), text[0] == ' ' && p.indented(text), text[0] != ' ' && p.heading(text):
	default:
		if e, alt, ok := understood(p, text, parseEnd, appendEnd); ok && p.r.End == nil {
			p.addEnd(e, alt, counted)
			break
		}
		// A header of a kind that is not known must not give its lines to the
		// block before. Any other line is another writer's.
		if text[0] != ' ' && strings.HasSuffix(text, ":") {
			p.block = 0
		}
		p.unknown(text, false)
	}
	if !ended {
		p.layout = append(p.layout, markCut)
	}
}

func (p *parser) addEnd(e End, second bool, counted int64) {
	e.Counted = counted
	p.r.End = &e
	p.letter(lineEnd, second)
}

func (p *parser) letter(letter byte, second bool) bool {
	p.layout = append(p.layout, letter)
	if second {
		p.layout = append(p.layout, markSecond)
	}
	return true
}

func (p *parser) unknown(text string, second bool) {
	p.r.Unknown = append(p.r.Unknown, UnknownLine{p.line, RawText(text)})
	p.letter(lineUnknown, second)
}

// understood parses a line and prints the value again: only a line that comes
// out as it went in was understood. second is set if it did so in the second of
// two spellings.
func understood[T any](p *parser, line string, parse func(string) (T, bool),
	format func([]byte, T, bool) []byte) (v T, second, ok bool) {
	if v, ok = parse(line); !ok {
		return v, false, false
	}
	p.print = format(p.print[:0], v, false)
	if string(p.print) == line {
		return v, false, true
	}
	p.print = format(p.print[:0], v, true)
	return v, true, string(p.print) == line
}

// list takes a line whose value is added to a list.
func list[T any](p *parser, to *[]T, line string, letter byte, parse func(string) (T, bool),
	format func([]byte, T, bool) []byte) bool {
	v, second, ok := understood(p, line, parse, format)
	if !ok {
		return false
	}
	*to = append(*to, v)
	return p.letter(letter, second)
}

// single takes a line that a report has once.
func single[T any](p *parser, to **T, line string, letter byte, parse func(string) (T, bool),
	format func([]byte, T, bool) []byte) bool {
	v, second, ok := understood(p, line, parse, format)
	if !ok || *to != nil {
		return false
	}
	*to = &v
	return p.letter(letter, second)
}

// first takes the headline. One that has bytes which no report has still says
// what happened, and is kept as it stood as well.
func (p *parser) first(line string) bool {
	r := p.r
	if h, ok := parseHeadline(line); ok {
		r.Kind, r.Headline, r.GoError = Crash, h.text, h.goError
		if _, second, ok := understood(p, line, parseHeadline, appendHeadline); ok {
			return p.letter(lineHeadline, second)
		}
		r.Headline = decode(string(appendText(nil, h.text)), false)
		p.unknown(line, false)
		return true
	}
	if d, second, ok := understood(p, line, parseTimeout, appendTimeout); ok {
		r.Kind, r.Timeout = Timeout, d
		return p.letter(lineTimeout, second)
	}
	return false // a dump: the line is a heading
}

// heading takes a line that is not indented.
func (p *parser) heading(line string) bool {
	r := p.r
	if letter := sectionOf(line); letter != 0 {
		if p.seen[letter] {
			return false
		}
		p.seen[letter] = true
		p.block = letter
		return p.letter(letter, false)
	}
	switch {
	case strings.HasPrefix(line, goTextPrefix):
		if single(p, &r.GoText, line, lineGoText, parseGoText, appendGoText) {
			p.block = lineGoText
			return true
		}
	case strings.HasPrefix(line, panicPrefix):
		if single(p, &r.Panic, line, linePanic, parsePanic, appendPanic) {
			p.block = linePanic
			return true
		}
	case strings.HasSuffix(line, stackSuffix):
		if list(p, &r.Threads, line, lineThread, parseThread, appendThread) {
			p.block = lineThread
			return true
		}
		if list(p, &r.GoroutineGroups, line, lineGroup, parseGoroutineGroup, appendGoroutineGroup) {
			p.block = lineGroup
			return true
		}
	case line[0] == '.':
		p.block = 0
		return list(p, &r.Threads, line, lineThread, parseThread, appendThread) ||
			list(p, &r.GoroutineGroups, line, lineGroup, parseGoroutineGroup, appendGoroutineGroup)
	case line[0] == '[':
		return list(p, &r.StageFailures, line, lineStage, parseStageFailure, appendStageFailure)
	case strings.HasPrefix(line, "Stack: "):
		return list(p, &r.Stack, line, lineStackRow, parseStackRow, appendStackRow)
	case strings.HasPrefix(line, "Code: "):
		return single(p, &r.Code, line, lineCode, parseCode, appendCode)
	case strings.HasPrefix(line, "Signal: "):
		return single(p, &r.Signal, line, lineSignal, parseSignal, appendSignal)
	case strings.HasPrefix(line, "Process: "):
		return single(p, &r.Process, line, lineProcess, parseProcess, appendProcess)
	case strings.HasPrefix(line, hostPrefix):
		return single(p, &r.Host, line, lineHost, parseHost, appendHost)
	case strings.HasPrefix(line, memoryPrefix):
		return single(p, &r.Memory, line, lineMemory, parseMemory, appendMemory)
	case strings.HasPrefix(line, "Build: "):
		return single(p, &r.Build, line, lineBuild, parseBuild, appendBuild)
	case strings.HasPrefix(line, "Message: "):
		return list(p, &r.Messages, line, lineMessage, parseMessage, appendMessage)
	case strings.HasPrefix(line, "Standard error: "):
		return list(p, &r.StandardError, line, lineStandardError, parseStandardError, appendStandardError)
	case strings.HasPrefix(line, "Note: "):
		return list(p, &r.Notes, line, lineNote, parseNote, appendNote)
	case strings.HasPrefix(line, "Also crashed: "):
		return list(p, &r.AlsoCrashed, line, lineAlsoCrashed, parseAlsoCrashed, appendAlsoCrashed)
	case strings.HasPrefix(line, "Goroutines: "):
		return single(p, &r.Goroutines, line, lineGoroutines, parseGoroutines, appendGoroutines)
	case strings.Contains(line, " idle thread"):
		return single(p, &r.Idle, line, lineIdle, parseIdle, appendIdle)
	case strings.Contains(line, " threads answered"):
		return single(p, &r.Answers, line, lineAnswers, parseAnswers, appendAnswers)
	case p.sentenceMayCome():
		s, second, ok := understood(p, line, parseSentence, appendSentence)
		if !ok {
			return false
		}
		r.Sentence = s
		return p.letter(lineSentence, second)
	}
	return false
}

// sentenceMayCome reports whether there was only the headline, empty lines and stages
// that failed as yet.
func (p *parser) sentenceMayCome() bool {
	return p.line <= 16 && p.r.Kind == Crash && strings.Trim(string(p.layout), string([]byte{markCRLF, lineHeadline, lineEmpty, lineStage})) == ""
}

// indented takes a line of the block that is open.
func (p *parser) indented(line string) bool {
	r := p.r
	switch p.block {
	case lineThread:
		return list(p, &r.Threads[len(r.Threads)-1].Frames, line, lineFrame, parseFrame, appendFrame)
	case lineGroup:
		return list(p, &r.GoroutineGroups[len(r.GoroutineGroups)-1].Frames, line, lineFrame, parseFrame, appendFrame)
	case lineGoText:
		return list(p, &r.GoText.Lines, line, lineGoTextLine, parseTextLine, appendTextLine)
	case linePanic:
		return list(p, &r.Panic.Lines, line, linePanicLine, parseTextLine, appendTextLine)
	case lineRegisters:
		row, second, ok := understood(p, line, parseRegisters, appendRegisters)
		if !ok {
			return false
		}
		r.Registers = append(r.Registers, row...)
		return p.letter('0'+byte(len(row)), second)
	case lineAddresses:
		return list(p, &r.Addresses, line, lineAddress, parseAddress, appendAddress)
	case lineModules:
		return list(p, &r.Modules, line, lineModule, parseModule, appendModule)
	case lineLabels:
		return list(p, &r.Labels, line, lineLabel, parseAnnotation, appendAnnotation)
	case lineAnnotations:
		return list(p, &r.Annotations, line, lineAnnotation, parseAnnotation, appendAnnotation)
	case lineBreadcrumbs:
		return list(p, &r.Breadcrumbs, line, lineBreadcrumb, parseBreadcrumb, appendBreadcrumb)
	case lineEarlier:
		return list(p, &p.earlier, line, lineEarlierOne, parseBreadcrumb, appendBreadcrumb)
	}
	return false
}

// finish returns the report.
func (p *parser) finish() *Report {
	p.r.Truncated = p.r.End == nil
	p.r.Breadcrumbs = append(p.earlier, p.r.Breadcrumbs...)
	p.r.setPlaces()
	if layout := string(p.layout); layout != p.r.usualLayout() {
		p.r.Layout = layout
	}
	return p.r
}
