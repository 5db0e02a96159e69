package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// An Answer is one of the three that stand first: where, who called it, what was before.
type Answer struct {
	Question string
	Frame    *Frame // or
	Text     string
}

// Answers returns the innermost function of the program, its caller in Go, and the last
// breadcrumb.
func (v *Viewer) Answers() []Answer {
	frames := v.r.Program()
	var where, caller *Frame
	for _, f := range frames {
		s := v.Frame(f)
		switch {
		case where == nil:
			where = &s
		case caller == nil && (s.Go || !where.Go && !anyGo(frames)) && s.Title != where.Title:
			caller = &s
		}
	}
	first, second := "Function", "Called by"
	switch {
	case where == nil:
	case v.r.Kind == report.Timeout:
		first = "Waits in"
	case where.Go:
		first = "Go function"
	default:
		first = "C function"
		if caller != nil && caller.Go {
			second = "Called from Go"
		}
	}
	list := []Answer{{first, where, "unknown"}, {second, caller, "no function of the program"}}
	last := Answer{Question: "Last breadcrumb", Text: "none"}
	if n := len(v.r.Breadcrumbs); n > 0 {
		last.Text = v.r.Breadcrumbs[n-1].Text
	}
	return append(list, last)
}

func anyGo(frames []report.Frame) bool {
	for _, f := range frames {
		if f.IsGo() {
			return true
		}
	}
	return false
}

// Title says what happened where: "SIGSEGV in copy_plane (decode.c:25), called from …";
// cause says why.
func (v *Viewer) Title() (title, cause string) {
	what, where, cause := v.r.SummaryParts()
	if where != "" {
		what += " in " + where
	}
	return what, cause
}

// A Fact is a line about the process.
type Fact struct{ Name, Value string }

// Facts are what is known of the process, the shortest way to say it.
func (v *Viewer) Facts() []Fact {
	var list []Fact
	put := func(name string, parts ...string) {
		if text := strings.Join(nonEmpty(parts), ", "); text != "" {
			list = append(list, Fact{name, text})
		}
	}
	if p := v.r.Process; p != nil {
		put("Program", p.Executable)
		put("Time", p.Time.UTC().Format("2006-01-02 15:04:05.000 MST"), "up "+p.Uptime.String())
		put("Process", strconv.Itoa(p.PID), "thread "+strconv.Itoa(p.TID)+" "+strconv.Quote(p.Thread))
	}
	v.machineFacts(put)
	if b := v.r.Build; b != nil {
		revision := ""
		if b.Revision != "" {
			revision = "revision " + b.Revision[:min(len(b.Revision), 12)]
			if b.Modified {
				revision += " modified"
			}
		}
		put("Build", strings.TrimSpace(b.Module+" "+b.Version), revision, b.GoVersion+" "+b.Platform)
		put("Build id", b.BuildID)
	}
	if s := v.r.Signal; s != nil {
		code := s.CodeName
		if code != "" {
			code += " (" + strconv.Itoa(s.Code) + ")"
		}
		put("Signal", s.Name+" ("+strconv.Itoa(s.Number)+")", code)
	}
	for _, m := range v.r.Messages {
		put("Message", m)
	}
	for _, l := range v.r.StandardError {
		put("Standard error", l)
	}
	for _, n := range v.r.Notes {
		put("Note", n)
	}
	for _, f := range v.r.AlsoCrashed {
		put("Also crashed", "thread "+strconv.Itoa(f.TID)+" "+strconv.Quote(f.Name), f.Signal, "PC "+f.PC.String())
	}
	for _, l := range v.r.Labels {
		put("Label", l.Key+" = "+l.Value)
	}
	put("Signature", v.r.Signature())
	return list
}

func nonEmpty(parts []string) []string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return list
}

// Completeness says whether all of the report is there: "report complete", or why not.
func (v *Viewer) Completeness() (text string, whole bool) {
	var wrong []string
	e := v.r.End
	switch {
	case e == nil:
		wrong = append(wrong, "it stops before its end")
	case !e.Complete && e.Part == "":
		wrong = append(wrong, e.Reasons...)
		if len(e.Reasons) == 0 {
			wrong = append(wrong, "it says so")
		}
	}
	if e != nil && !v.r.Intact() {
		wrong = append(wrong, fmt.Sprintf("its end line counts %s, here are %d", plural(int(e.Bytes), "byte"), e.Counted))
	}
	if len(wrong) > 0 {
		return "report incomplete: " + strings.Join(wrong, ", "), false
	}
	if e.Part != "" {
		return e.Part + " of a report", true
	}
	return "report complete", true
}

// GoroutinesLine says how many goroutines there are, and how that is known.
func (v *Viewer) GoroutinesLine() string {
	g := v.r.Goroutines
	switch {
	case g == nil:
		return ""
	case g.Unknown:
		return "unknown: " + g.Reason
	}
	s := strconv.Itoa(g.Count) + " in " + plural(g.Groups, "group")
	if g.Live {
		return s + ", live"
	}
	s += ", snapshot " + g.Age.Duration.Round(time.Millisecond).String() + " old"
	if g.Reason != "" {
		s += " (" + g.Reason + ")"
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// mostWaits are shown of the stacks that a program hangs in.
const mostWaits = 4

// Waits returns the stacks that a program hangs in, the program's own frames of each; none
// where the current stack tells it all. Equal ones are one.
func (v *Viewer) Waits() []report.Wait {
	if v.r.Kind == report.Crash {
		return nil
	}
	if t := v.r.Current(); t != nil && v.r.Kind == report.Dump && v.Top(t.Frames).Shown == Program {
		return nil
	}
	var list []report.Wait
	for _, w := range v.r.WaitsFor() {
		same := func(o report.Wait) bool { return o.For == w.For && slices.Equal(o.Frames, w.Frames) }
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i].Count += w.Count
		} else if len(list) < mostWaits {
			list = append(list, w)
		}
	}
	return list
}

// WaitLine says what a stack waits for: "sync.Mutex.Lock, 3 minutes, 2 times".
func WaitLine(w report.Wait) string {
	s := w.For
	if minutes := int(w.Since.Minutes()); minutes > 0 {
		s += ", " + plural(minutes, "minute")
	}
	if w.Count > 1 {
		s += ", " + strconv.Itoa(w.Count) + " times"
	}
	return s
}
