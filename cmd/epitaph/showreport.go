package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/epitaph-go/epitaph/internal/view"
	"github.com/epitaph-go/epitaph/report"
)

// How much is shown without -all.
const (
	mostGroups   = 12
	mostThreads  = 8
	mostCrumbs   = 8
	sourceFrames = 3  // frames whose source is shown
	mostText     = 40 // lines of a panic's text
)

// A shower prints one report.
type shower struct {
	*bufio.Writer
	painter
	*view.Viewer
	r    *report.Report
	all  bool
	line func(file string, line int) (string, bool)
}

// showReport prints a report for people to read.
func showReport(w io.Writer, p painter, f finding, all bool, src sources) error {
	s := &shower{bufio.NewWriter(w), p, view.New(f.Report), f.Report, all, src.reader()}
	s.top()
	s.text("Panic", f.Panic)
	s.crumbs()
	s.waits()
	s.current()
	s.text("Go's own report", f.GoText)
	s.goroutines()
	s.threads()
	if all {
		s.machine()
	}
	s.end(f)
	return s.Flush()
}

func (s *shower) top() {
	title, cause := s.Title()
	style := red
	if !isBad(s.r) {
		style = bold
	}
	fmt.Fprintln(s, s.paint(style, title))
	if cause != "" {
		fmt.Fprintln(s, s.paint(style, "  "+cause))
	}
	fmt.Fprintln(s)
	for _, f := range s.Facts() {
		fmt.Fprintf(s, "  %s %s\n", s.paint(faint, fmt.Sprintf("%-12s", f.Name)), f.Value)
	}
	for _, a := range s.r.Annotations {
		fmt.Fprintf(s, "  %s %s\n", s.paint(faint, fmt.Sprintf("%-12s", a.Key)), a.Value)
	}
	for _, f := range s.r.StageFailures {
		fmt.Fprintf(s, "  %s %s\n", s.paint(faint, fmt.Sprintf("%-12s", "Lost")), s.paint(yellow, f.Stage+" "+f.Kind()))
	}
}

func (s *shower) text(title string, t *report.Text) {
	if t == nil || len(t.Lines) == 0 {
		return
	}
	s.heading(s, title, t.From)
	for i, line := range t.Lines {
		if i == mostText && !s.all {
			fmt.Fprintf(s, "  %s\n", s.paint(faint, fmt.Sprintf("… %d more lines", len(t.Lines)-i)))
			break
		}
		fmt.Fprintf(s, "  %s\n", strings.ReplaceAll(line, "\t", "    "))
	}
}

func (s *shower) crumbs() {
	list := s.r.Breadcrumbs
	if len(list) == 0 {
		return
	}
	s.heading(s, "Breadcrumbs", "")
	if skip := len(list) - mostCrumbs; skip > 0 && !s.all {
		fmt.Fprintf(s, "  %s\n", s.paint(faint, fmt.Sprintf("… %d earlier ones", skip)))
		list = list[skip:]
	}
	for _, c := range list {
		fmt.Fprintf(s, "  %s  %s", s.paint(faint, fmt.Sprintf("%12s", "-"+c.Before.String())), c.Text)
		if author, crashed := s.Author(c); crashed {
			fmt.Fprintf(s, "  %s", s.paint(red, author))
		} else if author != "" {
			fmt.Fprintf(s, "  %s", s.paint(faint, author))
		}
		fmt.Fprintln(s)
	}
}

func (s *shower) current() {
	t := s.r.Current()
	if t == nil {
		return
	}
	title := "Stack of the crashing thread"
	if !isBad(s.r) || s.r.Kind == report.Timeout {
		title = "Stack of the current thread"
	}
	s.heading(s, title, "most recent call first")
	s.stack(t.Frames, sourceFrames)
}

// waits prints the stacks that the program hangs in.
func (s *shower) waits() {
	sources := sourceFrames
	for _, w := range s.Waits() {
		s.heading(s, "Waits for", view.WaitLine(w))
		s.stack(w.Frames, sources)
		sources = 0
	}
}

// stack prints frames, the first few of the program with their source.
func (s *shower) stack(frames []report.Frame, withSource int) {
	runs := s.Runs(frames)
	width := 0
	for _, r := range runs {
		for _, f := range r.Frames {
			width = max(width, min(utf8.RuneCountInString(f.Title), 40))
		}
	}
	for _, r := range runs {
		if r.Folded && !s.all {
			fmt.Fprintf(s, "      %s\n", s.paint(faint, "… "+r.Label()))
			continue
		}
		for _, f := range r.Frames {
			s.frame(f, width)
			if f.InApp() && withSource > 0 {
				withSource--
				s.source(f)
			}
		}
	}
}

func (s *shower) frame(f view.Frame, width int) {
	if !f.Call() {
		fmt.Fprintf(s, "      %s\n", s.paint(faint, strings.TrimSpace(f.Title+"  "+f.Place)))
		return
	}
	language, style := "C ", yellow
	if f.Go {
		language, style = "Go", blue
	}
	title := fmt.Sprintf("%-*s", width, f.Title)
	if f.InApp() {
		title = s.paint(bold, title)
	} else {
		title = s.paint(faint, title)
	}
	rest := f.Place
	if notes := f.Notes(); len(notes) > 0 {
		rest += " (" + strings.Join(notes, ", ") + ")"
	}
	if s.all && f.PC != 0 {
		rest = strings.TrimSpace(rest + "  " + f.PC.String())
	}
	fmt.Fprintf(s, "  %s  %s  %s\n", s.paint(style, language), title, rest)
}

// source prints the line of a frame between its neighbours.
func (s *shower) source(f view.Frame) {
	if _, ok := s.line(f.File, f.Line); !ok {
		return
	}
	for n := f.Line - 1; n <= f.Line+1; n++ {
		text, ok := s.line(f.File, n)
		if !ok {
			continue
		}
		text = fmt.Sprintf("%6d │ %s", n, strings.ReplaceAll(printable(text), "\t", "    "))
		if n == f.Line {
			fmt.Fprintf(s, "    %s\n", s.paint(bold, ">"+text))
		} else {
			fmt.Fprintf(s, "     %s\n", s.paint(faint, text))
		}
	}
}

func (s *shower) goroutines() {
	line := s.GoroutinesLine()
	if line == "" && len(s.r.GoroutineGroups) == 0 {
		return
	}
	s.heading(s, "Goroutines", line)
	for i := range s.r.GoroutineGroups {
		g := &s.r.GoroutineGroups[i]
		if i >= mostGroups && !s.all {
			fmt.Fprintf(s, "  %s\n", s.paint(faint, fmt.Sprintf("… %d more groups", len(s.r.GoroutineGroups)-i)))
			break
		}
		if g.Cut {
			fmt.Fprintf(s, "  %s  %s\n", s.paint(bold, fmt.Sprintf("%5d", g.Count)), s.paint(faint, "not in the report"))
			continue
		}
		state := strings.Join(append([]string{g.Status}, g.Details...), ", ")
		s.group(g.Count, state, g.Frames)
	}
}

// group prints the line of a group, and with -all its stack.
func (s *shower) group(count int, state string, frames []report.Frame) {
	top := s.Top(frames)
	fmt.Fprintf(s, "  %s  %-16s  %s  %s\n", s.paint(bold, fmt.Sprintf("%5d", count)), state, top.Title, s.paint(faint, top.Place))
	if s.all {
		s.stack(frames, 0)
	}
}

func (s *shower) threads() {
	var busy []*report.Thread
	idle, cut := s.IdleThreads(), 0
	for i := range s.r.Threads {
		t := &s.r.Threads[i]
		switch {
		case t.Current():
		case t.Kind == report.CutThreads:
			cut += t.Count
		case !s.all && s.Idle(t):
			idle += t.Count
		default:
			busy = append(busy, t)
		}
	}
	if len(busy)+idle+cut == 0 {
		return
	}
	slices.SortStableFunc(busy, func(a, b *report.Thread) int { return cmp.Compare(b.Count, a.Count) })
	answered := ""
	if a := s.r.Answers; a != nil {
		answered = fmt.Sprintf("%d of %d answered", a.Answered, a.Total)
	}
	s.heading(s, "Other threads", answered)
	for i, t := range busy {
		if i >= mostThreads && !s.all {
			fmt.Fprintf(s, "  %s\n", s.paint(faint, fmt.Sprintf("… %d more stacks", len(busy)-i)))
			break
		}
		name := t.Name()
		if s.all && t.TID() != 0 {
			name += fmt.Sprintf(", %d", t.TID())
		}
		s.group(t.Count, name, t.Frames)
	}
	if idle > 0 {
		fmt.Fprintf(s, "  %s  %s\n", s.paint(bold, fmt.Sprintf("%5d", idle)), s.paint(faint, "idle, of Go's runtime, libc or Epitaph"))
	}
	if cut > 0 {
		fmt.Fprintf(s, "  %s  %s\n", s.paint(bold, fmt.Sprintf("%5d", cut)), s.paint(faint, "not in the report"))
	}
}

// machine prints registers, code, stack words and modules.
func (s *shower) machine() {
	r := s.r
	if len(r.Registers)+len(r.Stack)+len(r.Modules) == 0 {
		return
	}
	s.heading(s, "Machine", "")
	for row := range slices.Chunk(r.Registers, 4) {
		for _, reg := range row {
			fmt.Fprintf(s, "  %s %s", s.paint(faint, fmt.Sprintf("%-6s", reg.Name)), reg.Value)
		}
		fmt.Fprintln(s)
	}
	if c := r.Code; c != nil && len(c.Bytes) > 0 {
		fmt.Fprintf(s, "  %s", s.paint(faint, "code  "))
		for i, b := range c.Bytes {
			text := fmt.Sprintf("%02x", b)
			if i == c.PC {
				text = s.paint(red, "<"+text+">")
			}
			fmt.Fprint(s, " "+text)
		}
		fmt.Fprintln(s)
	}
	for _, row := range r.Stack {
		if row.Unreadable {
			continue
		}
		fmt.Fprintf(s, "  %s", s.paint(faint, row.Address.String()))
		for _, w := range row.Words {
			fmt.Fprintf(s, " %s", w)
		}
		fmt.Fprintln(s)
	}
	for _, a := range r.Addresses {
		fmt.Fprintf(s, "  %s %s %s\n", s.paint(faint, fmt.Sprintf("%-11s", a.Place)), a.Frame.PC, a.Where())
	}
	for _, m := range r.Modules {
		fmt.Fprintf(s, "  %s-%s %s %s\n", m.Start, m.End, m.Path, s.paint(faint, m.BuildID))
	}
}

func (s *shower) end(f finding) {
	text, whole := s.Completeness()
	style := faint
	if !whole {
		style = yellow
	}
	fmt.Fprintf(s, "\n%s\n", s.paint(style, f.String()+": "+text))
	if n := len(s.r.Unknown); n > 0 {
		fmt.Fprintf(s, "%s\n", s.paint(yellow, fmt.Sprintf("%d lines are not understood; \"epitaph json\" has them", n)))
	}
}

// printable takes what could control a terminal out of text that is not of the report,
// which has none.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\t' && (c < 0x20 || 0x7f <= c && c < 0xa0 || c == utf8.RuneError || 0x200e <= c && c <= 0x202e || 0x2066 <= c && c <= 0x2069) {
			return '?'
		}
		return c
	}, text)
}
