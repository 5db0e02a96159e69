package stackfmt

// recursiveCutoff is how often a line is printed before its repetitions are
// counted instead (Python's _RECURSIVE_CUTOFF).
const recursiveCutoff = 3

// minCycles is how often a cycle of several calls must occur in a row to be
// collapsed: two could be chance, and the mark needs a line itself.
const minCycles = 3

// repetition describes the frames at the start of a stack: show of them are
// printed, then skip are replaced by a mark that they repeat period lines times
// more.
type repetition struct {
	show, skip    int
	period, times int
}

// findRepetition looks at the start of s, which is not empty. A single frame
// comes back as {show: 1}.
//
// Each period is compared only up to its first mismatch. A period that fails
// was compared over less than minCycles of its length, so the whole stack costs
// time in proportion to its length.
func findRepetition(s Stack, maxPeriod int) repetition {
	if maxPeriod < 1 {
		return repetition{show: 1}
	}
	same := 1
	for same < len(s) && s[same].sameLine(&s[0]) {
		same++
	}
	if same > recursiveCutoff {
		n := same - recursiveCutoff
		return repetition{show: recursiveCutoff, skip: n, period: 1, times: n}
	}
	for period := 2; period <= maxPeriod && period*minCycles <= len(s); period++ {
		n := period
		for n < len(s) && s[n].sameLine(&s[n-period]) {
			n++
		}
		if cycles := n / period; cycles >= minCycles {
			return repetition{show: period, skip: (cycles - 1) * period, period: period, times: cycles - 1}
		}
	}
	return repetition{show: 1}
}

// appendRepetition appends the mark in place of what was skipped.
func (p *printer) appendRepetition(r repetition) {
	if r.period == 1 {
		p.text("  [Previous line repeated ")
	} else {
		p.text("  [Previous ")
		p.int(r.period)
		p.text(" frames repeated ")
	}
	p.int(r.times)
	p.text(" more time")
	if r.times != 1 {
		p.text("s")
	}
	p.text("]\n")
}
