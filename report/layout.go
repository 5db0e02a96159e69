package report

import (
	"bytes"
	"slices"
	"strings"
)

// The layout of a report is a string with one letter for each line, which
// consumes the next value of that kind. A value's own line is always printed
// from the value; only the order of lines is remembered, so a report whose
// values were changed is printed with the changes.
const (
	lineHeadline      = 'H'
	lineTimeout       = 'O'
	lineSentence      = 'Z'
	lineEmpty         = '.'
	lineSignal        = 'S'
	lineMessage       = 'Q'
	lineProcess       = 'P'
	lineHost          = 'h'
	lineMemory        = 'U'
	lineBuild         = 'B'
	lineNote          = 'N'
	lineThread        = 'T'
	lineFrame         = 'F' // of the thread or of the goroutines before it
	lineAlsoCrashed   = 'X'
	lineGoText        = 'Y' // "Go's own report (...):"
	lineGoTextLine    = 'y'
	linePanic         = 'V' // "Panic (...):"
	linePanicLine     = 'v'
	lineAnswers       = 'A'
	lineIdle          = 'I'
	lineGoroutines    = 'L'
	lineGroup         = 'G'
	lineRegisters     = 'R' // "Registers:"; each row of them is the digit of their number
	lineCode          = 'C'
	lineStackRow      = 'W'
	lineAddresses     = 'a' // "Addresses:"
	lineAddress       = 'w'
	lineModules       = 'M' // "Modules:"
	lineModule        = 'm'
	lineLabels        = 'b' // "Labels:"
	lineLabel         = 'i'
	lineAnnotations   = 'K' // "Annotations:"
	lineAnnotation    = 'k'
	lineBreadcrumbs   = 'D' // "Breadcrumbs:"
	lineBreadcrumb    = 'd'
	lineEarlier       = 'J' // "Earlier breadcrumbs:"
	lineEarlierOne    = 'j'
	lineStage         = '!'
	lineStandardError = 'q'
	lineEnd           = 'E'
	lineUnknown       = '?'

	// markSecond follows the letter of a line that stands in the second of two
	// spellings. After lineUnknown it says that the line ends with a bare \n in a
	// text whose lines end with \r\n.
	markSecond = '\''
	// markCRLF at the start says that lines end with \r\n: a terminal's capture.
	markCRLF = '^'
	// markCut at the end says that the last line has no end.
	markCut = '$'
)

// newestBreadcrumbs is how many of the breadcrumbs stand before the stacks
// (native/report/recorded.c).
const newestBreadcrumbs = 8

// rowRegisters is the number of registers that Epitaph writes on a line.
const rowRegisters = 4

// headingOf returns the line that opens a section.
func headingOf(letter byte) string {
	switch letter {
	case lineRegisters:
		return "Registers:"
	case lineAddresses:
		return "Addresses:"
	case lineModules:
		return "Modules:"
	case lineLabels:
		return "Labels:"
	case lineAnnotations:
		return "Annotations:"
	case lineBreadcrumbs:
		return "Breadcrumbs:"
	case lineEarlier:
		return "Earlier breadcrumbs:"
	}
	return ""
}

// sectionOf returns the letter of the section that a line opens, or 0.
func sectionOf(line string) byte {
	for _, letter := range []byte{lineRegisters, lineAddresses, lineModules, lineLabels, lineAnnotations, lineBreadcrumbs, lineEarlier} {
		if line == headingOf(letter) {
			return letter
		}
	}
	return 0
}

// usualLayout returns the layout in which Epitaph writes these values.
func (r *Report) usualLayout() string {
	var b []byte
	add := func(letter byte, n int) { b = append(b, bytes.Repeat([]byte{letter}, n)...) }
	one := func(letter byte, there bool) {
		if there {
			b = append(b, letter)
		}
	}
	section := func(heading, letter byte, n int) {
		one(heading, n > 0)
		add(letter, n)
	}

	if r.Kind == Crash {
		b = append(b, lineHeadline, lineEmpty)
	}
	one(lineTimeout, r.Kind == Timeout)
	top := len(b)
	one(lineSentence, r.Sentence != "")
	one(lineSignal, r.Signal != nil)
	add(lineMessage, len(r.Messages))
	add(lineStandardError, len(r.StandardError))
	one(lineProcess, r.Process != nil)
	one(lineHost, r.Host != nil)
	one(lineMemory, r.Memory != nil && r.Kind != Crash)
	one(lineBuild, r.Build != nil)
	add(lineNote, len(r.Notes))
	one(lineEmpty, len(b) > top)
	text := func(heading, letter byte, t *Text) {
		if t != nil {
			b = append(b, heading)
			add(letter, len(t.Lines))
			b = append(b, lineEmpty)
		}
	}
	text(lineGoText, lineGoTextLine, r.GoText)
	if r.Panic.noted() {
		text(linePanic, linePanicLine, r.Panic)
	}
	newest := min(len(r.Breadcrumbs), newestBreadcrumbs)
	section(lineLabels, lineLabel, len(r.Labels))
	section(lineAnnotations, lineAnnotation, len(r.Annotations))
	section(lineBreadcrumbs, lineBreadcrumb, newest)
	one(lineEmpty, len(r.Labels)+len(r.Annotations)+newest > 0)
	memory := func() {
		if r.Memory != nil && r.Kind == Crash {
			b = append(b, lineEmpty, lineMemory)
		}
	}
	others := r.Threads
	if len(others) > 0 && others[0].Current() {
		b = append(b, lineThread)
		add(lineFrame, len(others[0].Frames))
		memory()
		add(lineAlsoCrashed, len(r.AlsoCrashed))
		b = append(b, lineEmpty)
		others = others[1:]
	} else {
		memory()
		add(lineAlsoCrashed, len(r.AlsoCrashed))
	}
	// A healthy program is asked for its goroutines first, what has crashed behind all else
	// that there is of its threads (native/report/report.c).
	parts := []func([]byte, []Thread) []byte{r.goroutinesLayout, r.threadsLayout}
	if r.Kind == Crash {
		slices.Reverse(parts)
	}
	for _, part := range parts {
		b = part(b, others)
	}
	one(lineRegisters, len(r.Registers) > 0)
	add('0'+rowRegisters, len(r.Registers)/rowRegisters)
	if rest := len(r.Registers) % rowRegisters; rest > 0 {
		b = append(b, '0'+byte(rest))
	}
	one(lineCode, r.Code != nil)
	add(lineStackRow, len(r.Stack))
	section(lineAddresses, lineAddress, len(r.Addresses))
	section(lineModules, lineModule, len(r.Modules))
	section(lineEarlier, lineEarlierOne, len(r.Breadcrumbs)-newest)
	if r.Panic != nil && !r.Panic.noted() {
		b = append(b, linePanic)
		add(linePanicLine, len(r.Panic.Lines))
	}
	add(lineStage, len(r.StageFailures))
	add(lineUnknown, len(r.Unknown))
	one(lineEnd, r.End != nil)
	return string(b)
}

func (r *Report) goroutinesLayout(b []byte, _ []Thread) []byte {
	if r.Goroutines != nil {
		b = append(b, lineGoroutines, lineEmpty)
	}
	for _, g := range r.GoroutineGroups {
		b = append(b, lineGroup)
		b = append(b, bytes.Repeat([]byte{lineFrame}, len(g.Frames))...)
		b = append(b, lineEmpty)
	}
	return b
}

func (r *Report) threadsLayout(b []byte, others []Thread) []byte {
	for _, t := range others {
		b = append(b, lineThread)
		b = append(b, bytes.Repeat([]byte{lineFrame}, len(t.Frames))...)
		b = append(b, lineEmpty)
	}
	if r.Idle != nil {
		b = append(b, lineIdle, lineEmpty)
	}
	if r.Answers != nil {
		b = append(b, lineAnswers, lineEmpty)
	}
	return b
}

// printer consumes the values of a report, line after line.
type printer struct {
	r    *Report
	b    []byte
	crlf bool
	// frames are what is left of the stack that is being printed. The other
	// fields count what was printed.
	frames                                     []Frame
	notes, threads, crashed, groups, registers int
	messages, standardError                    int
	stack, modules, annotations, breadcrumbs   int
	goText, goLines, panic, panicLines         int
	stages, unknown                            int
	signal, process, build, answers, idle      int
	newest, earlier                            int
	goroutines, code, end, sentence            int
	host, memory, labels, addresses            int
}

// print appends the report in a layout. It fails if the layout does not print
// every value once.
func (r *Report) print(b []byte, layout string) ([]byte, bool) {
	p := printer{r: r, b: b}
	layout, p.crlf = strings.CutPrefix(layout, string(markCRLF))
	layout, cut := strings.CutSuffix(layout, string(markCut))
	p.newest = strings.Count(layout, string(lineBreadcrumb))
	for len(layout) > 0 {
		letter := layout[0]
		layout = layout[1:]
		second := layout != "" && layout[0] == markSecond
		if second {
			layout = layout[1:]
		}
		if !p.line(letter, second) {
			return b, false
		}
		if cut && layout == "" {
			break
		}
		if p.crlf && !(second && letter == lineUnknown) {
			p.b = append(p.b, '\r')
		}
		p.b = append(p.b, '\n')
	}
	if !p.all() {
		return b, false
	}
	return p.b, true
}

// next prints the next value of a list.
func next[T any](p *printer, list []T, n *int, format func([]byte, T, bool) []byte, second bool) bool {
	if *n >= len(list) {
		return false
	}
	p.b = format(p.b, list[*n], second)
	*n++
	return true
}

// only prints a value that stands once in a report.
func only[T any](p *printer, v *T, n *int, format func([]byte, T, bool) []byte, second bool) bool {
	if v == nil || *n > 0 {
		return false
	}
	p.b = format(p.b, *v, second)
	*n++
	return true
}

func (p *printer) line(letter byte, second bool) bool {
	r := p.r
	switch letter {
	case lineEmpty:
		return true
	case lineHeadline:
		p.b = appendHeadline(p.b, headline{r.Headline, r.GoError}, second)
		return r.Kind == Crash
	case lineSentence:
		if r.Sentence == "" {
			return false
		}
		return only(p, &r.Sentence, &p.sentence, appendSentence, second)
	case lineTimeout:
		p.b = appendTimeout(p.b, r.Timeout, second)
		return r.Kind == Timeout
	case lineSignal:
		return only(p, r.Signal, &p.signal, appendSignal, second)
	case lineMessage:
		return next(p, r.Messages, &p.messages, appendMessage, second)
	case lineStandardError:
		return next(p, r.StandardError, &p.standardError, appendStandardError, second)
	case lineProcess:
		return only(p, r.Process, &p.process, appendProcess, second)
	case lineHost:
		return only(p, r.Host, &p.host, appendHost, second)
	case lineMemory:
		return only(p, r.Memory, &p.memory, appendMemory, second)
	case lineBuild:
		return only(p, r.Build, &p.build, appendBuild, second)
	case lineNote:
		return next(p, r.Notes, &p.notes, appendNote, second)
	case lineThread:
		if len(p.frames) > 0 || !next(p, r.Threads, &p.threads, appendThread, second) {
			return false
		}
		p.frames = r.Threads[p.threads-1].Frames
		return true
	case lineGroup:
		if len(p.frames) > 0 || !next(p, r.GoroutineGroups, &p.groups, appendGoroutineGroup, second) {
			return false
		}
		p.frames = r.GoroutineGroups[p.groups-1].Frames
		return true
	case lineFrame:
		if len(p.frames) == 0 {
			return false
		}
		p.b = appendFrame(p.b, p.frames[0], second)
		p.frames = p.frames[1:]
		return true
	case lineAlsoCrashed:
		return next(p, r.AlsoCrashed, &p.crashed, appendAlsoCrashed, second)
	case lineGoText:
		return only(p, r.GoText, &p.goText, appendGoText, second)
	case lineGoTextLine:
		return r.GoText != nil && next(p, r.GoText.Lines, &p.goLines, appendTextLine, second)
	case linePanic:
		return only(p, r.Panic, &p.panic, appendPanic, second)
	case linePanicLine:
		return r.Panic != nil && next(p, r.Panic.Lines, &p.panicLines, appendTextLine, second)
	case lineAnswers:
		return only(p, r.Answers, &p.answers, appendAnswers, second)
	case lineGoroutines:
		return only(p, r.Goroutines, &p.goroutines, appendGoroutines, second)
	case lineIdle:
		return only(p, r.Idle, &p.idle, appendIdle, second)
	case lineRegisters, lineAddresses, lineModules, lineLabels, lineAnnotations, lineBreadcrumbs, lineEarlier:
		p.b = append(p.b, headingOf(letter)...)
		return true
	case lineCode:
		return only(p, r.Code, &p.code, appendCode, second)
	case lineStackRow:
		return next(p, r.Stack, &p.stack, appendStackRow, second)
	case lineAddress:
		return next(p, r.Addresses, &p.addresses, appendAddress, second)
	case lineModule:
		return next(p, r.Modules, &p.modules, appendModule, second)
	case lineLabel:
		return next(p, r.Labels, &p.labels, appendAnnotation, second)
	case lineAnnotation:
		return next(p, r.Annotations, &p.annotations, appendAnnotation, second)
	case lineBreadcrumb:
		return p.newest <= len(r.Breadcrumbs) &&
			next(p, r.Breadcrumbs[len(r.Breadcrumbs)-p.newest:], &p.breadcrumbs, appendBreadcrumb, second)
	case lineEarlierOne:
		return p.newest <= len(r.Breadcrumbs) &&
			next(p, r.Breadcrumbs[:len(r.Breadcrumbs)-p.newest], &p.earlier, appendBreadcrumb, second)
	case lineStage:
		return next(p, r.StageFailures, &p.stages, appendStageFailure, second)
	case lineUnknown:
		return next(p, r.Unknown, &p.unknown, appendUnknown, second)
	case lineEnd:
		return only(p, r.End, &p.end, appendEnd, second)
	}
	n := int(letter) - '0'
	if n < 1 || n > maxRowRegisters || p.registers+n > len(r.Registers) {
		return false
	}
	p.b = appendRegisters(p.b, r.Registers[p.registers:p.registers+n], second)
	p.registers += n
	return true
}

// all reports whether every value was printed. The headline needs not be: one
// that could not be printed as it stood is among the unknown lines.
func (p *printer) all() bool {
	r := p.r
	there := func(is bool, n int) bool { return is == (n == 1) }
	return len(p.frames) == 0 && p.notes == len(r.Notes) && p.threads == len(r.Threads) &&
		p.crashed == len(r.AlsoCrashed) && p.groups == len(r.GoroutineGroups) &&
		p.registers == len(r.Registers) && p.stack == len(r.Stack) && p.addresses == len(r.Addresses) && p.modules == len(r.Modules) &&
		p.labels == len(r.Labels) && p.annotations == len(r.Annotations) && p.breadcrumbs+p.earlier == len(r.Breadcrumbs) &&
		p.stages == len(r.StageFailures) && p.messages == len(r.Messages) && p.standardError == len(r.StandardError) && p.unknown == len(r.Unknown) &&
		there(r.Host != nil, p.host) && there(r.Memory != nil, p.memory) &&
		there(r.Signal != nil, p.signal) && there(r.Process != nil, p.process) &&
		there(r.Build != nil, p.build) && there(r.Answers != nil, p.answers) && there(r.Idle != nil, p.idle) &&
		there(r.GoText != nil, p.goText) && p.goLines == r.GoText.count() &&
		there(r.Panic != nil, p.panic) && p.panicLines == r.Panic.count() &&
		there(r.Goroutines != nil, p.goroutines) && there(r.Code != nil, p.code) &&
		there(r.End != nil, p.end) && there(r.Sentence != "", p.sentence)
}

func appendUnknown(b []byte, u UnknownLine, _ bool) []byte {
	return append(b, strings.ReplaceAll(string(u.Text), "\n", `\x0a`)...)
}

// AppendText appends the report's text to b: the exact bytes that were parsed
// or, when values were added or removed since, the usual order of the parts.
// The error is always nil.
func (r *Report) AppendText(b []byte) ([]byte, error) {
	if r.Layout != "" {
		if b, ok := r.print(b, r.Layout); ok {
			return b, nil
		}
	}
	b, _ = r.print(b, r.usualLayout())
	return b, nil
}

// MarshalText returns the report's text, as AppendText does.
func (r *Report) MarshalText() ([]byte, error) { return r.AppendText(nil) }

// UnmarshalText is Parse.
func (r *Report) UnmarshalText(text []byte) error {
	v, err := Parse(text)
	if err == nil {
		*r = *v
	}
	return err
}

// String returns the report's text, as AppendText does.
func (r *Report) String() string {
	b, _ := r.AppendText(nil)
	return string(b)
}
