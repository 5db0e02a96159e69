package html

import (
	"path"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/internal/view"
	"github.com/epitaph-go/epitaph/report"
)

// How many frames of the current stack have their source, and how many show it at once.
const (
	withSource = 8
	openSource = 2
	around     = 2 // lines before and after
)

// A run is frames that follow each other, shown or folded.
type run struct {
	Label  string // of a folded one
	Frames []frame
}

// A frame is a line of a stack. Fewer bytes are written of one without Details.
type frame struct {
	Class, Lang  string
	Title, Place string
	Notes        []string
	Source       []line
	Details      string
	Open         bool
	Own          bool // the program's
}

type line struct {
	Number int
	Text   string
	Hit    bool
}

// A wait is a stack that the program hangs in.
type wait struct {
	For  string
	Runs []run
}

// A group is a stack and what has it: goroutines or threads.
type group struct {
	Count  int
	Bar    int // of 20
	State  string
	Top    frame
	Here   bool
	Who    string
	Runs   []run
	NoData bool // only the count is known
}

func (b *builder) stacks(room *budget) {
	p := &b.page
	p.StackTitle = "Stack of the crashing thread"
	if b.r.Kind != report.Crash {
		p.StackTitle = "Stack of the current thread"
	}
	sources := withSource
	for _, w := range b.Waits() {
		out := wait{cut(view.WaitLine(w), 300), b.runs(w.Frames, sources, &budget{room.left / 4})}
		room.take(min(room.left, sizeOf(out.Runs)))
		p.Waits = append(p.Waits, out)
		sources = 0
	}
	if t := b.r.Current(); t != nil {
		p.Stack = b.runs(t.Frames, withSource, &budget{room.left / 2})
		room.take(min(room.left, sizeOf(p.Stack)))
	}
	b.goroutines(room)
	b.threads(room)
}

// runs returns a stack as far as there is room, with the source of its first frames of
// the program.
func (b *builder) runs(frames []report.Frame, sources int, room *budget) []run {
	var list []run
	full := sources > 0
	shown := 0
	for _, r := range b.Runs(frames) {
		out := run{}
		if r.Folded {
			out.Label = r.Label()
		}
		for _, f := range r.Frames {
			s := b.frame(f, full)
			if sources > 0 && f.InApp() {
				sources--
				s.Source = b.sourceOf(f)
				s.Open = len(s.Source) > 0 && openSource > withSource-sources-1
			}
			if !room.take(s.size()) {
				if len(out.Frames) > 0 {
					list = append(list, out)
				}
				return append(list, run{Frames: []frame{{Class: "m", Title: number(len(frames)-shown, "more line") + ", left out here"}}})
			}
			shown++
			out.Frames = append(out.Frames, s)
		}
		list = append(list, out)
	}
	return list
}

// frame returns how a frame is printed; with details if they are wanted and there are any.
func (b *builder) frame(f view.Frame, details bool) frame {
	s := frame{Title: cut(f.Title, 2000), Place: cut(f.Place, 1000), Notes: f.Notes(), Own: f.InApp()}
	switch {
	case !f.Call():
		s.Class = "m"
	case f.InApp():
		s.Class = "f p"
	default:
		s.Class = "f"
	}
	if f.Call() {
		s.Lang = "C"
		if f.Go {
			s.Lang = "Go"
		}
	}
	if !details || !f.Call() {
		return s
	}
	var more []string
	if f.File != "" && f.File != f.Place && !strings.HasPrefix(f.Place, f.File+":") {
		more = append(more, f.File+":"+strconv.Itoa(f.Line))
	}
	if f.Module != "" {
		more = append(more, f.Module)
	}
	if f.Func != "" && f.Offset != 0 {
		more = append(more, path.Base(f.Func)+"+0x"+strconv.FormatUint(uint64(f.Offset), 16))
	}
	if f.PC != 0 {
		more = append(more, f.PC.String())
	}
	s.Details = cut(strings.Join(more, " · "), 3000)
	return s
}

// sourceOf returns the line of a frame and those around it.
func (b *builder) sourceOf(f view.Frame) []line {
	if f.File == "" || f.Line < 1 {
		return nil
	}
	if _, ok := b.source(f.File, f.Line); !ok {
		return nil
	}
	var list []line
	for n := max(f.Line-around, 1); n <= f.Line+around; n++ {
		if text, ok := b.source(f.File, n); ok {
			list = append(list, line{n, cut(strings.ReplaceAll(text, "\t", "    "), 300), n == f.Line})
		}
	}
	return list
}

// size is how many bytes a frame is in the page, about.
func (f *frame) size() int {
	n := 75 + cost(f.Title) + cost(f.Place) + 30*len(f.Notes)
	if f.Details != "" || len(f.Source) > 0 {
		n += 60 + cost(f.Details)
	}
	for _, l := range f.Source {
		n += 40 + cost(l.Text)
	}
	return n
}

func sizeOf(runs []run) int {
	n := 0
	for _, r := range runs {
		n += 80
		for i := range r.Frames {
			n += r.Frames[i].size()
		}
	}
	return n
}

// groupSize is what a group is besides its frames.
const groupSize = 330

func (b *builder) goroutines(room *budget) {
	p := &b.page
	p.Goroutines = b.GoroutinesLine()
	most := 1
	for i := range b.r.GoroutineGroups {
		most = max(most, b.r.GoroutineGroups[i].Count)
	}
	here := 0
	if t := b.r.Current(); t != nil && b.r.Kind == report.Crash {
		here = t.TID()
	}
	// The threads behind have a fifth.
	own := &budget{room.left / 5 * 4}
	for i := range b.r.GoroutineGroups {
		g := &b.r.GoroutineGroups[i]
		out := group{Count: g.Count, Bar: (g.Count*20 + most - 1) / most, NoData: g.Cut,
			State: cut(strings.Join(append([]string{g.Status}, g.Details...), ", "), 300),
			Here:  here != 0 && g.Thread() == here}
		if !g.Cut {
			out.Top = b.frame(b.Top(g.Frames), false)
			out.Who = goroutineIDs(g)
			out.Runs = b.runs(g.Frames, 0, &budget{own.left / 2})
		}
		if !own.take(groupSize + out.Top.size() + cost(out.State) + cost(out.Who) + sizeOf(out.Runs)) {
			p.GroupsLost = b.lostGroups(i)
			break
		}
		p.Groups = append(p.Groups, out)
	}
	room.left = room.left/5 + own.left
}

// lostGroups counts what there was no room for.
func (b *builder) lostGroups(from int) string {
	n := 0
	for _, g := range b.r.GoroutineGroups[from:] {
		n += g.Count
	}
	return number(len(b.r.GoroutineGroups)-from, "more group") + " of " + number(n, "goroutine") + ": the page would be too large"
}

// mostIDs are shown of a group.
const mostIDs = 10

func goroutineIDs(g *report.GoroutineGroup) string {
	if len(g.IDs) == 0 {
		return ""
	}
	s := "goroutine"
	if g.Count > 1 {
		s += "s"
	}
	for i, id := range g.IDs {
		if i == mostIDs {
			break
		}
		if i > 0 {
			s += ","
		}
		s += " " + strconv.FormatUint(id, 10)
	}
	if g.Count > min(len(g.IDs), mostIDs) {
		s += ", … (" + strconv.Itoa(g.Count) + " in all)"
	}
	return s
}

func (b *builder) threads(room *budget) {
	p := &b.page
	if a := b.r.Answers; a != nil {
		p.Answered = strconv.Itoa(a.Answered) + " of " + strconv.Itoa(a.Total) + " answered"
	}
	p.IdleCount = b.IdleThreads()
	for i := range b.r.Threads {
		t := &b.r.Threads[i]
		if t.Current() {
			continue
		}
		out := group{Count: t.Count, State: cut(t.Name(), 100), NoData: t.Kind == report.CutThreads}
		if !out.NoData {
			out.Top = b.frame(b.Top(t.Frames), false)
			out.Who = members(t)
			out.Runs = b.runs(t.Frames, 0, &budget{room.left / 2})
		}
		if !room.take(groupSize + out.Top.size() + cost(out.State) + cost(out.Who) + sizeOf(out.Runs)) {
			p.ThreadsLost = number(len(b.r.Threads)-i, "more stack") + ": the page would be too large"
			break
		}
		if b.Idle(t) {
			p.Idle = append(p.Idle, out)
			p.IdleCount += out.Count
		} else {
			p.Threads = append(p.Threads, out)
		}
	}
}

func members(t *report.Thread) string {
	var s strings.Builder
	for i, m := range t.Members {
		if i == mostIDs {
			break
		}
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(cut(m.Name, 100) + " " + strconv.Itoa(m.TID))
		if m.State != "" {
			s.WriteString(" (" + m.State + ", " + m.CPU.String() + ")")
		}
	}
	if t.Count > min(len(t.Members), mostIDs) {
		s.WriteString(", … (" + strconv.Itoa(t.Count) + " in all)")
	}
	return s.String()
}
