package report

import (
	"strconv"
	"strings"
)

// IdleThreads are the threads whose stacks say nothing: those of Go's runtime that have
// no work, and Epitaph's own. The text counts them on one line, unless the program
// shows their stacks (handler.WithIdleThreads).
type IdleThreads struct {
	// Runtime is how many of them are of Go's runtime, and TIDs are the kernel ids of
	// these; Elided says that TIDs has not all of them.
	Runtime int   `json:"runtime"`
	TIDs    []int `json:"tids,omitempty"`
	Elided  bool  `json:"elided,omitempty"`
	// Epitaph is how many are Epitaph's own.
	Epitaph int `json:"epitaph,omitempty"`
}

const (
	ofRuntime  = " of Go's runtime ["
	ofEpitaphs = " of Epitaph's"
)

func parseIdle(line string) (idle IdleThreads, ok bool) {
	digits, s, ok := strings.Cut(line, " idle thread")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return idle, false
	}
	s = strings.TrimPrefix(s, "s")
	if s == ofEpitaphs {
		idle.Epitaph = n
		return idle, n > 0
	}
	s, ok = strings.CutPrefix(s, ofRuntime)
	list, own, closed := strings.Cut(s, "]")
	for id := range strings.SplitSeq(list, "; ") {
		if id == ellipsis {
			idle.Elided = true
			continue
		}
		tid, err := strconv.Atoi(id)
		if err != nil {
			return idle, false
		}
		idle.TIDs = append(idle.TIDs, tid)
	}
	idle.Runtime = n
	if own != "" {
		digits, _, _ := strings.Cut(strings.TrimPrefix(own, ", "), " ")
		idle.Epitaph, _ = strconv.Atoi(digits)
	}
	return idle, ok && closed
}

func appendIdle(b []byte, idle IdleThreads, second bool) []byte {
	n := idle.Runtime
	if n == 0 {
		n = idle.Epitaph
	}
	b = append(strconv.AppendInt(b, int64(n), 10), " idle "...)
	b = append(b, plural("thread", n, second)...)
	if idle.Runtime == 0 {
		return append(b, ofEpitaphs...)
	}
	b = append(b, ofRuntime...)
	for i, tid := range idle.TIDs {
		if i > 0 {
			b = append(b, "; "...)
		}
		b = strconv.AppendInt(b, int64(tid), 10)
	}
	if idle.Elided {
		b = append(append(b, "; "...), ellipsis...)
	}
	b = append(b, ']')
	if idle.Epitaph > 0 {
		b = append(strconv.AppendInt(append(b, ", "...), int64(idle.Epitaph), 10), ofEpitaphs...)
	}
	return b
}
