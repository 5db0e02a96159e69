package crashtest

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// A pattern is what Want compares with.
type pattern struct {
	what, why string // the first line
	items     []item
}

// An item is a line of a pattern: a call, or "..." for any calls.
type item struct {
	any      bool
	function string // comparable
	file     string
	line     int
	inlined  bool
	text     string
}

const anyCalls = "..."

// place is the last word of a line of a pattern, if it is a file.
var place = regexp.MustCompile(`^([^\s()\[\]<>]*\.(?:[a-zA-Z+]{1,3}|\*))(?::(\d+))?$`)

// parsePattern reads a pattern; with stackOnly it has no first line.
func parsePattern(text string, stackOnly bool) (*pattern, error) {
	p := new(pattern)
	first := !stackOnly
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if first {
			first = false
			what, why, _ := strings.Cut(line, ":")
			p.what, p.why = strings.TrimSpace(what), strings.TrimSpace(why)
			if !endings.MatchString(p.what) {
				return nil, fmt.Errorf("the pattern begins with %q; want a signal, as SIGSEGV, or panic, fatal error, exit N, goexit, hang, or ok", line)
			}
			continue
		}
		it, err := parseItem(line)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, it)
	}
	return p, nil
}

var endings = regexp.MustCompile(`^(SIG[A-Z0-9+]+|panic|fatal error|exit \d+|goexit|hang|ok)$`)

func parseItem(line string) (item, error) {
	it := item{text: line}
	if line == anyCalls {
		it.any = true
		return it, nil
	}
	line, it.inlined = strings.CutSuffix(line, " (inlined)")
	line = strings.TrimSpace(line)
	if cut := strings.LastIndexAny(line, " \t"); cut >= 0 {
		if m := place.FindStringSubmatch(line[cut+1:]); m != nil {
			it.file = m[1]
			if m[2] != "" {
				n, err := strconv.Atoi(m[2])
				if err != nil {
					return it, fmt.Errorf("%q: the line number: %w", it.text, err)
				}
				it.line = n
			}
			line = strings.TrimSpace(line[:cut])
		}
	}
	it.function = function(line)
	if strings.HasPrefix(line, "<") {
		it.function = line
	}
	if it.function == "" {
		return it, fmt.Errorf("%q names no function", it.text)
	}
	return it, nil
}

// function makes a name comparable with those of a report. A method without its package
// would be taken for a function of C++ with parameters.
func function(name string) string {
	if strings.HasPrefix(name, "(") && strings.Contains(name, ").") {
		return strings.TrimPrefix(report.Frame{Func: "p." + name}.Function(), "p.")
	}
	return report.Frame{Func: name}.Function()
}

// A frame is a call of a stack, as a pattern sees it.
type frame struct {
	report.Frame
	function string // comparable
	optional bool   // a pattern may leave it out
	library  bool   // of libc, whose files are known on some machines only
}

// matches tells whether a call is the one that an item means. What a report does not
// know of a call, in a binary without lines, is not compared.
func (it *item) matches(f *frame) bool {
	if !endsWith(f.function, it.function) {
		return false
	}
	if it.file != "" && f.File != "" && !endsWith(f.File, it.file) {
		return false
	}
	return it.line == 0 || f.Line == 0 || it.line == f.Line
}

// endsWith tells whether a name is that of a pattern, or ends with it behind a separator.
func endsWith(name, pattern string) bool {
	if name == "" {
		return false
	}
	if wildcard(pattern, name) {
		return true
	}
	for i := 0; i < len(name)-1; i++ {
		if c := name[i]; (c == '.' || c == '/' || c == ':') && wildcard(pattern, name[i+1:]) {
			return true
		}
	}
	return false
}

// wildcard tells whether a text is a pattern, in which * is any text.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok || !strings.HasSuffix(text, parts[last]) {
		return false
	}
	text = text[:len(text)-len(parts[last])]
	for _, part := range parts[1:last] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}

// contains tells whether a part of a text is a pattern.
func contains(text, pattern string) bool { return wildcard("*"+pattern+"*", text) }

// What of a cause is different in each run or build: addresses and other large numbers,
// the program and the line in what assert says.
var (
	changing  = regexp.MustCompile(`0x[0-9a-f]+|\b\d{4,}\b`)
	assertion = regexp.MustCompile(`^[^ ]+: ([^ :]+):\d+: `)
)

// stable is a cause as a pattern has it.
func stable(why string) string {
	return assertion.ReplaceAllString(changing.ReplaceAllString(firstLine(why), "*"), "$1:*: ")
}

// write returns the pattern of a result, to be pasted or kept.
func write(what, why string, stack []frame) string {
	var b strings.Builder
	b.WriteString(what)
	if why = stable(why); why != "" {
		b.WriteString(": " + why)
	}
	b.WriteString("\n")
	for i := range stack {
		f := &stack[i]
		if f.optional && (strings.HasPrefix(f.function, "runtime.") || f.function == "assert_fail") {
			continue
		}
		b.WriteString(f.line(false) + "\n")
	}
	return b.String()
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text)
}

// line is a call as a line of a pattern; with the number of its line, or without.
func (f *frame) line(numbers bool) string {
	if f.function == "" {
		return f.Frame.Name()
	}
	s := f.function
	if at := strings.LastIndexByte(s, '/'); at >= 0 {
		s = s[at+1:] // Go's, without the path of its package
	}
	if f.File != "" && !f.library {
		s = fmt.Sprintf("%-28s %s", s, path.Base(f.File))
		if numbers && f.Line > 0 {
			s += ":" + strconv.Itoa(f.Line)
		}
	}
	if f.Inlined && f.PC != 0 { // of C; what Go has inlined is there in every build
		s += " (inlined)"
	}
	return s
}
