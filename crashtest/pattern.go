package crashtest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
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

// What of a cause is different in each run, on each machine or in each build, and what
// stands for it in a pattern.
var unstable = []struct {
	text        *regexp.Regexp
	replacement string
}{
	// Which of its checks finds a block that was freed twice depends on libc's version and on
	// the thread.
	{regexp.MustCompile(`^.*\bdouble free\b.*$`), "double free"},
	{regexp.MustCompile(`^((?:malloc|realloc|calloc|free|malloc_consolidate)\(\): .*) \(\w+\)$`), "$1"},
	// assert has the program, the directory, the line and, of clang and C++, the function's type.
	{regexp.MustCompile(`^[^ ]+: (?:[^ :]*/)?([^ :/]+):\d+: .*: Assertion `), "$1:*: Assertion "},
	{regexp.MustCompile(`\((?:/[^()]*|\[[^()\]]*\])(?: \(deleted\))?\)`), "(*)"}, // a file
	{regexp.MustCompile(`\b\d+ bytes (below|above|before|behind)\b`), "* bytes $1"},
	{regexp.MustCompile(`0x[0-9a-f]+|\b\d{4,}\b`), "*"},
	{regexp.MustCompile(`\buser \d+`), "user *"},
}

// stable is a cause as a pattern has it.
func stable(why string) string {
	why = firstLine(why)
	for _, u := range unstable {
		why = u.text.ReplaceAllString(why, u.replacement)
	}
	return why
}

// write returns the pattern of a result, to be pasted or kept; with the numbers of lines,
// or without.
func write(what, why string, stack []frame, numbers bool) string {
	first := what
	if why = stable(why); why != "" {
		first += ": " + why
	}
	var calls []string
	for i := range stack {
		f := &stack[i]
		switch {
		case f.optional && (strings.HasPrefix(f.function, "runtime.") || strings.HasPrefix(f.function, "__asan_") || f.function == "assert_fail"):
		case f.library && f.function == "":
			calls = append(calls, anyCalls) // on another machine it may have a name
		default:
			calls = append(calls, f.line(numbers))
		}
	}
	return strings.Join(append([]string{first}, foldRecursion(calls)...), "\n") + "\n"
}

// foldRecursion has "..." stand for the calls of a recursion behind the first round: how
// often a function calls itself depends on the size of the stack.
func foldRecursion(calls []string) (folded []string) {
	for len(calls) > 0 {
		period, rounds := recursion(calls)
		folded = append(folded, calls[:period]...)
		if rounds > 1 {
			folded = append(folded, anyCalls)
		}
		calls = calls[period*rounds:]
	}
	return folded
}

// recursion is how many calls stand in front that are there again right behind, and how
// often.
func recursion(calls []string) (period, rounds int) {
	const most = 8
	for period := 1; period <= min(most, len(calls)/2); period++ {
		rounds := 1
		for end := period * (rounds + 1); end <= len(calls) && slices.Equal(calls[:period], calls[end-period:end]); end += period {
			rounds++
		}
		if rounds > 1 {
			return period, rounds
		}
	}
	return 1, 1
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
