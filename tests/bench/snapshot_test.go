//go:build linux && amd64 && cgo

package bench_test

import (
	"math"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/snapshot"
)

// BenchmarkSnapshot measures what an idle program of more and more goroutines
// pays. take/N takes one snapshot after another, for the distribution of the
// pauses; period/N enables Epitaph and lets it be, for the share of a core that
// the process takes then, beside the same without snapshots and without Epitaph,
// and the pauses meanwhile.
func BenchmarkSnapshot(b *testing.B) {
	// Upwards: Go keeps the descriptors of goroutines that ended, and its profile
	// goes through them as well.
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run("take/"+strconv.Itoa(n), func(b *testing.B) { take(b, n) })
		b.Run("period/"+strconv.Itoa(n), func(b *testing.B) { period(b, n) })
	}
}

func take(b *testing.B, n int) {
	defer waiting(n)()
	collector := snapshot.NewCollector()
	slot, buffer := boxformat.Slot{}, make([]byte, boxformat.SlotSize)
	collector.Take(&slot) // stacks that are new are rendered: once
	before, began := pauses(b), processorTime(b)
	for b.Loop() {
		collector.Take(&slot)
		slot.Encode(buffer)
	}
	b.ReportMetric((processorTime(b)-began).Seconds()*1e3/float64(b.N), "cpu-ms/take")
	reportPauses(b, before, pauses(b))
}

// leastWindow is for how long a program is watched: two periods, but one only
// where they are longer than the default.
const leastWindow = 2200 * time.Millisecond

// watch is the share of a core that this process takes.
func watch(b *testing.B, window time.Duration) float64 {
	began, wall := processorTime(b), time.Now()
	time.Sleep(window)
	return float64(processorTime(b)-began) / float64(time.Since(wall))
}

func enable(b *testing.B, opts ...handler.Option) {
	err := handler.Enable(opts...)
	if err == nil {
		err = handler.Ready(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
}

func period(b *testing.B, n int) {
	defer waiting(n)()
	var before, after *metrics.Float64Histogram
	var without, silent, share float64
	var newest blackbox.Snapshot
	for b.Loop() {
		without = watch(b, leastWindow/2)
		enable(b, handler.WithSnapshot(0))
		silent = watch(b, leastWindow/2)

		box := filepath.Join(b.TempDir(), "box")
		enable(b, handler.WithBlackBox(box))
		window := leastWindow
		if next := newestSnapshot(b, box).Period; next > handler.DefaultSnapshotPeriod {
			window = next + next/10 // holds one snapshot
		}
		debug.FreeOSMemory() // what Enable and reading the box left behind
		before = pauses(b)
		share = watch(b, window)
		after = pauses(b)
		newest = newestSnapshot(b, box)
		handler.Disable()
		if newest.Number == 0 || newest.Goroutines < n {
			b.Fatalf("snapshot %d, of %d goroutines", newest.Number, newest.Goroutines)
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(newest.Cost.Seconds()*1e3, "cost-ms")
	b.ReportMetric(newest.Period.Seconds(), "period-s")
	b.ReportMetric(100*share, "%core")
	b.ReportMetric(100*silent, "%core-no-snapshots")
	b.ReportMetric(100*without, "%core-without")
	reportPauses(b, before, after)
}

func newestSnapshot(b *testing.B, box string) blackbox.Snapshot {
	run, err := blackbox.Open(box)
	if err != nil {
		b.Fatal(err)
	}
	if len(run.Snapshots) == 0 {
		b.Fatal("no snapshot in the box")
	}
	return run.Snapshots[len(run.Snapshots)-1]
}

// waiting starts n goroutines that wait in stacks of ten depths; end ends them.
func waiting(n int) (end func()) {
	quit := make(chan struct{})
	var ready, ended sync.WaitGroup
	ready.Add(n)
	for i := range n {
		ended.Go(func() { deeper(i%10, ready.Done, quit) })
	}
	ready.Wait()
	runtime.GC() // not while something is measured
	return func() {
		close(quit)
		ended.Wait()
		debug.FreeOSMemory() // which Go would do in the background, later
	}
}

func deeper(depth int, ready func(), quit chan struct{}) {
	if depth > 0 {
		deeper(depth-1, ready, quit)
		return
	}
	ready()
	<-quit
}

func processorTime(b *testing.B) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// pauses are those of the world, from the order to stop to the start, that have
// other reasons than garbage collection.
func pauses(b *testing.B) *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		b.Fatalf("%s: no histogram", sample[0].Name)
	}
	return sample[0].Value.Float64Histogram()
}

// reportPauses reports the pauses in between. A quantile is the upper end of
// its bucket, so it may be a quarter too long.
func reportPauses(b *testing.B, before, after *metrics.Float64Histogram) {
	var counts []uint64
	var total uint64
	for i, n := range after.Counts {
		counts = append(counts, n-before.Counts[i])
		total += counts[i]
	}
	if total == 0 {
		b.Fatal("the world was never stopped")
	}
	quantile := func(q float64) float64 {
		rank, seen := uint64(math.Ceil(q*float64(total))), uint64(0)
		for i, n := range counts {
			if seen += n; seen >= rank {
				return after.Buckets[i+1] * 1e6
			}
		}
		return math.Inf(1)
	}
	b.ReportMetric(float64(total), "pauses")
	b.ReportMetric(quantile(0.5), "pause-p50-us")
	b.ReportMetric(quantile(0.99), "pause-p99-us")
	b.ReportMetric(quantile(1), "pause-max-us")
}
