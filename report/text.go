package report

import (
	"strconv"
	"strings"
)

// Text is a text that Epitaph has not written itself, whole: what Go's runtime printed when it
// ended the process, or a panic as the program or its copy has formatted it.
type Text struct {
	// From says how Epitaph came by it, "from the crash output", and how much of
	// it is missing.
	From string `json:"from"`
	// Lines are escaped as all strings of a report; a tab is a tab.
	Lines []string `json:"lines,omitempty"`
}

// Bytes returns the text as it was, each line with its \n; nil of no text.
func (t *Text) Bytes() []byte {
	if t == nil {
		return nil
	}
	var b []byte
	for _, line := range t.Lines {
		b = append(append(b, Unescape(line)...), '\n')
	}
	return b
}

// noted tells whether the text of a panic was there before the report: then it stands
// with Go's own. What is made for the report, with some risk, comes last.
func (t *Text) noted() bool { return t != nil && strings.HasPrefix(t.From, "noted ") }

func (t *Text) count() int {
	if t == nil {
		return 0
	}
	return len(t.Lines)
}

const (
	goTextPrefix = "Go's own report ("
	panicPrefix  = "Panic ("
	textSuffix   = "):"
)

func parseTextHeading(line, prefix string) (t Text, ok bool) {
	s, ok := strings.CutPrefix(line, prefix)
	s, ok1 := strings.CutSuffix(s, textSuffix)
	t.From = decode(s, false)
	return t, ok && ok1
}

func appendTextHeading(b []byte, prefix string, t Text) []byte {
	return append(appendText(append(b, prefix...), t.From), textSuffix...)
}

func parseGoText(line string) (Text, bool) { return parseTextHeading(line, goTextPrefix) }

func appendGoText(b []byte, t Text, _ bool) []byte { return appendTextHeading(b, goTextPrefix, t) }

func parsePanic(line string) (Text, bool) { return parseTextHeading(line, panicPrefix) }

func appendPanic(b []byte, t Text, _ bool) []byte { return appendTextHeading(b, panicPrefix, t) }

func parseTextLine(line string) (string, bool) {
	s, ok := strings.CutPrefix(line, "  ")
	return decode(s, false), ok
}

func appendTextLine(b []byte, line string, _ bool) []byte {
	b = append(b, "  "...)
	for {
		before, after, tab := strings.Cut(line, "\t")
		b = appendText(b, before)
		if !tab {
			return b
		}
		b, line = append(b, '\t'), after
	}
}

// parseGoPlace reads "/srv/decode.go:19 +0x1d".
func parseGoPlace(s string) (file string, line int) {
	s, _, _ = strings.Cut(s, " ")
	file, digits, _ := cutLast(s, ":")
	line, err := strconv.Atoi(digits)
	if err != nil {
		return "", 0
	}
	return file, line
}

// frames returns the calls of the goroutine that Go's text begins with, the
// one that it died of, innermost first.
func (t *Text) frames() []Frame {
	if t == nil {
		return nil
	}
	var list []Frame
	inside := false
	for _, line := range t.Lines {
		switch {
		case strings.HasPrefix(line, "goroutine "):
			inside = true
		case inside && strings.HasPrefix(line, "\t") && len(list) > 0:
			f := &list[len(list)-1]
			f.File, f.Line = parseGoPlace(line[1:])
		case !inside || strings.HasPrefix(line, "..."):
		case line == "" || strings.HasPrefix(line, "created by "):
			return list
		default:
			// The arguments hold no parentheses.
			if i := strings.LastIndexByte(line, '('); i > 0 {
				list = append(list, Frame{Kind: SourceFrame, Func: line[:i]})
			}
		}
	}
	return list
}
