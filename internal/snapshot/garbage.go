package snapshot

import (
	"runtime"
	"runtime/metrics"
	"time"
	"unsafe"
)

// garbage knows what it costs to allocate. runtime.GoroutineProfile does, for
// each goroutine (saveg in runtime/mprof.go), and what the collector then does,
// on threads of its own or on ones that allocate, is not in the processor time
// of the caller: an eighth of it at 10 000 goroutines, in a program that does
// nothing else.
//
// A cycle of the collector is due when the heap has grown from what was live to
// its goal. So whoever allocates a part of that way brings on the same part of a
// cycle. Cycles for other reasons, every two minutes or by runtime.GC, come
// anyway.
type garbage struct {
	samples []metrics.Sample
	cycles  uint64
	total   float64       // processor time of the collector, in seconds
	cycle   time.Duration // of one cycle, the mean of those since the last reading
}

func newGarbage() garbage {
	return garbage{samples: []metrics.Sample{
		{Name: "/gc/cycles/total:gc-cycles"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/goal:bytes"},
	}}
}

// cost is the collector's work that comes from allocating so many bytes.
func (g *garbage) cost(bytes uint64) time.Duration {
	metrics.Read(g.samples)
	for i, kind := range []metrics.ValueKind{metrics.KindUint64, metrics.KindFloat64, metrics.KindUint64, metrics.KindUint64} {
		if g.samples[i].Value.Kind() != kind {
			return 0 // a Go release may not have it
		}
	}
	cycles, total := g.samples[0].Value.Uint64(), g.samples[1].Value.Float64()
	if cycles > g.cycles {
		g.cycle = time.Duration((total - g.total) / float64(cycles-g.cycles) * 1e9)
		g.cycles, g.total = cycles, total
	}
	live, goal := g.samples[2].Value.Uint64(), g.samples[3].Value.Uint64()
	if goal <= live {
		return g.cycle // beyond the memory limit
	}
	return time.Duration(float64(g.cycle) * float64(bytes) / float64(goal-live))
}

// The profile's allocations: a list of records as long as the one that it is
// given, each with a slice, and for each goroutine the array. Those of stacks of
// which we see the first calls only may have up to profileDepth.
const profileDepth = 128 // the default of GODEBUG=profstackdepth

func recordBytes(n int) uint64 { return uint64(n) * uint64(unsafe.Sizeof([]uintptr(nil))) }

func stackBytes(pcs []uintptr) uint64 {
	n := len(pcs)
	if n == len(runtime.StackRecord{}.Stack0) {
		n = profileDepth
	}
	return uint64(n) * uint64(unsafe.Sizeof(uintptr(0)))
}
