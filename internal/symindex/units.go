package symindex

import (
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
)

// A function is one that has code: builder.ranges[first:last].
type function struct {
	die         uint64
	first, last int
}

// A call is one that was inlined.
type call struct {
	function, parent int32 // parent: another call, or none
	depth            int32 // of a call in the function itself: 1
	origin           uint64
	alt              bool
	named            bool
	name             uint32
	file             uint32 // where it was made
	line             uint32
	first, last      int   // builder.ranges
	scope            int32 // the first one of it in the part, or none
}

const none = -1

// unitData is what was read of the unit, until its parts are written.
type unitData struct {
	lines     dwarf.Lines
	functions []function
	calls     []call
	order     []int32 // the calls by function
	covered   []dwarf.Range
	ranges    []dwarf.Range
	names     map[uint64]uint32 // by the offset of a DIE
	open      []openScope
}

// An openScope is a DIE that the walk is in.
type openScope struct {
	function, call int32
	calls          int32 // depth of calls
}

func (d *unitData) reset() {
	d.functions, d.calls, d.ranges, d.open = d.functions[:0], d.calls[:0], d.ranges[:0], d.open[:0]
	if len(d.names) > 1<<16 {
		d.names = nil // clearing it would cost as much for every small unit
	}
	if d.names == nil {
		d.names = make(map[uint64]uint32)
	}
	clear(d.names)
}

// unit reads a unit of the file and writes its parts.
func (b *builder) unit(u *dwarf.Unit) error {
	if u.Types() {
		return nil
	}
	if err := u.Root(); err != nil {
		return err
	}
	if u.Language == dwarf.LanguageGo {
		return nil
	}
	d := &b.data
	d.reset()
	if !b.opts.level.rows() {
		u.HasLines = false
	}
	if err := d.lines.Read(u, b.files, b.inText); err != nil {
		d.lines.Rows, d.lines.Sequences = d.lines.Rows[:0], d.lines.Sequences[:0]
	}
	switch {
	case u.DwoName != dwarf.StrNone:
		b.split(u)
		return nil
	case u.Cut:
		b.emit(u)
		return nil
	}
	return b.scopes(u)
}

// scopes walks the unit's DIEs; what was found before a damaged one counts.
func (b *builder) scopes(u *dwarf.Unit) error {
	walk := u.Walk()
	var e dwarf.Entry
	for walk.Next(&e) {
		b.entry(u, &e)
	}
	b.emit(u)
	return walk.Err()
}

// entry takes a function's or a call's DIE in.
func (b *builder) entry(u *dwarf.Unit, e *dwarf.Entry) {
	d := &b.data
	d.open = d.open[:min(e.Level, len(d.open))]
	scope := openScope{function: none, call: none}
	if n := len(d.open); n > 0 {
		scope = d.open[n-1]
	}
	switch e.Tag {
	case dwarf.TagSubprogram:
		scope = openScope{function: none, call: none}
		if first := len(d.ranges); e.HasCode() {
			d.ranges = u.Ranges(e, d.ranges)
			d.ranges = b.keepText(d.ranges, first)
			if len(d.ranges) > first {
				scope.function = int32(len(d.functions))
				d.functions = append(d.functions, function{e.Offset, first, len(d.ranges)})
			}
		}
	case dwarf.TagInlined:
		b.call(u, e, &scope)
	}
	d.open = append(d.open, scope)
}

func (b *builder) call(u *dwarf.Unit, e *dwarf.Entry, scope *openScope) {
	d := &b.data
	origin, alt, ok := e.Origin()
	if scope.function == none || !ok || !e.HasCode() || !b.opts.level.rows() {
		return
	}
	first := len(d.ranges)
	d.ranges = u.Ranges(e, d.ranges)
	if len(d.ranges) == first {
		return
	}
	c := call{
		function: scope.function, parent: scope.call, depth: scope.calls + 1,
		origin: origin, alt: alt, line: e.CallLine, first: first, last: len(d.ranges),
	}
	if int(e.CallFile) < len(d.lines.Files) {
		c.file = d.lines.Files[e.CallFile]
	}
	scope.call, scope.calls = int32(len(d.calls)), c.depth
	d.calls = append(d.calls, c)
}

// keepText leaves out, of the ranges behind first, those that are no code of
// interest.
func (b *builder) keepText(ranges []dwarf.Range, first int) []dwarf.Range {
	kept := ranges[:first]
	for _, r := range ranges[first:] {
		if b.inText(r.Start) && r.End-r.Start <= maxPart && r.End <= b.end {
			kept = append(kept, r)
		}
	}
	return kept
}
