package boxformat

import (
	"bytes"
	"encoding/binary"

	"github.com/epitaph-go/epitaph/internal/oomkill"
)

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

// The marks of ends without a crash stand behind the status, on its page. A box that was
// made before there were any has zeros there.
const (
	MarkOffset  = StatusOffset + 64  // how the program ended, unless it crashed
	AskedOffset = StatusOffset + 256 // the last signal that asked a program to end which handles it
	WatchOffset = StatusOffset + 512
)

// The ways to end: who called what.
const (
	MarkNone      = 0
	MarkReturn    = 1 // main returned
	MarkOSExit    = 2
	MarkLogFatal  = 3
	MarkExit      = 4 // C's
	MarkQuickExit = 5
	MarkExitNow   = 6 // _exit, _Exit
	MarkSignal    = 7 // a signal, by its default action or Go's
)

// A Mark is left by an end without a crash, before it (native/record/mark.h).
type Mark struct {
	How    uint32
	Signal uint32
	Time   uint64 // real
	Status int32  // -1: not known
	Sender uint32 // the process that sent the signal, as the program sees it; 0: none, or not known
	Thread uint32
	Text   string // where Go's code exited
}

// MarkSize is the size of a mark, and markText where its text begins.
const (
	MarkSize = 176
	markText = 28
)

// DecodeMark reads a mark from b.
func DecodeMark(b []byte) Mark {
	text, _, _ := bytes.Cut(b[markText:MarkSize], []byte{0})
	return Mark{
		How:    binary.LittleEndian.Uint32(b),
		Signal: binary.LittleEndian.Uint32(b[4:]),
		Time:   binary.LittleEndian.Uint64(b[8:]),
		Status: int32(binary.LittleEndian.Uint32(b[16:])),
		Sender: binary.LittleEndian.Uint32(b[20:]),
		Thread: binary.LittleEndian.Uint32(b[24:]),
		Text:   string(text),
	}
}

// A Watch says which ends leave a mark in this process, and how often the OOM killer had
// killed when it was written, with each snapshot.
type Watch struct {
	Exits, Signals bool // main's return and os.Exit; signals
	OOM            oomkill.Counts
}

// WatchSize is the size of a watch. Its numbers have 1 added where 0 means that they are
// not known.
const (
	WatchSize    = 288
	watchMachine = 8
	watchGroup   = 16
	watchInode   = 24
	watchPath    = 32
)

// Encode returns the watch's bytes.
func (w *Watch) Encode() []byte {
	b := make([]byte, WatchSize)
	if w.Exits {
		b[0] |= 1
	}
	if w.Signals {
		b[0] |= 2
	}
	binary.LittleEndian.PutUint64(b[watchMachine:], uint64(w.OOM.Machine+1))
	binary.LittleEndian.PutUint64(b[watchGroup:], uint64(w.OOM.Group+1))
	binary.LittleEndian.PutUint64(b[watchInode:], w.OOM.Inode)
	copy(b[watchPath:], w.OOM.Path)
	return b
}

// DecodeWatch reads a watch from b.
func DecodeWatch(b []byte) (w Watch) {
	w.Exits, w.Signals = b[0]&1 != 0, b[0]&2 != 0
	w.OOM.Machine = int64(binary.LittleEndian.Uint64(b[watchMachine:])) - 1
	w.OOM.Group = int64(binary.LittleEndian.Uint64(b[watchGroup:])) - 1
	w.OOM.Inode = binary.LittleEndian.Uint64(b[watchInode:])
	path, _, _ := bytes.Cut(b[watchPath:WatchSize], []byte{0})
	w.OOM.Path = string(path)
	return w
}
