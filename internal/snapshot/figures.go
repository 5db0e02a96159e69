package snapshot

import (
	"bytes"
	"os"
	"runtime/metrics"
	"strconv"

	"github.com/epitaph-go/epitaph/internal/boxformat"
)

// figures reads the process's numbers.
type figures struct {
	samples   []metrics.Sample
	latencies []uint64 // the scheduler's histogram at the last reading
	delta     []uint64
}

// names are the metrics, in the order of the numbers that targets returns.
var names = [...]string{
	"/memory/classes/heap/objects:bytes",
	"/gc/heap/goal:bytes",
	"/memory/classes/total:bytes",
	"/gc/cycles/total:gc-cycles",
	"/sched/gomaxprocs:threads",
	"/sched/threads/total:threads",
	"/sched/goroutines/runnable:goroutines",
	"/sched/goroutines/running:goroutines",
	"/sched/goroutines/waiting:goroutines",
	"/sched/goroutines/not-in-go:goroutines",
	"/sched/latencies:seconds", // a histogram: last
}

func targets(s *boxformat.Slot) [len(names) - 1]*uint64 {
	return [...]*uint64{
		&s.HeapObjects, &s.HeapGoal, &s.GoMemory, &s.GCCycles, &s.GOMAXPROCS, &s.Threads,
		&s.Runnable, &s.Running, &s.Waiting, &s.NotInGo,
	}
}

func newFigures() figures {
	f := figures{samples: make([]metrics.Sample, len(names))}
	for i, name := range names {
		f.samples[i].Name = name
	}
	return f
}

func (f *figures) read(slot *boxformat.Slot) {
	metrics.Read(f.samples)
	for i, target := range targets(slot) {
		*target = boxformat.Unknown // a Go release may not have it
		if value := f.samples[i].Value; value.Kind() == metrics.KindUint64 {
			*target = value.Uint64()
		}
	}
	slot.SchedLatency = boxformat.Unknown
	if value := f.samples[len(names)-1].Value; value.Kind() == metrics.KindFloat64Histogram {
		slot.SchedLatency = f.latency(value.Float64Histogram())
	}
	slot.Resident = resident()
}

// latency returns the 99th percentile, in ns, of what was added to the histogram
// since the last call.
func (f *figures) latency(h *metrics.Float64Histogram) uint64 {
	if len(f.latencies) != len(h.Counts) {
		f.latencies = make([]uint64, len(h.Counts))
		f.delta = make([]uint64, len(h.Counts))
	}
	total := uint64(0)
	for i, count := range h.Counts {
		f.delta[i] = count - f.latencies[i]
		total += f.delta[i]
	}
	copy(f.latencies, h.Counts)
	sum := uint64(0)
	for i, count := range f.delta {
		if sum += count; total > 0 && sum*100 >= total*99 {
			return uint64(max(0, h.Buckets[i]) * 1e9) // the bucket's lower end: the last has no other
		}
	}
	return 0
}

// resident is the memory of the process, C's included, or Unknown where
// /proc/self/statm is not there.
func resident() uint64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(statm); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseUint(string(fields[1]), 10, 64); err == nil {
			return pages * uint64(os.Getpagesize())
		}
	}
	return boxformat.Unknown
}
