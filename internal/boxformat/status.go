package boxformat

import "encoding/binary"

// The states of a box.
const (
	StateNone     = 0
	StateRunning  = 1 // also of a process that was killed
	StateClean    = 2 // handler.Disable was called
	StateCrashed  = 3 // a crash is or was being reported
	StateReported = 4 // and its report is complete
)

// A Status is written whenever it changes, by one pwrite; the core writes it in
// a crash (native/box.h).
type Status struct {
	State  uint32
	Signal uint32
	Time   uint64 // real: since when
}

// StatusSize is the size of a status.
const StatusSize = 16

// Encode returns the status's bytes.
func (s Status) Encode() []byte {
	b := make([]byte, StatusSize)
	binary.LittleEndian.PutUint32(b, s.State)
	binary.LittleEndian.PutUint32(b[4:], s.Signal)
	binary.LittleEndian.PutUint64(b[8:], s.Time)
	return b
}

// DecodeStatus reads a status from b.
func DecodeStatus(b []byte) Status {
	return Status{
		State:  binary.LittleEndian.Uint32(b),
		Signal: binary.LittleEndian.Uint32(b[4:]),
		Time:   binary.LittleEndian.Uint64(b[8:]),
	}
}
