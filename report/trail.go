package report

import (
	"slices"
	"strconv"
	"strings"
)

// Annotation is what the program said about itself, or of a goroutine: a key and its value.
type Annotation struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Breadcrumb is what the program noted on its way, how long before the crash it did,
// and on which thread and goroutine: 0 where that is not known, and of a thread that ran
// no goroutine.
type Breadcrumb struct {
	Before    Duration `json:"before"`
	Text      string   `json:"text"`
	Thread    int      `json:"thread,omitempty"`
	Goroutine uint64   `json:"goroutine,omitempty"`
}

func parseAnnotation(line string) (a Annotation, ok bool) {
	s, ok := strings.CutPrefix(line, "  ")
	key, value, ok1 := strings.Cut(s, " = ")
	a.Key, a.Value = decode(key, false), decode(value, false)
	return a, ok && ok1
}

func appendAnnotation(b []byte, a Annotation, _ bool) []byte {
	b = append(appendText(append(b, "  "...), a.Key), " = "...)
	return appendText(b, a.Value)
}

func parseBreadcrumb(line string) (c Breadcrumb, ok bool) {
	s, ok := strings.CutPrefix(line, "  ")
	before, text, ok1 := strings.Cut(s, " before: ")
	var ok2 bool
	c.Before, ok2 = parseDuration(before)
	c.Text = decode(c.cutAuthor(text), false)
	return c, ok && ok1 && ok2
}

// cutAuthor takes the thread and the goroutine off the end of a line.
func (c *Breadcrumb) cutAuthor(line string) (text string) {
	text, author, has := cutLast(line, " (thread ")
	author, closed := strings.CutSuffix(author, ")")
	thread, goroutine, both := strings.Cut(author, ", goroutine ")
	n, err := strconv.Atoi(thread)
	id, err2 := uint64(0), error(nil)
	if both {
		id, err2 = strconv.ParseUint(goroutine, 10, 64)
	}
	// A number that would be printed otherwise is a part of the text.
	if !has || !closed || err != nil || err2 != nil || n <= 0 || both && id == 0 || string(appendAuthor(nil, n, id)) != line[len(text):] {
		return line
	}
	c.Thread, c.Goroutine = n, id
	return text
}

func appendAuthor(b []byte, thread int, goroutine uint64) []byte {
	if thread == 0 {
		return b
	}
	b = strconv.AppendInt(append(b, " (thread "...), int64(thread), 10)
	if goroutine != 0 {
		b = strconv.AppendUint(append(b, ", goroutine "...), goroutine, 10)
	}
	return append(b, ')')
}

func appendBreadcrumb(b []byte, c Breadcrumb, _ bool) []byte {
	b = appendDuration(append(b, "  "...), c.Before)
	b = appendText(append(b, " before: "...), c.Text)
	return appendAuthor(b, c.Thread, c.Goroutine)
}

// StageFailure is a part of the report that could not be finished. The line
// before it may be cut short, for the stage was in the middle of it; such a
// line is in the report as far as it goes.
type StageFailure struct {
	Stage    string   `json:"stage"` // "registers"
	TimedOut bool     `json:"timed_out,omitempty"`
	After    Duration `json:"after,omitzero"`   // the budget, when TimedOut
	Detail   string   `json:"detail,omitempty"` // the fault, when not
}

// Fault returns the fault that Detail describes. ok is false if the stage did not fault.
func (f StageFailure) Fault() (Fault, bool) { return parseFault(f.Detail) }

// Kind returns "faulted" or "timed out".
func (f StageFailure) Kind() string {
	if f.TimedOut {
		return "timed out"
	}
	return "faulted"
}

func parseStageFailure(line string) (f StageFailure, ok bool) {
	s, ok := strings.CutPrefix(line, `[stage "`)
	s, ok1 := strings.CutSuffix(s, "; skipped]")
	name, s, ok2 := strings.Cut(s, `" `)
	f.Stage = decode(name, true)
	if after, late := strings.CutPrefix(s, "timed out after "); late {
		var ok3 bool
		f.TimedOut = true
		f.After, ok3 = parseDuration(after)
		return f, ok && ok1 && ok2 && ok3
	}
	s, ok3 := strings.CutPrefix(s, "faulted: ")
	f.Detail = decode(s, false)
	return f, ok && ok1 && ok2 && ok3
}

func appendStageFailure(b []byte, f StageFailure, _ bool) []byte {
	b = appendQuoted(append(b, "[stage "...), f.Stage)
	if f.TimedOut {
		b = appendDuration(append(b, " timed out after "...), f.After)
	} else {
		b = appendText(append(b, " faulted: "...), f.Detail)
	}
	return append(b, "; skipped]"...)
}

// End is the last line of a report.
type End struct {
	Complete bool `json:"complete"`
	// Part is a word for what the text is, when it leaves out the rest on purpose:
	// "headline" in Kubernetes' termination message.
	Part string `json:"part,omitempty"`
	// Reasons say why a report is not complete: `stage "modules" faulted`.
	Reasons []string `json:"reasons,omitempty"`
	// Bytes is the size of the report before this line, as the writer counted,
	// and Counted is the size that Parse saw. They differ when something was
	// lost, or another writer's text stands in between.
	Bytes    int64    `json:"bytes"`
	Counted  int64    `json:"counted"`
	Duration Duration `json:"duration"` // what writing the report took
	// Sentence says what crashed where, once more, since the end is what a terminal
	// and the tail of a log show.
	Sentence string `json:"sentence,omitempty"`
}

const endPrefix = "End of report ("

// partWords say in the end line that the rest was left out on purpose.
var partWords = []string{"headline", "short"}

func parseEnd(line string) (End, bool) {
	s, ok := strings.CutPrefix(line, endPrefix)
	if !ok {
		return End{}, false
	}
	if facts, sentence, has := strings.Cut(s, "): "); has && sentence != "" {
		if e, ok := parseEndFacts(facts); ok {
			e.Sentence = decode(sentence, false)
			return e, true
		}
	}
	s, ok = strings.CutSuffix(s, ")")
	e, ok1 := parseEndFacts(s)
	return e, ok && ok1
}

// parseEndFacts reads what stands between the parentheses.
func parseEndFacts(s string) (e End, ok bool) {
	s, took, ok1 := cutLast(s, ", ")
	s, size, ok2 := cutLast(s, ", ")
	size, ok3 := strings.CutSuffix(size, " bytes")
	if !ok1 || !ok2 || !ok3 {
		return e, false
	}
	var err error
	e.Bytes, err = strconv.ParseInt(size, 10, 64)
	e.Duration, ok = parseDuration(took)
	if e.Complete = s == "complete"; !e.Complete {
		reasons, has := strings.CutPrefix(s, "incomplete: ")
		if !has {
			e.Part = s
			return e, ok && err == nil && slices.Contains(partWords, s)
		}
		for reason := range strings.SplitSeq(reasons, ", ") {
			e.Reasons = append(e.Reasons, decode(reason, false))
		}
	}
	return e, ok && err == nil
}

func appendEnd(b []byte, e End, _ bool) []byte {
	b = append(b, endPrefix...)
	switch {
	case e.Complete:
		b = append(b, "complete"...)
	case e.Part != "":
		b = appendText(b, e.Part)
	default:
		b = append(b, "incomplete: "...)
		for i, reason := range e.Reasons {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, reason)
		}
	}
	b = strconv.AppendInt(append(b, ", "...), e.Bytes, 10)
	b = append(appendDuration(append(b, " bytes, "...), e.Duration), ')')
	if e.Sentence != "" {
		b = appendText(append(b, ": "...), e.Sentence)
	}
	return b
}
