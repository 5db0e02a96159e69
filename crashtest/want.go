package crashtest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// Want compares how the process ended, and the stack, with a pattern (package
// documentation). An empty pattern fails the test, and prints one to paste.
func (r *Result) Want(pattern string) *Result {
	r.t.Helper()
	r.want(pattern, "")
	return r
}

// want also names where the pattern is from.
func (r *Result) want(text, from string) bool {
	r.t.Helper()
	if strings.TrimSpace(text) == "" {
		what, why := r.end()
		r.fail("crashtest: the pattern is empty; this one fits:\n%s", indent("Want(`\n"+indent(write(what, why, r.stack(), false))+"\n`)"))
		return false
	}
	p, err := parsePattern(text, false)
	if err != nil {
		r.t.Errorf("crashtest: %s%v", from, err)
		return false
	}
	message := r.compareEnd(p)
	if message == "" {
		message = r.compareStack(p)
	}
	if message == "" {
		return true
	}
	if from != "" {
		message = from + message
	}
	r.fail("%s", message)
	return false
}

// compareEnd compares the first line, and says what is wrong.
func (r *Result) compareEnd(p *pattern) string {
	what, why := r.end()
	if what == p.what {
		for _, cause := range r.causes() {
			if contains(cause, p.why) {
				return ""
			}
		}
		return fmt.Sprintf("%s as wanted, for another reason (-wanted +got):\n    - %s\n    + %s", inWords(what), p.why, why)
	}
	wanted := p.what
	if p.why != "" {
		wanted += ": " + p.why
	}
	for _, it := range p.items {
		if !it.any {
			wanted += " in " + it.function
			break
		}
	}
	switch what {
	case "ok":
		return fmt.Sprintf("the function returned, want %s. If the crash is fixed, write: Want(\"ok\")", wanted)
	case "hang":
		return fmt.Sprintf("hung for %.3g s, want %s; it was in\n%s", r.Elapsed.Seconds(), wanted, r.shownStack())
	case "goexit":
		return fmt.Sprintf("the function ended its goroutine (runtime.Goexit, or t.FailNow), want %s", wanted)
	}
	got := what
	if why != "" {
		got += ": " + firstLine(why)
	}
	if r.hasReport() {
		return fmt.Sprintf("%s, want %s\n    %s\n%s", got, wanted, r.Report.Summary(), r.shownStack())
	}
	message := fmt.Sprintf("%s, want %s", got, wanted)
	if len(r.Stderr) > 0 {
		message += "; standard error:\n" + indent(ends(r.Stderr))
	}
	return message
}

// inWords is an end as part of a sentence.
func inWords(what string) string {
	switch what {
	case "panic", "fatal error", "hang":
		return "a " + what
	case "ok":
		return "returned"
	}
	if strings.HasPrefix(what, "SIG") {
		return "killed by " + what
	}
	return what
}

// compareStack compares the other lines.
func (r *Result) compareStack(p *pattern) string {
	stack := r.stack()
	if len(p.items) == 0 {
		return ""
	}
	if !r.hasReport() {
		return fmt.Sprintf("%s as wanted, but there is no report to compare the stack with", inWords(p.what))
	}
	entries, differences := align(p.items, stack, !r.linesMissing(stack))
	if differences == 0 {
		return ""
	}
	return fmt.Sprintf("%s as wanted, elsewhere than wanted (-wanted +got):\n%s", inWords(p.what), render(entries))
}

// render shows two stacks side by side.
func render(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		text := ""
		if e.got != nil {
			text = e.got.line(true)
		} else {
			text = e.item.text
		}
		fmt.Fprintf(&b, "    %c %s\n", e.mark, text)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (r *Result) shownStack() string {
	var b strings.Builder
	stack := r.stack()
	for i := range stack {
		b.WriteString("      " + stack[i].line(true) + "\n")
	}
	if len(stack) == 0 {
		return "      (no stack)"
	}
	return strings.TrimRight(b.String(), "\n")
}

// fail fails the test and says where to read on.
func (r *Result) fail(format string, args ...any) {
	r.t.Helper()
	message := fmt.Sprintf(format, args...)
	if r.hasReport() {
		if path := r.save(); path != "" {
			message += "\n    report: " + path + "  crash.html"
		} else {
			message += "\n    report: go test -artifacts keeps it"
		}
		message += "\n    signature " + r.Report.Signature()
	}
	r.t.Error(message)
	advice := "build the program with its symbols"
	if r.ownFrames {
		advice = "run go test -ldflags='-s=0 -w=0'"
	}
	what, _ := r.end()
	switch n := nameless(r.stack()); n {
	case 0:
		for _, function := range hidden(r.rawStack(what)) {
			r.t.Errorf("%s may be inlined into the function that cgo makes for it, and the binary has no line information; %s", function, advice)
		}
	case 1:
		r.t.Errorf("1 C frame has no name: the binary is stripped; %s", advice)
	default:
		r.t.Errorf("%d C frames have no names: the binary is stripped; %s", n, advice)
	}
}

// WantThread compares the stacks of the other threads with a pattern, which has no first
// line: one of them has to fit.
func (r *Result) WantThread(pattern string) *Result {
	r.t.Helper()
	var stacks [][]report.Frame
	for i := range r.Report.Threads {
		if t := &r.Report.Threads[i]; !t.Current() {
			stacks = append(stacks, t.Frames)
		}
	}
	r.wantAny("thread", pattern, stacks)
	return r
}

// WantGoroutine compares the stacks of the goroutines with a pattern, which has no first
// line: one of them has to fit.
func (r *Result) WantGoroutine(pattern string) *Result {
	r.t.Helper()
	var stacks [][]report.Frame
	for i := range r.Report.GoroutineGroups {
		stacks = append(stacks, r.Report.GoroutineGroups[i].Frames)
	}
	r.wantAny("goroutine", pattern, stacks)
	return r
}

func (r *Result) wantAny(of, text string, stacks [][]report.Frame) {
	r.t.Helper()
	p, err := parsePattern(text, true)
	if err != nil {
		r.t.Errorf("crashtest: %v", err)
		return
	}
	nearest, least := []entry(nil), 1<<30
	for _, frames := range stacks {
		stack := r.outline(frames)
		entries, differences := align(p.items, stack, !r.linesMissing(stack))
		if differences == 0 {
			return
		}
		if differences < least {
			nearest, least = entries, differences
		}
	}
	if nearest == nil {
		r.fail("no other %s has this stack: the report has none", of)
		return
	}
	r.fail("no other %s has this stack; the most similar one (-wanted +got):\n%s", of, render(nearest))
}

// WantText fails the test unless a regular expression fits what libc said, the text of
// a panic, or standard error.
func (r *Result) WantText(re string) *Result {
	r.t.Helper()
	expression, err := regexp.Compile(re)
	if err != nil {
		r.t.Errorf("crashtest: %v", err)
		return r
	}
	for _, text := range append(r.causes(), string(r.Stderr)) {
		if expression.MatchString(text) {
			return r
		}
	}
	r.fail("nothing matches %q; standard error:\n%s", re, indent(ends(r.Stderr)))
	return r
}
