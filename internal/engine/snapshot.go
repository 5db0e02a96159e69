//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/snapshot"
)

// A snapshotter refreshes the ring that a crash report takes the goroutines
// from when Go does not answer, and the slots of the black box.
//
// It measures what a snapshot costs and sleeps for at least costFactor times as
// long, so that all of Epitaph takes less than 1 % of a core, however many
// goroutines there are: at 100 000 it comes down to one in some 20 s.
type snapshotter struct {
	beat      *beat
	period    time.Duration
	written   time.Duration // what writing the last one took
	collector *snapshot.Collector
	buffer    []byte // of a slot
}

const costFactor = 100

// A part of the cost cannot be measured: the threads that Go wakes up for a timer
// and after it stopped the world, and the responder's poll. A quarter of the rest
// is added for them, so that they have 0.2 % of a core.
const unmeasured = 4

// ring is C memory (native/ring.h). taken counts the snapshots of the process;
// only one snapshotter runs at a time.
var (
	ring  = cgo.Ring()
	taken uint64
)

// Changed by Enable and Disable only.
var (
	snapshots      *snapshotter // or nil
	snapshotPeriod time.Duration
)

func startSnapshots() {
	if snapshotPeriod == 0 {
		return
	}
	snapshots = &snapshotter{
		period:    snapshotPeriod,
		collector: snapshot.NewCollector(config.IsOwn),
		buffer:    make([]byte, boxformat.SlotSize),
	}
	// The first one now: a crash may come before a goroutine gets to run.
	snapshots.beat = startBeat(snapshots.take(), snapshots.again)
}

// stopSnapshots waits until the last one is written.
func stopSnapshots() {
	if snapshots != nil {
		snapshots.beat.stop()
		snapshots = nil
	}
}

func (s *snapshotter) again() time.Duration {
	if resumed() {
		return -1 // the world can be stopped no more
	}
	checkCrashOutput()
	return s.take()
}

// take writes one snapshot and returns how long to wait for the next.
func (s *snapshotter) take() time.Duration {
	// The cost is that of a processor, which is a thread's. By the clock on the
	// wall, a busy machine would have fewer snapshots, just when they matter.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := threadTime()
	slot := boxformat.Slot{
		Sequence: 2*taken + 2,
		Time:     monotonic(),
		Real:     uint64(time.Now().UnixNano()),
	}
	collection := s.collector.Take(&slot)
	collected := threadTime()
	cost := collected - began + s.written + collection
	cost += cost / unmeasured
	period := max(s.period, costFactor*cost)
	slot.Cost, slot.Period = uint64(cost), uint64(period)
	index := taken % boxformat.SlotCount
	bytes := slot.Encode(s.buffer)
	writeRing(index, bytes)
	if boxPath != "" && cgo.WriteBoxSlot(index, bytes) { // a call of C less without
		writeWatch()
	}
	taken++
	s.written = threadTime() - collected
	return period
}

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// writeRing copies a slot into the core's memory. The sequence number, its first
// word, is odd meanwhile.
func writeRing(index uint64, slot []byte) {
	to := unsafe.Add(ring, index*boxformat.SlotSize)
	sequence := (*uint64)(to)
	atomic.StoreUint64(sequence, 1)
	copy(unsafe.Slice((*byte)(to), len(slot))[8:], slot[8:])
	atomic.StoreUint64(sequence, *(*uint64)(unsafe.Pointer(&slot[0])))
}
