//go:build linux && amd64 && cgo

package bench_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// BenchmarkHealthy compares what C code pays, in a healthy process, to make a thread
// and to change its signal mask, with Epitaph and without it: the median of some
// runs of each, by turns.
func BenchmarkHealthy(b *testing.B) {
	measure := func(how string) (thread, masks float64) {
		out := program.Run(b, "healthy "+how)
		if !out.IsExit(0) {
			b.Fatal(out)
		}
		if _, err := fmt.Fscanf(strings.NewReader(out.Stdout), "thread %f\nmasks %f\n", &thread, &masks); err != nil {
			b.Fatalf("%v: %v", err, out)
		}
		return thread, masks
	}
	var thread, masks [2][]float64
	for b.Loop() {
		for range 5 {
			for i, how := range []string{"plain", "epitaph"} {
				t, m := measure(how)
				thread[i], masks[i] = append(thread[i], t), append(masks[i], m)
			}
		}
	}
	median := func(values []float64) float64 {
		slices.Sort(values)
		return values[len(values)/2]
	}
	b.ReportMetric(median(thread[0])/1e3, "plain-µs/thread")
	b.ReportMetric(median(thread[1])/1e3, "µs/thread")
	b.ReportMetric(median(masks[0]), "plain-ns/masks")
	b.ReportMetric(median(masks[1]), "ns/masks")
	b.ReportMetric(0, "ns/op") // of the whole child process: says nothing
}
