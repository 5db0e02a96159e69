//go:build linux && amd64 && cgo

package bench_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"
	"time"
)

// longPause is the aim: no pause is longer.
const longPause = 100 * time.Microsecond

// stops are pauses of the world, from the order to stop to the start, that have
// other reasons than garbage collection, by the runtime's own account.
type stops struct {
	buckets     []float64 // in seconds
	counts      []uint64
	total       uint64
	long        int
	unexplained int // long ones, during which no thread waited for a processor
}

// during adds those while do runs.
func (s *stops) during(b *testing.B, do func()) {
	waited := waitedForProcessor(b)
	before := pauses(b)
	do()
	after := pauses(b)
	longest := time.Duration(0)
	for thread, sum := range waitedForProcessor(b) {
		longest = max(longest, sum-waited[thread])
	}
	if s.counts == nil {
		s.buckets, s.counts = after.Buckets, make([]uint64, len(after.Counts))
	}
	for i, n := range after.Counts {
		n -= before.Counts[i]
		s.counts[i] += n
		s.total += n
		// All of the bucket is long.
		if at := time.Duration(s.buckets[i] * 1e9); n > 0 && at >= longPause {
			s.long += int(n)
			if longest < at-longPause {
				s.unexplained += int(n)
			}
		}
	}
}

// report reports quantiles. One is the upper end of its bucket, so it may be a
// quarter too long.
func (s *stops) report(b *testing.B, name string) {
	if s.total == 0 {
		b.Fatal("the world was never stopped")
	}
	quantile := func(q float64) float64 {
		rank, seen := uint64(math.Ceil(q*float64(s.total))), uint64(0)
		for i, n := range s.counts {
			if seen += n; seen >= rank {
				return s.buckets[i+1] * 1e6
			}
		}
		return math.Inf(1)
	}
	b.ReportMetric(quantile(0.5), name+"-p50-us")
	b.ReportMetric(quantile(0.99), name+"-p99-us")
	b.ReportMetric(100*float64(s.long)/float64(s.total), name+"-%long")
}

func pauses(b *testing.B) *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		b.Fatalf("%s: no histogram", sample[0].Name)
	}
	return sample[0].Value.Float64Histogram()
}

// waitedForProcessor is for how long the kernel has kept each thread of this
// process waiting for a processor: the second number of schedstat.
func waitedForProcessor(b *testing.B) map[string]time.Duration {
	paths, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil || len(paths) == 0 {
		b.Fatalf("no schedstat: %v", err)
	}
	found := make(map[string]time.Duration)
	for _, path := range paths {
		var ran, waited time.Duration
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		if _, err := fmt.Sscan(string(stat), &ran, &waited); err != nil {
			b.Fatalf("%s: %q: %v", path, stat, err)
		}
		found[path] = waited
	}
	return found
}
