package symindex

import (
	"cmp"
	"slices"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// A part is an entry of the block's table, with what decides between two that
// begin at one address.
type part struct {
	block.PartEntry
	size uint32
}

// maxPart is the largest piece of a function.
const maxPart = 1<<31 - 1

// An orphan is a row of no function: of assembly, mostly.
type orphan struct {
	addr       uint64
	file, line uint32
	end        bool
}

// emit writes the parts of the functions that were read of a unit, and keeps the
// rows of no function.
func (b *builder) emit(u *dwarf.Unit) {
	d := &b.data
	b.current = u
	d.order = d.order[:0]
	for i := range d.calls {
		d.order = append(d.order, int32(i))
	}
	slices.SortStableFunc(d.order, func(x, y int32) int { return cmp.Compare(d.calls[x].function, d.calls[y].function) })
	d.covered = d.covered[:0]
	next := 0
	for i := range d.functions {
		first := next
		for next < len(d.order) && d.calls[d.order[next]].function == int32(i) {
			next++
		}
		f := &d.functions[i]
		name := b.nameOf(u, f.die, false)
		for _, r := range d.ranges[f.first:f.last] {
			if b.work.Err() != nil || b.block.Err() != nil {
				return
			}
			b.sweep(r, d.order[first:next])
			b.encode(r, name)
			d.covered = append(d.covered, r)
		}
	}
	b.keepOrphans()
}

func (b *builder) keepOrphans() {
	d := &b.data
	slices.SortFunc(d.covered, func(x, y dwarf.Range) int { return cmp.Compare(x.Start, y.Start) })
	k := 0
	for _, s := range d.lines.Sequences {
		was := false
		for k > 0 && d.covered[k-1].End > s.Start {
			k--
		}
		for i := s.First; i < s.Last; i++ {
			r := &d.lines.Rows[i]
			for k < len(d.covered) && d.covered[k].End <= r.Addr {
				k++
			}
			inside := k < len(d.covered) && d.covered[k].Start <= r.Addr
			if !inside && !r.End {
				b.orphans = append(b.orphans, orphan{r.Addr, r.File, r.Line, false})
				was = true
			} else if was {
				b.orphans = append(b.orphans, orphan{addr: r.Addr, end: true})
				was = false
			}
		}
	}
	b.work.Spend(len(d.lines.Rows))
}

// An event is the beginning or the end of a range of an inlined call.
type event struct {
	addr  uint64
	call  int32
	depth int32
	start bool
}

// A step says that from an address on the code is of a call (none: of the
// function itself) and a line.
type step struct {
	addr       uint64
	call       int32
	file, line uint32
	near       bool
}

// A sweeper goes over the addresses of a piece of a function.
type sweeper struct {
	events []event
	steps  []step
	active []int32 // by depth, the call that the address is in
	last   map[int32]step
}

// sweep fills in the steps of the piece r of a function with these calls.
func (b *builder) sweep(r dwarf.Range, calls []int32) {
	s := &b.sweeper
	s.steps = s.steps[:0]
	if !b.opts.level.rows() {
		return
	}
	b.findEvents(r, calls)
	rows := b.rowsAt(r)
	next, _ := slices.BinarySearchFunc(rows, r.Start, func(x dwarf.Row, at uint64) int {
		if x.Addr <= at {
			return -1
		}
		return 1
	})
	var now dwarf.Row
	if next > 0 {
		now = rows[next-1]
	}
	s.active = s.active[:0]
	event := 0
	for at := r.Start; at < r.End; {
		for ; event < len(s.events) && s.events[event].addr <= at; event++ {
			s.apply(&s.events[event])
		}
		for ; next < len(rows) && rows[next].Addr <= at; next++ {
			now = rows[next]
		}
		if now.End {
			now.File, now.Line = 0, 0
		}
		b.step(at, now.File, now.Line)
		at = r.End
		if event < len(s.events) {
			at = min(at, s.events[event].addr)
		}
		if next < len(rows) {
			at = min(at, rows[next].Addr)
		}
	}
	b.work.Spend(4 * (len(s.events) + len(s.steps)))
	s.near()
}

// findEvents sorts what begins and ends in r: at one address what ends comes
// first, and an outer call begins before an inner one.
func (b *builder) findEvents(r dwarf.Range, calls []int32) {
	s := &b.sweeper
	s.events = s.events[:0]
	for _, i := range calls {
		c := &b.data.calls[i]
		c.scope = none
		for _, part := range b.data.ranges[c.first:c.last] {
			if low, high := max(part.Start, r.Start), min(part.End, r.End); low < high {
				s.events = append(s.events, event{low, i, c.depth, true}, event{high, i, c.depth, false})
			}
		}
		b.work.Spend(c.last - c.first)
	}
	slices.SortFunc(s.events, func(x, y event) int {
		if x.addr != y.addr {
			return cmp.Compare(x.addr, y.addr)
		}
		if x.start != y.start {
			if y.start {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.depth, y.depth)
	})
}

// rowsAt are those of the sequence that the piece of a function begins in, or else
// that begins in it.
func (b *builder) rowsAt(r dwarf.Range) []dwarf.Row {
	l := &b.data.lines
	i, _ := slices.BinarySearchFunc(l.Sequences, r.Start, func(s dwarf.Sequence, at uint64) int {
		if s.End <= at {
			return -1
		}
		return 1
	})
	if i == len(l.Sequences) || l.Sequences[i].Start >= r.End {
		return nil
	}
	return l.Rows[l.Sequences[i].First:l.Sequences[i].Last]
}

func (s *sweeper) apply(e *event) {
	for int(e.depth) >= len(s.active) {
		s.active = append(s.active, none)
	}
	if e.start {
		s.active[e.depth] = e.call
	} else if s.active[e.depth] == e.call {
		s.active[e.depth] = none
	}
}

// step appends what holds from an address on, unless it is what held before.
func (b *builder) step(at uint64, file, line uint32) {
	s := &b.sweeper
	x := step{addr: at, call: none, file: file, line: line}
	if b.opts.level.inlined() {
		for i := len(s.active) - 1; i >= 0 && x.call == none; i-- {
			x.call = s.active[i]
		}
	} else {
		// Without inlined calls the line is the one that calls the outermost.
		for i := range s.active {
			if s.active[i] != none {
				c := &b.data.calls[s.active[i]]
				x.file, x.line = c.file, c.line
				break
			}
		}
	}
	if n := len(s.steps); n > 0 {
		if last := &s.steps[n-1]; last.call == x.call && last.file == x.file && last.line == x.line {
			return
		}
	}
	s.steps = append(s.steps, x)
}

// near gives code that the compiler says no line for the line of the code before
// it, of the same call; what has none before it that of the code behind it. Peers
// show line 0, which is a quarter of all code of clang -O2.
func (s *sweeper) near() {
	unknown := slices.ContainsFunc(s.steps, func(x step) bool { return x.line == 0 && x.file != 0 })
	if !unknown {
		return
	}
	if s.last == nil {
		s.last = make(map[int32]step)
	}
	take := func(x *step) {
		switch {
		case x.line != 0:
			s.last[x.call] = *x
		case x.file != 0:
			if last, ok := s.last[x.call]; ok {
				x.file, x.line, x.near = last.file, last.line, true
			}
		}
	}
	clear(s.last)
	for i := range s.steps {
		take(&s.steps[i])
	}
	clear(s.last)
	for i := len(s.steps) - 1; i >= 0; i-- {
		take(&s.steps[i])
	}
	s.steps = slices.CompactFunc(s.steps, func(x, y step) bool {
		return x.call == y.call && x.file == y.file && x.line == y.line && x.near == y.near
	})
}
