//go:build linux && amd64 && cgo

package bench_test

import (
	"math"
	"slices"
	"testing"
)

// An interval is the median of some values, and between what the median of all
// values like these is, with a confidence of 95 %.
type interval struct{ median, low, high float64 }

// intervalOf asks nothing of the values' distribution: all of their median is
// below the kth of n values, or above the kth from the other end, as often as n
// throws of a coin show fewer than k heads. Five values or fewer are too few for
// 95 %, and give their extremes.
func intervalOf(values []float64) interval {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	k, below, next := 0, 0.0, math.Pow(0.5, float64(n)) // next: exactly k heads
	for below+next <= 0.025 {
		below += next
		next *= float64(n-k) / float64(k+1)
		k++
	}
	first := max(k-1, 0)
	return interval{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[first], sorted[n-1-first]}
}

// report reports all three.
func (i interval) report(b *testing.B, name string) {
	b.ReportMetric(i.median, name)
	b.ReportMetric(i.low, name+"-low")
	b.ReportMetric(i.high, name+"-high")
}

func TestInterval(t *testing.T) {
	var values []float64
	for i := range 20 {
		values = append(values, float64(20-i))
	}
	// By the table of the sign test, 20 values: the 6th from both ends.
	if got, want := intervalOf(values), (interval{10.5, 6, 15}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := intervalOf(values[:3]), (interval{19, 18, 20}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
