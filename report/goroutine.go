package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Goroutines says where the stacks of the goroutines come from.
type Goroutines struct {
	Count int  `json:"count"`
	Live  bool `json:"live"` // the scheduler answered after the crash
	// Unknown says that there is neither an answer nor a snapshot.
	Unknown bool `json:"unknown,omitempty"`
	// Age is that of a snapshot, which stands in for an answer; Reason is why
	// there is none.
	Age    Duration `json:"age,omitzero"`
	Reason string   `json:"reason,omitempty"`
	Groups int      `json:"groups"`
	// Own is how many goroutines of Epitaph's there are besides.
	Own int `json:"own,omitempty"`
}

// GoroutineGroup is a stack and the goroutines that have it.
type GoroutineGroup struct {
	// IDs are the first ones, if there are many; there are none, and no Status,
	// where the stacks come from a profile.
	IDs   []uint64 `json:"ids"`
	Count int      `json:"count"` // of all goroutines of the group
	// Cut says that these goroutines are not shown: "... (12 more goroutines)".
	Cut bool `json:"cut,omitempty"`
	// Status is what the goroutines do or wait for: "chan receive".
	Status string `json:"status"`
	// Details holds what else stands behind it: "3 minutes", "0 to 7 minutes",
	// "locked to thread", "label KEY = VALUE", "thread 12350".
	Details []string `json:"details,omitempty"`
	Frames  []Frame  `json:"frames,omitempty"`
}

// Wait returns for how long the goroutine of the group that has waited longest
// has done so, as far as Go tells: in full minutes, and nothing below one.
func (g *GoroutineGroup) Wait() time.Duration {
	for _, d := range g.Details {
		if n, ok := strings.CutSuffix(d, " minutes"); ok {
			if _, longest, ok := strings.Cut(n, " to "); ok {
				n = longest
			}
			if m, err := strconv.ParseInt(n, 10, 32); err == nil {
				return time.Duration(m) * time.Minute
			}
		}
	}
	return 0
}

// Thread returns the id of the thread that crashed while it worked for the
// goroutine, or 0: the stack of Report.Current and this one belong together.
func (g *GoroutineGroup) Thread() int {
	for _, d := range g.Details {
		if n, ok := strings.CutPrefix(d, "thread "); ok {
			if tid, err := strconv.ParseInt(n, 10, 32); err == nil {
				return int(tid)
			}
		}
	}
	return 0
}

// How the line says that Epitaph's own goroutines are not among those that it shows, and how
// it said so before.
const (
	ownSuffix       = " of Epitaph's own not shown"
	ownSuffixBefore = " of Epitaph left out"
)

func parseGoroutines(line string) (g Goroutines, ok bool) {
	s, ok := strings.CutPrefix(line, "Goroutines: ")
	if reason, unknown := strings.CutPrefix(s, "unknown ("); unknown {
		g.Unknown, g.Reason = true, decode(strings.TrimSuffix(reason, ")"), false)
		return g, ok
	}
	if rest, own, has := cutLast(s, "; "); has {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(own, ownSuffix), ownSuffixBefore))
		if err != nil || n < 1 {
			return g, false
		}
		s, g.Own = rest, n
	}
	count, s, ok1 := strings.Cut(s, ", ")
	source, groups, ok2 := cutLast(s, ", in ")
	if !ok || !ok1 || !ok2 {
		return g, false
	}
	groups, _, _ = strings.Cut(groups, " ")
	var err1, err2 error
	g.Count, err1 = strconv.Atoi(count)
	g.Groups, err2 = strconv.Atoi(groups)
	if err1 != nil || err2 != nil {
		return g, false
	}
	if g.Live = source == "live"; g.Live {
		return g, true
	}
	source, ok = strings.CutPrefix(source, "snapshot ")
	age, reason, ok1 := strings.Cut(source, " old")
	if reason != "" {
		g.Reason = decode(strings.TrimSuffix(strings.TrimPrefix(reason, " ("), ")"), false)
	}
	g.Age, ok2 = parseDuration(age)
	return g, ok && ok1 && ok2
}

// appendGoroutines writes the line. The second spelling is that of before: "in 1 groups" or,
// with goroutines of Epitaph's, ownSuffixBefore.
func appendGoroutines(b []byte, g Goroutines, second bool) []byte {
	if g.Unknown {
		return append(appendText(append(b, "Goroutines: unknown ("...), g.Reason), ')')
	}
	b = fmt.Appendf(b, "Goroutines: %d, ", g.Count)
	if g.Live {
		b = append(b, "live"...)
	} else {
		b = append(appendDuration(append(b, "snapshot "...), g.Age), " old"...)
		if g.Reason != "" {
			b = append(appendText(append(b, " ("...), g.Reason), ')')
		}
	}
	b = fmt.Appendf(b, ", in %d %s", g.Groups, plural("group", g.Groups, second && g.Own == 0))
	if g.Own > 0 {
		suffix := ownSuffix
		if second {
			suffix = ownSuffixBefore
		}
		b = fmt.Appendf(b, "; %d%s", g.Own, suffix)
	}
	return b
}

func parseGoroutineGroup(line string) (g GoroutineGroup, ok bool) {
	if n, cut := strings.CutPrefix(line, "... ("); cut {
		n, _, ok = strings.Cut(n, " more goroutine")
		count, err := strconv.Atoi(n)
		return GoroutineGroup{Count: count, Cut: true}, ok && err == nil
	}
	if n, _, has := strings.Cut(line, " goroutine"); has && n != "" && n[0] <= '9' {
		count, err := strconv.Atoi(n)
		return GoroutineGroup{Count: count}, err == nil && count > 0
	}
	s, ok := strings.CutSuffix(line, "]"+stackSuffix)
	s, state, ok1 := strings.Cut(s, " [")
	if !ok || !ok1 {
		return g, false
	}
	for i, part := range strings.Split(state, ", ") {
		if i == 0 {
			g.Status = decode(part, false)
		} else {
			g.Details = append(g.Details, decode(part, false))
		}
	}
	if id, one := strings.CutPrefix(s, "Goroutine "); one {
		if g.Count = 1; id == ellipsis {
			return g, true
		}
		n, err := strconv.ParseUint(id, 10, 64)
		g.IDs = []uint64{n}
		return g, err == nil
	}
	s, ok = strings.CutPrefix(s, "Goroutines ")
	all := ""
	if rest, n, cut := cutLast(s, " ("); cut {
		s, all = rest, strings.TrimSuffix(n, " in all)")
	}
	for part := range strings.SplitSeq(s, ", ") {
		if all != "" && (part == ellipsis || part == secondEllipsis) {
			continue
		}
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return g, false
		}
		g.IDs = append(g.IDs, n)
	}
	g.Count = len(g.IDs)
	if all != "" {
		g.Count, _ = strconv.Atoi(all)
	}
	return g, ok
}

// appendGoroutineGroup writes the line before the stack. The count stands
// there when the list of ids is cut short. The second spelling of one goroutine without an
// id is that of before, "Goroutines ... (1 in all)".
func appendGoroutineGroup(b []byte, g GoroutineGroup, second bool) []byte {
	switch {
	case g.Cut:
		return fmt.Appendf(b, "... (%d more %s)", g.Count, plural("goroutine", g.Count, second))
	case len(g.IDs) == 0 && g.Status == "":
		return fmt.Appendf(b, "%d %s%s", g.Count, plural("goroutine", g.Count, second), stackSuffix)
	}
	b = append(b, "Goroutine"...)
	nameless := len(g.IDs) == 0 && g.Count == 1
	if g.Count > 1 || nameless && second {
		b = append(b, 's')
	}
	for i, id := range g.IDs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, ' '), id, 10)
	}
	switch {
	case nameless && !second:
		b = append(append(b, ' '), ellipsis...)
	case g.Count > len(g.IDs):
		if len(g.IDs) > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, " %s (%d in all)", ellipsisOf(second && !nameless), g.Count)
	}
	b = appendText(append(b, " ["...), g.Status)
	for _, d := range g.Details {
		b = appendText(append(b, ", "...), d)
	}
	return append(append(b, ']'), stackSuffix...)
}
