package report

import "strings"

// The first line of a crash. Panics and fatal errors of Go begin with the second one; in reports of
// before Epitaph 0.1 all crashes do.
const (
	faultPrefix   = "Fatal error: "
	goErrorPrefix = "Fatal Go error: "
)

// titles are the headlines of faults (native/text/signals.c, which has them from
// CPython's faulthandler).
var titles = map[string]bool{
	"Segmentation fault": true, "Bus error": true, "Floating-point exception": true, "Illegal instruction": true,
	"Aborted": true, "Trace/breakpoint trap": true, "Bad system call": true, "Signal": true,
}

// headline is the first line of a crash.
type headline struct {
	text    string
	goError bool
}

func parseHeadline(line string) (h headline, ok bool) {
	s, ok := strings.CutPrefix(line, faultPrefix)
	if !ok {
		s, ok = strings.CutPrefix(line, goErrorPrefix)
		h.goError = ok
	}
	h.text = decode(s, false)
	return h, ok
}

func appendHeadline(b []byte, h headline, _ bool) []byte {
	prefix := faultPrefix
	if h.goError {
		prefix = goErrorPrefix
	}
	return appendText(append(b, prefix...), h.text)
}

// isHeadline reports whether a line is the first one of a crash. Only Epitaph says
// "Fatal Go error:"; "Fatal error:" is also what other programs write, so there the
// text after it has to be one of Epitaph's.
func isHeadline(line string) bool {
	if title, ok := strings.CutPrefix(line, faultPrefix); ok {
		return titles[title]
	}
	return strings.HasPrefix(line, goErrorPrefix)
}

// headlineIn returns where in a line a headline may begin, -1 if nowhere.
func headlineIn(line string) int {
	i, k := strings.Index(line, faultPrefix), strings.Index(line, goErrorPrefix)
	if i < 0 || k >= 0 && k < i {
		return k
	}
	return i
}

// parseSentence reads the line that says what crashed where. It stands next after the
// headline, if the walk of the stack was done in time, and begins with a signal's name
// or Go's word for the end, so that another writer's line is not taken for it.
func parseSentence(line string) (string, bool) {
	for _, start := range []string{"SIG", "panic", "fatal error"} {
		rest, ok := strings.CutPrefix(line, start)
		if !ok {
			continue
		}
		if start == "SIG" {
			rest = strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+")
		}
		return decode(line, false), rest == "" || rest[0] == ' ' || rest[0] == ':' || rest[0] == ','
	}
	return "", false
}

func appendSentence(b []byte, text string, _ bool) []byte { return appendText(b, text) }
