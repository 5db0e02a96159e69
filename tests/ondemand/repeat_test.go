//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// leftOut is the number in the note of a dump: how many were left out before it.
func leftOut(t *testing.T, r *report.Report) (n int) {
	t.Helper()
	for _, note := range r.Notes {
		if strings.Contains(note, "left out") {
			if _, err := fmt.Sscanf(note, "%d dump", &n); err != nil || n < 1 {
				t.Errorf("note %q", note)
			}
			if words := strings.Contains(note, " dump was left out, in which nothing had changed"); words != (n == 1) {
				t.Errorf("note %q", note)
			}
		}
	}
	return n
}

// Those that are written and those that are left out are all that were to come.
func TestRepeatStatic(t *testing.T) {
	t.Parallel()
	const period = 50 * time.Millisecond
	o := survive(t, "later ready=1 timeout=50ms loops=1 repeat=1 factor=80")
	all := dumps(t, o.Stderr)
	if len(all) < 3 {
		t.Fatalf("%d dumps", len(all))
	}
	number, longest := 0, 0 // of the dump, counting from the first
	var counts []int
	for _, r := range all[1:] {
		n := leftOut(t, r)
		number += n + 1
		longest = max(longest, n)
		counts = append(counts, n)
		// On a busy machine many are missed, never are there more.
		elapsed := r.Process.Time.Sub(all[0].Process.Time)
		if due := int((elapsed + period/2) / period); number > due || number < due/2 {
			t.Errorf("number %d comes after %v, when it is the turn of number %d", number, elapsed, due)
		}
	}
	t.Logf("left out: %v", counts)
	if longest < 7 || len(all) > number/3 {
		t.Errorf("%d of %d were written, at most %d in a row left out", len(all), number+1, longest)
	}
}

// Where something changes all the time nothing is left out.
func TestRepeatChanging(t *testing.T) {
	t.Parallel()
	all := dumps(t, survive(t, "changing for=3s").Stderr)
	left := 0
	for _, r := range all {
		left += leftOut(t, r)
	}
	if len(all) < 10 || left > len(all)/10 {
		t.Errorf("%d dumps, %d were left out", len(all), left)
	}
}
