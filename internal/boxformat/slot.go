package boxformat

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// SlotHeader is the size of what stands before a slot's text, and SlotText the
// most text that fits behind it.
const (
	SlotHeader = 256
	SlotText   = SlotSize - SlotHeader
)

// Unknown is the value of a number that the Go release does not tell.
const Unknown = 1<<64 - 1

// A Slot is a snapshot: what the goroutines did, and the process's figures.
type Slot struct {
	Sequence uint64 // 2n+2 for snapshot n; odd: being written
	Time     uint64 // monotonic
	Real     uint64
	Period   uint64 // ns until the next one is taken
	Cost     uint64 // ns of processor time that taking this one took, the collector's for it included

	Goroutines, Groups uint64 // all, also those that Text leaves out
	// By state; Unknown before Go 1.26.
	Runnable, Running, Waiting, NotInGo uint64

	HeapObjects, HeapGoal uint64 // bytes
	GoMemory, Resident    uint64 // bytes that Go has mapped; that the process has in memory
	GCCycles              uint64
	Threads               uint64 // Unknown before Go 1.26
	SchedLatency          uint64 // ns that one of 100 goroutines waited to run, since the snapshot before
	GOMAXPROCS            uint64

	// Text holds the groups of goroutines, as they stand in a report.
	Text []byte
}

// Offsets in a slot. The numbers after the checksum are in the order of numbers.
const (
	slotSequence = 0
	slotTime     = 8
	slotReal     = 16
	slotLength   = 24 // uint32
	slotChecksum = 28 // uint32, CRC-32 (IEEE) of header and text without itself
	slotNumbers  = 32
)

func (s *Slot) numbers() [16]*uint64 {
	return [...]*uint64{
		&s.Period, &s.Cost, &s.Goroutines, &s.Groups,
		&s.Runnable, &s.Running, &s.Waiting, &s.NotInGo,
		&s.HeapObjects, &s.HeapGoal, &s.GoMemory, &s.Resident,
		&s.GCCycles, &s.Threads, &s.SchedLatency, &s.GOMAXPROCS,
	}
}

// Encode writes the slot to b, which has SlotSize bytes, and returns the part
// that is in use. A longer text is cut.
func (s *Slot) Encode(b []byte) []byte {
	length := copy(b[SlotHeader:SlotSize], s.Text)
	b = b[:SlotHeader+length]
	clear(b[:SlotHeader])
	binary.LittleEndian.PutUint64(b[slotSequence:], s.Sequence)
	binary.LittleEndian.PutUint64(b[slotTime:], s.Time)
	binary.LittleEndian.PutUint64(b[slotReal:], s.Real)
	binary.LittleEndian.PutUint32(b[slotLength:], uint32(length))
	for i, n := range s.numbers() {
		binary.LittleEndian.PutUint64(b[slotNumbers+8*i:], *n)
	}
	binary.LittleEndian.PutUint32(b[slotChecksum:], slotSum(b))
	return b
}

func slotSum(b []byte) uint32 {
	sum := crc32.ChecksumIEEE(b[:slotChecksum])
	return crc32.Update(sum, crc32.IEEETable, b[slotNumbers:])
}

// The errors of DecodeSlot.
var (
	ErrSlotUnused = errors.New("the slot is not in use")
	ErrSlotTorn   = errors.New("the slot is torn")
)

// DecodeSlot reads a slot from b, which has SlotSize bytes; Text is a part of b.
func DecodeSlot(b []byte) (s Slot, err error) {
	s.Sequence = binary.LittleEndian.Uint64(b[slotSequence:])
	if s.Sequence == 0 {
		return s, ErrSlotUnused
	}
	length := binary.LittleEndian.Uint32(b[slotLength:])
	if s.Sequence&1 != 0 || length > SlotText {
		return s, ErrSlotTorn
	}
	b = b[:SlotHeader+length]
	if binary.LittleEndian.Uint32(b[slotChecksum:]) != slotSum(b) {
		return s, ErrSlotTorn
	}
	s.Time = binary.LittleEndian.Uint64(b[slotTime:])
	s.Real = binary.LittleEndian.Uint64(b[slotReal:])
	for i, n := range s.numbers() {
		*n = binary.LittleEndian.Uint64(b[slotNumbers+8*i:])
	}
	s.Text = b[SlotHeader:]
	return s, nil
}
