package html

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"

	"github.com/epitaph-go/epitaph/internal/view"
	"github.com/epitaph-go/epitaph/report"
)

// A page is what the template prints.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS

	Kind, Title, Cause, Tab string
	Program                 string
	Facts, Chips            []view.Fact
	Complete                string
	Whole                   bool
	Ticket                  string
	Answers                 []view.Answer

	Panic, GoText *text
	Waits         []wait
	StackTitle    string
	Stack         []run
	Crumbs        []crumb
	CrumbsLost    int
	Goroutines    string
	Groups        []group
	GroupsLost    string
	Answered      string
	Threads, Idle []group
	IdleCount     int
	ThreadsLost   string
	Machine       *machine
	Raw           text
	RawLines      int
	Name          string
}

// text is a text that may have been cut.
type text struct {
	From, Text string
	Lost       string
}

type crumb struct {
	Before, Text, Author string
	Here                 bool // left by the thread that crashed
}

// A budget is how many bytes a page may still get.
type budget struct{ left int }

// take reports whether there is room for n bytes, and takes it.
func (b *budget) take(n int) bool {
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// cost is the length of a text once it is escaped.
func cost(s string) int {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '"', '\'', '<', '>', '&', '+':
			n += 4
		}
	}
	return n
}

// A builder makes a page.
type builder struct {
	*view.Viewer
	r *report.Report
	config
	page page
}

func newPage(r *report.Report, c config) *page {
	b := &builder{Viewer: view.New(r), r: r, config: c}
	p := &b.page
	p.Policy, p.Style, p.Script, p.Name = policy, template.CSS(styleText), template.JS(scriptText), c.name
	room := max(c.size-len(pageText)-len(styleText)-len(scriptText), 0)
	// A quarter for the text at most; the stacks have what is left, in the order of the page.
	raw := r.String()
	rest := &budget{room - min(cost(raw), room/4)}
	b.top(rest)
	b.stacks(rest)
	b.machine(rest)
	p.RawLines = strings.Count(raw, "\n")
	p.Raw.Text, p.Raw.Lost = cutLines(raw, &budget{room / 4})
	p.Raw.Text = clean(p.Raw.Text)
	b.ticket()
	return p
}

func (b *builder) top(room *budget) {
	p := &b.page
	p.Kind = b.r.Kind.String()
	p.Title, p.Cause = b.Viewer.Title()
	p.Title, p.Cause = cut(p.Title, 2000), cut(p.Cause, 4000)
	p.Tab = cut(p.Title, 120)
	if pr := b.r.Process; pr != nil {
		p.Program = pr.Name
		p.Tab += " · " + pr.Name
	}
	for _, f := range b.Facts() {
		if f.Value = cut(f.Value, 2000); room.take(cost(f.Value) + 60) {
			p.Facts = append(p.Facts, f)
		}
	}
	for _, a := range b.r.Annotations {
		if room.take(cost(a.Key) + cost(a.Value) + 60) {
			p.Chips = append(p.Chips, view.Fact{Name: a.Key, Value: a.Value})
		}
	}
	for _, f := range b.r.StageFailures {
		if room.take(cost(f.Stage) + 60) {
			p.Facts = append(p.Facts, view.Fact{Name: "Lost", Value: f.Stage + " " + f.Kind()})
		}
	}
	p.Complete, p.Whole = b.Completeness()
	p.Complete = cut(p.Complete, 2000)
	p.Answers = b.Answers()
	p.Panic, p.GoText = textOf(b.r.Panic, room), textOf(b.r.GoText, room)
	crumbs := b.r.Breadcrumbs
	for i := len(crumbs) - 1; i >= 0; i-- {
		if !room.take(cost(crumbs[i].Text) + 140) {
			p.CrumbsLost = i + 1
			break
		}
	}
	for _, c := range crumbs[p.CrumbsLost:] {
		author, here := b.Author(c)
		p.Crumbs = append(p.Crumbs, crumb{"−" + c.Before.String(), c.Text, author, here})
	}
}

// textOf is a text of a report as far as there is room, nil of none.
func textOf(t *report.Text, room *budget) *text {
	if t == nil || len(t.Lines) == 0 {
		return nil
	}
	s := &text{From: t.From}
	s.Text, s.Lost = cutLines(strings.Join(t.Lines, "\n"), &budget{room.left / 4})
	room.take(min(cost(s.Text), room.left))
	return s
}

// clean takes out of the text what is none: lines that the parser does not know stand in
// it as they were.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

// cutLines returns the lines for which there is room, and says how much is lost.
func cutLines(s string, room *budget) (kept, lost string) {
	end := 0
	for line := range strings.Lines(s) {
		if !room.take(cost(line)) {
			return s[:end], fmt.Sprintf("%d bytes are left out here", len(s)-end)
		}
		end += len(line)
	}
	return s, ""
}

// cut shortens a text to n bytes, and shows that it did.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// ticket is what the button copies.
func (b *builder) ticket() {
	var s strings.Builder
	s.WriteString(b.page.Title + "\n")
	if b.page.Cause != "" {
		s.WriteString(b.page.Cause + "\n")
	}
	for i, f := range b.r.Program() {
		if i == 10 {
			break
		}
		v := b.Frame(f)
		s.WriteString("  " + strings.TrimSpace(cut(v.Title, 300)+"  "+cut(v.Place, 300)) + "\n")
	}
	for _, f := range b.page.Facts {
		s.WriteString(f.Name + ": " + f.Value + "\n")
	}
	b.page.Ticket = s.String()
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
