//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// checkSentence compares the sentence that the core has written, on the second line and on the last, with the one that
// package report makes of the rest of the text: there is one set of rules.
func checkSentence(t *testing.T, r *report.Report) {
	t.Helper()
	sentence, end := r.Sentence, r.End.Sentence
	if sentence == "" || end != sentence {
		t.Errorf("the sentence is %q, at the end %q", sentence, end)
	}
	r.Sentence, r.End.Sentence = "", ""
	if want := r.Summary(); sentence != want {
		t.Errorf("the sentence is\n  %s\npackage report makes of the text\n  %s", sentence, want)
	}
	r.Sentence, r.End.Sentence = sentence, end
}

// What a terminal shows of a report, or the tail of a log.
const topLines, lastLines = 20, 3

// causes is what the first and the last lines have to say of why a kind crashes. Where the C library or the C++ runtime
// says it, the message of the kind is it.
var causes = map[string]string{
	"null-read": "read through a NULL pointer + 8", "null-write": "write through a NULL pointer + 8",
	"non-canonical": "which is not canonical", "strlen-null": "read through a NULL pointer",
	"call-null": "call through a NULL pointer", "call-garbage": "execution of 0x123456789abc, where nothing is mapped",
	"call-noexec": "in memory that is not executable", "stack-overflow": "stack overflow: ",
	"smashed-stack": "write through a NULL pointer", "no-stack": "write to 0xfffffffffffffff8, where nothing is mapped",
	"recursion2": "write through a NULL pointer", "ud2": "ud2, a deliberate trap",
	"int3": "a breakpoint instruction", "abort": "abort() was called", "in-malloc": "where nothing is mapped",
	"bus": "where a mapped file has no memory", "no-fds": "write through a NULL pointer",
	"in-dl-iterate": "write through a NULL pointer", "dlopen-constructor": "write through a NULL pointer",
	"stdio-locks": "write through a NULL pointer", "raise": "raised by the process itself",
	"kill-self": "raised by the process itself", "seccomp": "system call ", "eight-threads": "write through a NULL pointer",
	"in-gc": "write through a NULL pointer", "go-c-go-c": "write through a NULL pointer",
	"callback-thread": "write through a NULL pointer", "division": "integer division by zero",
}

// On arm64 the instructions have other names, and what is pushed takes 16 bytes.
func init() {
	if runtime.GOARCH == "arm64" {
		causes["ud2"] = "udf, a deliberate trap"
		causes["no-stack"] = "write to 0xfffffffffffffff0, where nothing is mapped"
	}
}

// unlined are the kinds whose function is in a library without debug information.
var unlined = []string{"dlopen-constructor"}

// checkEnds: the first 20 lines and the last 3 lines each name the function that crashed with its file and line, the Go
// function that called C, and the cause.
func (v *variant) checkEnds(t *testing.T, k kind, p place, w *want, r *report.Report) {
	t.Helper()
	if v.build != plainBuild {
		return
	}
	if w.anywhere {
		checkSender(t, k, r)
		return
	}
	wanted := []string{regexp.QuoteMeta(k.Func) + ` \(\w+\.cc?:\d+\)`, regexp.QuoteMeta(causes[k.Name])}
	if slices.Contains(unlined, k.Name) {
		wanted[0] = regexp.QuoteMeta(k.Func)
	}
	if w.message != "" {
		wanted[1] = strings.Trim(w.message, "^$")
	} else if causes[k.Name] == "" {
		t.Errorf("the table has no cause of %s", k.Name)
	}
	if caller := slices.IndexFunc(w.frames, isGo); caller >= 0 {
		wanted = append(wanted, ", called from "+regexp.QuoteMeta(path.Base(w.frames[caller]))+` \(\w+\.go:\d+\)`)
	}
	lines := strings.Split(strings.TrimSuffix(r.String(), "\n"), "\n")
	for where, part := range map[string][]string{
		"first": lines[:min(topLines, len(lines))], "last": lines[max(0, len(lines)-lastLines):],
	} {
		text := strings.Join(part, "\n")
		for _, want := range wanted {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("the %s lines do not have %s:\n%s", where, want, text)
			}
		}
	}
}

// checkSender: a signal of kill's is said to be that of the thread that is shown only where that has called kill.
func checkSender(t *testing.T, k kind, r *report.Report) {
	t.Helper()
	want := "sent by the process to itself, perhaps by another thread"
	if current := r.Current(); current != nil && slices.ContainsFunc(current.Frames, func(f report.Frame) bool { return f.Func == k.Func }) {
		want = "raised by the process itself"
	}
	if r.Signal.Cause != want {
		t.Errorf("the cause is %q, want %q", r.Signal.Cause, want)
	}
}
