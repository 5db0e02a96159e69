//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// pauses are those of the world for garbage collections, from the order to stop to the start.
type pauses struct {
	buckets []float64 // in seconds
	counts  []uint64
}

func readPauses(b *testing.B) pauses {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		b.Fatalf("%s: no histogram", sample[0].Name)
	}
	h := sample[0].Value.Float64Histogram()
	return pauses{h.Buckets, h.Counts}
}

// add adds what came between two readings.
func (p *pauses) add(before, after pauses) {
	if p.counts == nil {
		p.buckets, p.counts = after.buckets, make([]uint64, len(after.counts))
	}
	for i, n := range after.counts {
		p.counts[i] += n - before.counts[i]
	}
}

// quantile is the upper end of its bucket, in microseconds.
func (p *pauses) quantile(q float64) float64 {
	total := uint64(0)
	for _, n := range p.counts {
		total += n
	}
	rank, seen := uint64(math.Ceil(q*float64(total))), uint64(0)
	for i, n := range p.counts {
		if seen += n; seen >= rank {
			return p.buckets[i+1] * 1e6
		}
	}
	return math.NaN()
}

// largeFile is what EPITAPH_SYMBOLS_FILE names, or crashdemo.
func largeFile(b *testing.B) string {
	if path := os.Getenv("EPITAPH_SYMBOLS_FILE"); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "demo")
	cmd := exec.Command("go", "build", "-o", path, "github.com/epitaph-go/epitaph/cmd/crashdemo")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// BenchmarkPausesWhileIndexing compares the pauses of garbage collections while the indexer
// works, in its slices, and while it does not, by turns of 100 ms. Three goroutines are busy
// beside it.
func BenchmarkPausesWhileIndexing(b *testing.B) {
	const turn = 100 * time.Millisecond
	path := largeFile(b)
	var works, stop atomic.Bool
	pace := &pacer{calls: unpaced}
	indexed := make(chan error, 1)
	go func() {
		var err error
		for err == nil && !stop.Load() {
			var result *symindex.Result
			result, err = symindex.Build(path, symindex.Options{Budget: 64 << 20, Rebuild: true, Yield: func() {
				for !works.Load() && !stop.Load() {
					time.Sleep(time.Millisecond)
				}
				pace.yield()
			}})
			if err == nil {
				result.Free()
			}
		}
		indexed <- err
	}()
	for range 3 {
		go func() {
			for !stop.Load() {
			}
		}()
	}
	var all [2]pauses
	for b.Loop() {
		for i := range all {
			works.Store(i == 1)
			time.Sleep(5 * time.Millisecond) // the slice that is under way ends
			before := readPauses(b)
			for began := time.Now(); time.Since(began) < turn; {
				runtime.GC()
			}
			all[i].add(before, readPauses(b))
		}
	}
	stop.Store(true)
	if err := <-indexed; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(all[0].quantile(0.99), "idle-p99-us")
	b.ReportMetric(all[1].quantile(0.99), "indexing-p99-us")
	b.ReportMetric(all[0].quantile(0.5), "idle-p50-us")
	b.ReportMetric(all[1].quantile(0.5), "indexing-p50-us")
	b.ReportMetric(all[1].quantile(0.99)/all[0].quantile(0.99), "indexing/idle-p99")
}
