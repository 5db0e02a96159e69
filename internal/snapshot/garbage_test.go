package snapshot_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/snapshot"
)

// collector returns how much processor time Go's collector has had, and in how
// many cycles.
func collector(t *testing.T) (used time.Duration, cycles uint64) {
	t.Helper()
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(samples)
	if samples[0].Value.Kind() != metrics.KindFloat64 || samples[1].Value.Kind() != metrics.KindUint64 {
		t.Fatal("this Go does not tell what its collector costs")
	}
	return time.Duration(samples[0].Value.Float64() * 1e9), samples[1].Value.Uint64()
}

// What the snapshots say the collector will do is what it does, where no other goroutine
// allocates.
func TestCollectionIsCounted(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	block := make(chan int)
	defer close(block)
	for i := range 2000 {
		go deeper(i%10, block)
	}
	c := snapshot.NewCollector(nil)
	var slot boxformat.Slot
	c.Take(&slot)
	runtime.GC()
	before, first := collector(t)
	var said time.Duration
	const cycles = 12
	for last := first; last < first+cycles; _, last = collector(t) {
		said += c.Take(&slot)
	}
	after, _ := collector(t)
	ratio := float64(said) / float64(after-before)
	t.Logf("%d cycles took %v, %.2f of that was foretold", cycles, after-before, ratio)
	// One cycle may be a long one on a busy machine, and is taken for the next.
	if ratio < 0.3 || ratio > 3 {
		t.Errorf("snapshots foretold %v, the collector took %v", said, after-before)
	}
}

// Without a collector its work is none.
func TestCollectionIsOff(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var slot boxformat.Slot
	if cost := snapshot.NewCollector(nil).Take(&slot); cost != 0 {
		t.Errorf("%v", cost)
	}
}
