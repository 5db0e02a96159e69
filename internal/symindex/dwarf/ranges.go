package dwarf

import "github.com/epitaph-go/epitaph/internal/symindex/objfile"

// A Range is one of addresses of the file.
type Range = objfile.Range

// Ranges appends where the code of a DIE is.
func (u *Unit) Ranges(e *Entry, out []Range) []Range {
	if e.hasRanges {
		before := len(out)
		if u.version < 5 {
			out = u.oldRanges(e.ranges, out)
		} else if at, ok := u.rangesAt(e); ok {
			out = u.newRanges(at, out)
		}
		u.File.work.Spend(4 * (len(out) - before))
		return out
	}
	if !e.hasLow || !e.hasHigh {
		return out
	}
	low, high := e.low, e.high
	ok := true
	if e.lowIndex {
		low, ok = u.indexed(low)
	}
	if e.highIsSize {
		high += low
	} else if e.highIndex && ok {
		high, ok = u.indexed(high)
	}
	if !ok || high <= low {
		return out
	}
	return append(out, Range{Start: low, End: high})
}

// rangesAt is where the list of a DIE is in .debug_rnglists.
func (u *Unit) rangesAt(e *Entry) (uint64, bool) {
	if !e.rangesIndex {
		return e.ranges, true
	}
	at, ok := word(u.File.rnglists, u.rangesBase, e.ranges, u.wide)
	return u.rangesBase + at, ok
}

// oldRanges reads a list of .debug_ranges, which is the skeleton's for a split
// unit too.
func (u *Unit) oldRanges(at uint64, out []Range) []Range {
	o := u.owner()
	if u.Skeleton != nil {
		at += o.gnuRanges
	}
	section := o.File.ranges
	if at > uint64(len(section)) {
		return out
	}
	base := o.low
	c := cursor{b: section, at: int(at)}
	for {
		low, high := c.u64(), c.u64()
		u.File.work.Spend(16)
		switch {
		case c.bad || low == 0 && high == 0 || u.File.work.Err() != nil:
			return out
		case low == ^uint64(0):
			base = high
		case high > low:
			out = append(out, Range{Start: base + low, End: base + high})
		}
	}
}

// The entries of .debug_rnglists.
const (
	rangeEnd = iota
	rangeBaseIndexed
	rangeIndexedPair
	rangeIndexedLength
	rangeOffsets
	rangeBase
	rangePair
	rangeLength
)

func (u *Unit) newRanges(at uint64, out []Range) []Range {
	section := u.File.rnglists
	if at > uint64(len(section)) {
		return out
	}
	base := u.owner().low
	c := cursor{b: section, at: int(at)}
	for {
		kind := c.u8()
		u.File.work.Spend(4)
		if c.bad || kind == rangeEnd || u.File.work.Err() != nil {
			return out
		}
		var r Range
		known := true
		switch kind {
		case rangeBaseIndexed:
			base, _ = u.indexed(c.uleb())
			continue
		case rangeBase:
			base = c.u64()
			continue
		case rangeIndexedPair:
			r.Start, known = u.indexed(c.uleb())
			r.End, _ = u.indexed(c.uleb())
		case rangeIndexedLength:
			r.Start, known = u.indexed(c.uleb())
			r.End = r.Start + c.uleb()
		case rangeOffsets:
			r.Start = base + c.uleb()
			r.End = base + c.uleb()
		case rangePair:
			r.Start, r.End = c.u64(), c.u64()
		case rangeLength:
			r.Start = c.u64()
			r.End = r.Start + c.uleb()
		default:
			return out
		}
		if known && r.End > r.Start && !c.bad {
			out = append(out, r)
		}
	}
}
