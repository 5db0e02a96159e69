package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/internal/view"
	"github.com/epitaph-go/epitaph/report"
)

var diffCommand = cli.Command{
	Name: "diff", Args: "A B",
	Short: "two reports side by side: what is missing and what is new",
	Help: `Shows the first reports of two files side by side: what is known of the processes,
the stacks, goroutines, threads and modules. The mark before a line is "-" for what
only A has, "+" for what only B has, "~" for what both have with a difference.
What is equal in both is left out, but for the stack.
`,
	Notes: "The exit status is 0 when both have one signature, 1 when they have two, or for trouble.",
	Setup: setUpDiff,
}

func setUpDiff(flags *flag.FlagSet) cli.Action {
	width := flags.Int("width", 120, "fit the lines into `columns`")
	all := flags.Bool("all", false, "show what is equal in both as well")
	color := flags.String("color", "auto", "`when` to use colour: auto, always or never")
	return func(env *cli.Env, args []string) error {
		if len(args) != 2 {
			return cli.Usage("want two FILEs, got %d", len(args))
		}
		if *width < 40 {
			return cli.Usage("-width %d: 40 is the least", *width)
		}
		p, err := newPainter(env, *color)
		if err != nil {
			return err
		}
		var both [2]finding
		for i, file := range args {
			if both[i], err = firstReport(env, file); err != nil {
				return err
			}
		}
		d := differ{Writer: bufio.NewWriter(env.Out), painter: p, width: *width, all: *all}
		d.write(both[0], both[1])
		if err := d.Flush(); err != nil {
			return err
		}
		if both[0].Signature() != both[1].Signature() {
			return cli.Status(exitFailure)
		}
		return nil
	}
}

// errEnough ends the search for reports.
var errEnough = errors.New("enough")

func firstReport(env *cli.Env, file string) (first finding, err error) {
	err = eachReport(env, []string{file}, func(f finding) error {
		first = f
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return first, err
}

// A differ prints two columns.
type differ struct {
	*bufio.Writer
	painter
	width int
	all   bool
}

// An entry is something that both reports may have: key says which, text is how it is
// shown.
type entry struct{ key, text string }

func (d *differ) write(a, b finding) {
	va, vb := view.New(a.Report), view.New(b.Report)
	d.row("A: "+a.String(), "B: "+b.String(), ' ')
	titleA, causeA := va.Title()
	titleB, causeB := vb.Title()
	d.fact("", titleA, titleB, true)
	d.fact("", causeA, causeB, true)
	d.section("Facts", align(facts(va, a.Report), facts(vb, b.Report)), d.all)
	d.section("Stack", align(currentEntries(va, a.Report), currentEntries(vb, b.Report)), true)
	d.section("Goroutines", align(groupEntries(va, a.Report), groupEntries(vb, b.Report)), d.all)
	d.section("Threads", align(threadEntries(va, a.Report), threadEntries(vb, b.Report)), d.all)
	d.section("Modules", align(moduleEntries(a.Report), moduleEntries(b.Report)), d.all)
}

func (d *differ) fact(name, a, b string, always bool) {
	if a != b || always && a != "" {
		d.pair(pair{entry{name, a}, entry{name, b}})
	}
}

// section prints what differs, or all, below a heading; nothing if there is nothing.
func (d *differ) section(title string, pairs []pair, all bool) {
	equal, shown := 0, false
	for _, p := range pairs {
		if p.mark() == '=' && !all {
			equal++
			continue
		}
		if !shown {
			d.heading(d, title, "")
			shown = true
		}
		d.pair(p)
	}
	if shown && equal > 0 {
		fmt.Fprintf(d, "  %s\n", d.paint(faint, fmt.Sprintf("… %d equal", equal)))
	}
}

// A pair is an entry of each; the text of one that is missing is empty.
type pair struct{ a, b entry }

func (p pair) mark() byte {
	switch {
	case p.b.text == "":
		return '-'
	case p.a.text == "":
		return '+'
	case p.a.text != p.b.text:
		return '~'
	}
	return '='
}

func (d *differ) pair(p pair) {
	mark := p.mark()
	if mark == '=' {
		mark = ' '
	}
	d.row(p.a.text, p.b.text, mark)
}

// row prints two texts side by side, broken into lines where they are too long.
func (d *differ) row(a, b string, mark byte) {
	style := map[byte]string{'-': red, '+': "32", '~': yellow}[mark]
	column := (d.width - 5) / 2
	left, right := chunks(a, column), chunks(b, column)
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		m := string(mark)
		if i > 0 {
			m = " "
		}
		line := strings.TrimRight(fmt.Sprintf("%s %-*s │ %s", m, column, l, r), " ")
		if style != "" {
			line = d.paint(style, line)
		}
		fmt.Fprintln(d, line)
	}
}

// chunks breaks a text into pieces of at most width characters, at spaces if it can.
func chunks(text string, width int) []string {
	var list []string
	for utf8.RuneCountInString(text) > width {
		runes := []rune(text)
		end := width
		for i := width; i > width/2; i-- {
			if runes[i] == ' ' {
				end = i
				break
			}
		}
		list = append(list, string(runes[:end]))
		text = "  " + strings.TrimPrefix(string(runes[end:]), " ")
	}
	return append(list, text)
}

// mostAligned bounds the table of align; what is behind is compared in order.
const mostAligned = 2000

// align puts entries with equal keys beside each other, in the order of both (the longest
// common subsequence).
func align(a, b []entry) []pair {
	a, b = a[:min(len(a), mostAligned)], b[:min(len(b), mostAligned)]
	// length[i][j] is that of the rests from i and j on.
	length := make([][]int16, len(a)+1)
	for i := range length {
		length[i] = make([]int16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var pairs []pair
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i].key == b[j].key:
			pairs = append(pairs, pair{a[i], b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			pairs = append(pairs, pair{a: a[i]})
			i++
		default:
			pairs = append(pairs, pair{b: b[j]})
			j++
		}
	}
	return pairs
}

func facts(v *view.Viewer, r *report.Report) []entry {
	var list []entry
	for _, f := range v.Facts() {
		list = append(list, entry{f.Name, fmt.Sprintf("%-12s %s", f.Name, f.Value)})
	}
	if line := v.GoroutinesLine(); line != "" {
		list = append(list, entry{"Goroutines", fmt.Sprintf("%-12s %s", "Goroutines", line)})
	}
	for _, a := range r.Annotations {
		list = append(list, entry{"annotation " + a.Key, a.Key + " = " + a.Value})
	}
	return list
}

func currentEntries(v *view.Viewer, r *report.Report) []entry {
	frames := r.Program()
	if t := r.Current(); t != nil {
		frames = t.Frames
	}
	var list []entry
	for _, f := range frames {
		s := v.Frame(f)
		list = append(list, entry{fmt.Sprint(f.Kind, s.Title), strings.TrimSpace(s.Title + "  " + s.Place)})
	}
	return list
}

// groupEntries know a group by what it waits for and by its functions, so that one that
// has grown is the same.
func groupEntries(v *view.Viewer, r *report.Report) []entry {
	var list []entry
	for i := range r.GoroutineGroups {
		g := &r.GoroutineGroups[i]
		if g.Cut {
			continue
		}
		top := v.Top(g.Frames)
		list = append(list, entry{g.Status + functions(g.Frames), fmt.Sprintf("%5d  %s  %s  %s", g.Count, g.Status, top.Title, top.Place)})
	}
	return sorted(list)
}

func threadEntries(v *view.Viewer, r *report.Report) []entry {
	var list []entry
	for i := range r.Threads {
		t := &r.Threads[i]
		if t.Current() || t.Kind == report.CutThreads || v.Idle(t) {
			continue
		}
		top := v.Top(t.Frames)
		list = append(list, entry{functions(t.Frames), fmt.Sprintf("%5d  %s  %s  %s", t.Count, t.Name(), top.Title, top.Place)})
	}
	return sorted(list)
}

func moduleEntries(r *report.Report) []entry {
	var list []entry
	for _, m := range r.Modules {
		list = append(list, entry{m.Path, strings.TrimSpace(m.Path + "  " + m.BuildID)})
	}
	return sorted(list)
}

func functions(frames []report.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		b.WriteString("\n" + f.Name())
	}
	return b.String()
}

// sorted puts entries into one order in both reports, so that those that are equal meet.
func sorted(list []entry) []entry {
	slices.SortStableFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return list
}
