package stackfmt

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Similarity says which goroutines [GroupStacks] takes for one.
type Similarity int

const (
	// SameLines: the same functions at the same lines. It is the default.
	SameLines Similarity = iota
	// SameCalls: also the same program counters and arguments, so goroutines
	// that work on different values are kept apart.
	SameCalls
	// SameFunctions: the same functions at any line.
	SameFunctions
	// SameCreator: the same go statement, whatever the stack.
	SameCreator
)

// GroupOption changes what [GroupStacks] takes for similar.
type GroupOption func(*grouper)

// WithSimilarity sets how alike stacks have to be, [SameLines] by default.
func WithSimilarity(s Similarity) GroupOption { return func(g *grouper) { g.similarity = s } }

// WithAllStates puts goroutines together that wait for different things, which
// are kept apart by default. How long they wait never keeps them apart.
func WithAllStates() GroupOption { return func(g *grouper) { g.acrossStates = true } }

// WithInnermost compares only the n most recent calls of each stack, so that
// workers that were started in different ways come together. n below 1: all.
func WithInnermost(n int) GroupOption { return func(g *grouper) { g.innermost = n } }

// WithoutRecursion takes stacks for equal that differ only in how often a
// function calls itself.
func WithoutRecursion() GroupOption { return func(g *grouper) { g.recursion = true } }

// GoroutineGroup is a set of goroutines that do the same.
type GoroutineGroup struct {
	// IDs are the members in the order of the dump.
	IDs []int64
	// Goroutine is the first member. With the default options the others differ
	// from it in ID, wait, labels, arguments and parent only.
	Goroutine
	// MinWait and MaxWait are the shortest and longest wait of the members.
	MinWait, MaxWait time.Duration
}

type grouper struct {
	similarity   Similarity
	acrossStates bool
	innermost    int
	recursion    bool
	key          []byte
}

// GroupStacks collapses equal and similar goroutines. The largest group comes
// first; of groups of one size the one that the dump has first.
//
// The groups share memory with gs.
func GroupStacks(gs []Goroutine, opts ...GroupOption) []GoroutineGroup {
	var g grouper
	for _, o := range opts {
		if o != nil {
			o(&g)
		}
	}
	index := make(map[string]int)
	var groups []GoroutineGroup
	for i := range gs {
		m := &gs[i]
		g.setKey(m)
		at, ok := index[string(g.key)]
		if !ok {
			at = len(groups)
			index[string(g.key)] = at
			groups = append(groups, GoroutineGroup{Goroutine: *m, MinWait: m.Wait, MaxWait: m.Wait})
		}
		gr := &groups[at]
		gr.IDs = append(gr.IDs, m.ID)
		gr.MinWait, gr.MaxWait = min(gr.MinWait, m.Wait), max(gr.MaxWait, m.Wait)
	}
	slices.SortStableFunc(groups, func(a, b GoroutineGroup) int { return cmp.Compare(len(b.IDs), len(a.IDs)) })
	return groups
}

// setKey writes what has to be equal into g.key. A text is a complete key, where
// a hash would need a second comparison.
func (g *grouper) setKey(m *Goroutine) {
	k := g.key[:0]
	if !g.acrossStates {
		k = append(k, m.State...)
		k = strconv.AppendBool(k, m.Locked)
		k = strconv.AppendBool(k, m.Leaked)
		k = strconv.AppendBool(k, m.Durable)
	}
	k = append(k, 0)
	k = g.appendCall(k, Call{Location: m.CreatedBy}.known())
	if g.similarity != SameCreator {
		stack := m.Stack
		if g.innermost > 0 && len(stack) > g.innermost {
			stack = stack[len(stack)-g.innermost:]
		}
		k = strconv.AppendBool(k, m.Unavailable)
		last := ""
		for i := range stack {
			c := stack[i].known()
			if g.recursion && (c.Elided != 0 || c.Func != "" && c.Func == last) {
				continue
			}
			last = c.Func
			k = g.appendCall(k, c)
		}
	}
	g.key = k
}

// known returns a call whose fields can be read: one that was made by hand may have no
// Location.
func (c Call) known() Call {
	if c.Location == nil {
		c.Location = &Location{}
	}
	return c
}

func (g *grouper) appendCall(k []byte, c Call) []byte {
	k = append(append(k, c.Func...), 0)
	if c.Elided != 0 {
		k = strconv.AppendInt(k, int64(c.Elided), 10)
	}
	if g.similarity != SameFunctions {
		k = append(append(k, c.File...), ':')
		k = strconv.AppendInt(k, int64(c.Line), 10)
	}
	if g.similarity == SameCalls || c.Func == "" && c.File == "" {
		k = append(k, '+')
		k = strconv.AppendUint(k, c.PC, 16)
		k = append(k, '+')
		k = strconv.AppendUint(k, c.Offset, 16)
		if g.similarity == SameCalls {
			k = append(append(k, '('), c.Args...)
		}
	}
	return append(k, '\n')
}

// headerIDs is how many numbers a group's header lists.
const headerIDs = 3

// Header returns the line that opens the group in a report, such as "Goroutines
// 7, 9, 12, … (5316 in all) [chan receive, 3 minutes]:". Of the waits the
// longest is shown. A group of one has the header of its goroutine.
func (g *GoroutineGroup) Header() string {
	if len(g.IDs) <= 1 {
		return g.Goroutine.Header()
	}
	var b strings.Builder
	b.WriteString("Goroutines ")
	for i, id := range g.IDs[:min(headerIDs, len(g.IDs))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	if len(g.IDs) > headerIDs {
		b.WriteString(", … (" + strconv.Itoa(len(g.IDs)) + " in all)")
	}
	m := g.Goroutine
	m.Wait, m.Labels = g.MaxWait, nil
	b.WriteString(" [" + m.brackets() + "]:")
	return b.String()
}
