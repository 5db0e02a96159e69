package goroutines

import (
	"cmp"
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// A Source says what FromDump needs to know about its text.
type Source struct {
	// Alive is runtime.NumGoroutine at the time.
	Alive int
	// Cut says that the text fills its buffer, so that the last goroutine, and
	// others behind it, are missing.
	Cut bool
	// Own tells the functions that run as goroutines of Epitaph's.
	Own func(function string) bool
	// Entry, if not nil, tells the functions through which a goroutine asks for a
	// dump of itself: what they call is not shown.
	Entry func(function string) bool
	// Goroutine is the id of the one that crashed, or 0, and Thread its thread.
	Goroutine int64
	Thread    int
}

// FromDump reads the text of runtime.Stack.
func FromDump(text []byte, source Source) Set {
	all := stackfmt.ParseGoroutines(text).Goroutines
	if source.Cut && len(all) > 0 {
		all = all[:len(all)-1]
	}
	var set Set
	var crashed []stackfmt.Goroutine
	others := all[:0]
	for i := range all {
		g := all[i] // a copy: others reuses the memory
		if source.Entry != nil {
			g.Stack = before(g.Stack, source.Entry)
		}
		switch first, creator := outermost(&g), g.CreatedBy.Func; {
		case g.ID < 0 || ofRuntime(framesOf(&g), creator):
		case source.Own(first), first == "" && source.Own(creator): // without a stack: it runs, or has not begun
			set.Own++
		case source.Goroutine != 0 && g.ID == source.Goroutine:
			crashed = append(crashed, g)
		default:
			others = append(others, g)
		}
	}
	groups := stackfmt.GroupStacks(others)
	set.Groups = make([]Group, 0, len(groups)+len(crashed))
	for i := range crashed {
		group := groupOf(&stackfmt.GoroutineGroup{IDs: []int64{crashed[i].ID}, Goroutine: crashed[i]})
		group.MinWait, group.MaxWait = crashed[i].Wait, crashed[i].Wait
		group.Thread = source.Thread
		set.Groups = append(set.Groups, group)
	}
	common := commonOf(others, groups)
	for i := range groups {
		group := groupOf(&groups[i])
		group.Labels, group.Parent = common[i].labels, common[i].parent
		set.Groups = append(set.Groups, group)
	}
	for i := range set.Groups {
		set.Groups[i].rank = rankOf(&set.Groups[i])
	}
	slices.SortStableFunc(set.Groups[len(crashed):], likelyFirst)
	set.Count = set.known()
	if source.Cut {
		set.Count = max(set.Count, source.Alive-set.Own)
	}
	return set
}

// likelyFirst puts what a program may hang in before the rest: goroutines that wait for what
// another holds or for what cannot come, the longest first, then those that are in C.
func likelyFirst(a, b Group) int {
	if a.rank == b.rank && a.rank == 0 {
		return cmp.Compare(b.MaxWait, a.MaxWait)
	}
	return cmp.Compare(a.rank, b.rank)
}

// rankOf scans a group's frames, so it is called once for each: a crash waits for the answer.
func rankOf(g *Group) int {
	switch g.State {
	// Go's words for that (runtime/runtime2.go, waitReasonStrings).
	case "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock", "semacquire", "chan send (nil chan)",
		"chan receive (nil chan)", "select (no cases)":
		return 0
	}
	if slices.ContainsFunc(g.Frames, func(f Frame) bool { return strings.Contains(f.Func, "._Cfunc_") }) {
		return 1
	}
	return 2
}

// before is a stack, oldest call first, up to the first of the functions that
// entry tells.
func before(stack stackfmt.Calls, entry func(string) bool) stackfmt.Calls {
	for i := range stack {
		if i > 0 && entry(stack[i].Func) {
			return stack[:i]
		}
	}
	return stack
}

// outermost is the function that the goroutine was started with.
func outermost(g *stackfmt.Goroutine) string {
	for i := range g.Stack { // oldest first
		if f := g.Stack[i].Func; f != "" && f != "runtime.goexit" {
			return f
		}
	}
	return ""
}

// framesOf is the stack, most recent call first.
func framesOf(g *stackfmt.Goroutine) []Frame {
	frames := make([]Frame, 0, len(g.Stack))
	for i := range g.Stack {
		f := &g.Stack[len(g.Stack)-1-i]
		frames = append(frames, Frame{Func: f.Func, File: f.File, Line: f.Line, PC: uint64(f.PC), Elided: f.Elided})
	}
	return frames
}

func groupOf(g *stackfmt.GoroutineGroup) Group {
	group := Group{
		IDs:       slices.Sorted(slices.Values(g.IDs)),
		Count:     len(g.IDs),
		State:     g.State,
		MinWait:   g.MinWait,
		MaxWait:   g.MaxWait,
		Locked:    g.Locked,
		Bubble:    g.Bubble,
		Labels:    labelsOf(g.Labels),
		Frames:    visible(framesOf(&g.Goroutine)),
		CreatedBy: Frame{Func: g.CreatedBy.Func, File: g.CreatedBy.File, Line: g.CreatedBy.Line},
		Parent:    g.Parent,
	}
	if g.Unavailable {
		group.NoStack = "it was running"
	}
	return group
}

func labelsOf(labels []stackfmt.Label) []Label {
	var result []Label
	for _, l := range labels {
		result = append(result, Label(l))
	}
	return result
}

// common is what the members of a group agree in besides their stack.
type common struct {
	labels []Label
	parent int64
}

// commonOf compares the members of each group. A group itself has the labels
// and the parent of its first member.
func commonOf(all []stackfmt.Goroutine, groups []stackfmt.GoroutineGroup) []common {
	slices.SortFunc(all, func(a, b stackfmt.Goroutine) int { return cmp.Compare(a.ID, b.ID) })
	result := make([]common, len(groups))
	for i := range groups {
		first := &groups[i]
		labels, parent := labelsOf(first.Labels), first.Parent
		for _, id := range first.IDs[1:] {
			at, ok := slices.BinarySearchFunc(all, id, func(g stackfmt.Goroutine, id int64) int { return cmp.Compare(g.ID, id) })
			if !ok {
				continue
			}
			if all[at].Parent != parent {
				parent = 0
			}
			labels = slices.DeleteFunc(labels, func(l Label) bool {
				return !slices.Contains(all[at].Labels, stackfmt.Label(l))
			})
		}
		result[i] = common{labels, parent}
	}
	return result
}
