package report

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxSentence is the length of a sentence, in bytes of a report's text, that still fits where sentences go:
// a line of a terminal and the title of a ticket. Causes are cut, to no less than
// minCause bytes; places are not. The core writes the sentence by the same rules
// (native/report/sentence.c).
const (
	maxSentence = 400
	minCause    = 80
)

// Summary says in one sentence what crashed where and why:
//
//	SIGSEGV in copy_plane (decode.c:25), called from dec.Decode (decode.go:19): write through a NULL pointer + 8
//
// The function is the innermost one of the program; one of a library that it called comes
// before it, as "SIGSEGV in memcpy, called by copy_plane (decode.c:25)", unless it is on
// the way from a failed check to the signal. "Called from" is the Go function that called
// C. Without the stack it is the sentence that the text has, or what is known.
func (r *Report) Summary() string {
	what, where, cause := r.SummaryParts()
	s := what
	if where != "" {
		s += " in " + where
	}
	if cause == "" {
		return s
	}
	room := max(maxSentence-len(appendText(nil, s)), minCause)
	if text := string(appendText(nil, cause)); len(text) > room {
		cause = decode(text[:wholeEscapes(text, room-3)], false) + "..."
	}
	return s + ": " + cause
}

// wholeEscapes returns how many of the first n bytes of a report's text are no part of an
// escape that ends behind them.
func wholeEscapes(text string, n int) int {
	start := strings.LastIndexByte(text[:n], '\\')
	if start < 0 {
		return n
	}
	length := 2
	if start+1 < len(text) {
		length = map[byte]int{'x': 4, 'u': 6, 'U': 10}[text[start+1]]
	}
	if start+length > n {
		return start
	}
	return n
}

// SummaryParts returns what Summary puts together: "SIGSEGV", "copy_plane (decode.c:25),
// called from dec.Decode (decode.go:19)", and the whole of "write through a NULL pointer
// + 8". What is not known is empty. Where the sentence is the one of the text, it is what.
func (r *Report) SummaryParts() (what, where, cause string) {
	if r.Kind != Crash && r.hasCutThreads() && r.End != nil && r.End.Sentence != "" {
		return r.End.Sentence, "", "" // it may be about one that the text leaves out
	}
	if where = r.where(r.stack()); where == "" {
		if r.Sentence != "" {
			return r.Sentence, "", ""
		}
		if r.End != nil && r.End.Sentence != "" {
			return r.End.Sentence, "", ""
		}
	}
	what, cause = r.whatAndWhy()
	return what, where, cause
}

// where names the places of a stack: the function of a library, those of the program,
// the one of Go.
func (r *Report) where(calls []call) string {
	first := slices.IndexFunc(calls, isSignificant)
	if first < 0 {
		first = slices.IndexFunc(calls, func(c call) bool { return c.from == ofLibrary && !isFailure(publicName(c.name)) })
		if first < 0 {
			return ""
		}
		return r.placeOf(calls[first])
	}
	s := r.placeOf(calls[first])
	if first > 0 && calls[first-1].from == ofLibrary && r.Kind == Crash {
		if name := publicName(calls[first-1].name); name != "" && !isFailure(name) {
			s = name + ", called by " + s
		}
	}
	if function, ok := hangsInC(calls, first); ok && r.Kind != Crash {
		return function + ", called from " + s
	}
	inC := !calls[first].isGo()
	for _, c := range calls[first+1:] {
		if !isSignificant(c) || c.name == calls[first].name && c.name != "" {
			continue
		}
		if !inC {
			return s + ", called by " + r.placeOf(c)
		}
		if c.isGo() {
			return s + ", called from " + r.placeOf(c)
		}
	}
	if inC { // a thread that C created
		for _, c := range calls[first+1:] {
			if isSignificant(c) && (c.name != calls[first].name || c.name == "") {
				return s + ", called by " + r.placeOf(c)
			}
		}
	}
	return s
}

// hangsInC returns the program's C function that the function of Go at first has called,
// where that has left no frame of its own.
func hangsInC(calls []call, first int) (function string, ok bool) {
	if !calls[first].isGo() || !endsInStub(calls, first) {
		return "", false
	}
	function, _ = cStub(calls[first-1].name)
	return function, !isLibcName(function)
}

// placeOf is a function and its line, or what there is of it.
func (r *Report) placeOf(c call) string {
	name := c.Frame.Name()
	if c.Func != "" {
		name = cClone.ReplaceAllString(c.Func, "")
		if isGoName(c.name) {
			name = withoutPath(name)
		}
		if len(name) > 100 {
			name = c.name // without the parameters
		}
		if len(name) > 100 {
			name = strings.ToValidUTF8(name[:100], "") + "..."
		}
	}
	if c.from == ofLibrary {
		name = publicName(name)
	}
	if c.File == "" || c.Line <= 0 {
		return name
	}
	return name + " (" + path.Base(c.File) + ":" + strconv.Itoa(c.Line) + ")"
}

// withoutPath returns a Go function with the last element of its package's path.
func withoutPath(name string) string {
	end := strings.IndexAny(name, "[(")
	if end < 0 {
		end = len(name)
	}
	return name[strings.LastIndexByte(name[:end], '/')+1:]
}

// whatAndWhy are the beginning and the end of the sentence.
func (r *Report) whatAndWhy() (what, cause string) {
	switch {
	case r.Signal != nil:
		return r.Signal.Name, r.cause()
	case r.Kind == Crash:
		if text, ok := strings.CutPrefix(r.Headline, "panic: "); ok {
			return "panic", text
		}
		if strings.HasPrefix(r.Headline, "SIG") {
			what, cause, _ = strings.Cut(r.Headline, ": ")
			return what, cause
		}
		return "fatal error", strings.TrimPrefix(r.Headline, "fatal error: ")
	case r.Kind == Timeout:
		what = "timeout of " + strconv.FormatFloat(r.Timeout.Seconds(), 'f', -1, 64) + " s"
	default:
		what = "dump"
	}
	if calls := r.currentCalls(); r.Kind == Dump && anyProgram(calls) {
		return what, ""
	}
	if waits := r.waits(); len(waits) > 0 {
		cause = waits[0].For
		if n := waits[0].inAll; n > 1 {
			cause += ", " + strconv.Itoa(n) + " goroutines"
		}
	}
	return what, cause
}

// What the cause of a fault says in other words (native/report/cause_memory.c).
var (
	nullCause  = regexp.MustCompile(`^(write to|read of|execution of|access to) 0x0{13}[0-9a-f]{3}, in the first page: a NULL pointer( \+ \d+)?`)
	nullWords  = map[string]string{"write to": "write", "read of": "read", "execution of": "call", "access to": "access"}
	longZeroes = regexp.MustCompile(`\b0x0+([0-9a-f])`)
)

// cause is why the signal came. What libc said before it aborted tells more than that
// the program raised the signal itself.
func (r *Report) cause() string {
	if len(r.Messages) > 0 && r.Signal.Name == "SIGABRT" {
		return r.Messages[0]
	}
	cause := r.Signal.Cause
	if m := nullCause.FindStringSubmatchIndex(cause); m != nil {
		offset := ""
		if m[4] >= 0 {
			offset = cause[m[4]:m[5]]
		}
		cause = nullWords[cause[m[2]:m[3]]] + " through a NULL pointer" + offset + cause[m[1]:]
	}
	return longZeroes.ReplaceAllString(cause, "0x$1")
}
