// Package snapshot takes stock of a running program at a cost that allows it to
// be done all the time: which stacks its goroutines have, and how many of them
// each; memory, garbage collector and scheduler.
//
// It uses runtime.GoroutineProfile, which stops the world for some 10 us at
// both ends, however many goroutines there are. runtime.Stack for all of them
// would also tell ids and states, but stops the world for all of its work: 75 ms
// for 10 000 goroutines.
package snapshot

import (
	"cmp"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// A Collector takes snapshots. It is for one goroutine.
type Collector struct {
	own     func(function string) bool
	records []runtime.StackRecord
	// groups are kept from one snapshot to the next, because rendering a stack
	// takes longer than all the rest; those that were not seen for a while go.
	groups  map[[32]uintptr]*group
	turn    uint64
	shown   []*group
	text    []byte
	figures figures
	garbage garbage
}

type group struct {
	count int
	seen  uint64 // the turn of the last snapshot that had it
	state string
	text  string // the frames
	own   bool   // it is Epitaph's, and not shown
	bytes uint64 // that the profile allocates for each
}

// NewCollector returns a Collector. It leaves out the goroutines that own reports for their
// first function; nil leaves out none.
func NewCollector(own func(function string) bool) *Collector {
	return &Collector{own: own, groups: map[[32]uintptr]*group{}, figures: newFigures(), garbage: newGarbage()}
}

// keptGroups is how many stacks may be remembered; keptTurns for how many
// snapshots one is that was not seen again.
const (
	keptGroups = 2048
	keptTurns  = 10
)

// Take fills in everything of a slot but its number, times, cost and period. The text
// is valid until the next call. It returns what the garbage collector will have
// to do because of it.
func (c *Collector) Take(slot *boxformat.Slot) (collection time.Duration) {
	c.turn++
	c.profile()
	c.shown = c.shown[:0]
	allocated, owned := recordBytes(cap(c.records)), 0
	for i := range c.records {
		stack := c.records[i].Stack0
		g := c.groups[stack]
		if g == nil {
			g = c.newGroup(c.records[i].Stack())
			c.groups[stack] = g
		}
		if g.seen != c.turn {
			g.seen, g.count = c.turn, 0
			if !g.own {
				c.shown = append(c.shown, g)
			}
		}
		g.count++
		if g.own {
			owned++
		}
		allocated += g.bytes
	}
	slot.Goroutines, slot.Groups = uint64(len(c.records)-owned), uint64(len(c.shown))
	slices.SortStableFunc(c.shown, func(a, b *group) int { return cmp.Compare(b.count, a.count) })
	slot.Text = c.format()
	for stack, g := range c.groups {
		if c.turn-g.seen > keptTurns || len(c.groups) > keptGroups && g.seen != c.turn {
			delete(c.groups, stack)
		}
	}
	c.figures.read(slot)
	return c.garbage.cost(allocated)
}

// newGroup renders a stack that was not seen before.
func (c *Collector) newGroup(pcs []uintptr) *group {
	frames := framesOf(pcs)
	g := &group{bytes: stackBytes(pcs), own: c.own != nil && c.own(firstFunction(frames))}
	if !g.own {
		g.state, g.text = render(frames, len(pcs) == len(runtime.StackRecord{}.Stack0))
	}
	return g
}

// firstFunction is what the goroutine was started with, of the calls that the profile has.
func firstFunction(frames []runtime.Frame) string {
	for i := len(frames) - 1; i >= 0; i-- {
		if f := frames[i].Function; f != "" && f != "runtime.goexit" {
			return f
		}
	}
	return ""
}

// profile gets the stacks of all goroutines. Room is left for those that start
// in between.
func (c *Collector) profile() {
	n := runtime.NumGoroutine()
	for {
		if size := n + n/8 + 16; cap(c.records) < size || cap(c.records) > 16*size {
			c.records = make([]runtime.StackRecord, size)
		}
		c.records = c.records[:cap(c.records)]
		var ok bool
		if n, ok = runtime.GoroutineProfile(c.records); ok {
			c.records = c.records[:n]
			return
		}
	}
}

// format puts the groups one after another, as many as fit.
func (c *Collector) format() []byte {
	b := c.text[:0]
	const most = boxformat.SlotText - 64 // room for the last line
	for i, g := range c.shown {
		before := len(b)
		if g.count == 1 {
			b = append(b, "Goroutine ..."...)
		} else {
			b = strconv.AppendInt(append(b, "Goroutines ... ("...), int64(g.count), 10)
			b = append(b, " in all)"...)
		}
		b = append(append(append(b, " ["...), g.state...), "] (most recent call first):\n"...)
		b = append(append(b, g.text...), '\n')
		if len(b) > most {
			b = append(b[:before], "Note: "...)
			b = strconv.AppendInt(b, int64(len(c.shown)-i), 10)
			b = append(b, " more groups of goroutines did not fit\n\n"...)
			break
		}
	}
	c.text = b
	return b
}
