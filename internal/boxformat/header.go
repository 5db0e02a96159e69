package boxformat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Magic begins the file.
const Magic = "EPITBOX\x01"

// Version is that of the layout. Version 1, whose breadcrumbs have no thread and no
// goroutine, is read as well; a later one is not.
const Version = 2

// A Header says which program the box is of. Strings that are too long are cut.
type Header struct {
	Version    uint32 // that was read
	PID        uint32
	StartTicks uint64 // field 22 of /proc/PID/stat: tells the process from a later one of the same number
	Started    uint64 // real: when the process began
	Opened     uint64 // real: when the box was made
	OpenedMono uint64 // the same moment on the monotonic clock
	BootID     string
	Program    string
	Executable string
	Build      string
}

// Offsets in the header. The sizes and places of the parts stand in it too, for
// those who look at a box with other means.
const (
	headerVersion  = 8
	headerPID      = 12
	headerParts    = 16 // 8 uint64
	headerNumbers  = 80 // 4 uint64
	headerStrings  = 112
	headerChecksum = 1020 // of all before
	headerEnd      = 1024
)

var parts = [8]uint64{StatusOffset, NotesOffset, NotesSize, SlotsOffset, SlotCount, SlotSize, ReportOffset, ReportSize}

func (h *Header) numbers() [4]*uint64 {
	return [...]*uint64{&h.StartTicks, &h.Started, &h.Opened, &h.OpenedMono}
}

// strings are the texts and their sizes in the file, one after another.
func (h *Header) strings() [4]struct {
	text *string
	size int
} {
	return [...]struct {
		text *string
		size int
	}{{&h.BootID, 40}, {&h.Program, 64}, {&h.Executable, 256}, {&h.Build, 512}}
}

// Encode returns the header's bytes.
func (h *Header) Encode() []byte {
	b := make([]byte, headerEnd)
	copy(b, Magic)
	binary.LittleEndian.PutUint32(b[headerVersion:], Version)
	binary.LittleEndian.PutUint32(b[headerPID:], h.PID)
	for i, n := range parts {
		binary.LittleEndian.PutUint64(b[headerParts+8*i:], n)
	}
	for i, n := range h.numbers() {
		binary.LittleEndian.PutUint64(b[headerNumbers+8*i:], *n)
	}
	at := headerStrings
	for _, s := range h.strings() {
		copy(b[at:at+s.size], *s.text)
		at += s.size
	}
	binary.LittleEndian.PutUint32(b[headerChecksum:], crc32.ChecksumIEEE(b[:headerChecksum]))
	return b
}

// ErrNotABox is the error of a file that is something else.
var ErrNotABox = errors.New("not a black box of Epitaph")

// DecodeHeader reads a header from the start of a file.
func DecodeHeader(b []byte) (h Header, err error) {
	if !bytes.HasPrefix(b, []byte(Magic)) {
		return h, ErrNotABox
	}
	if len(b) < headerEnd {
		return h, fmt.Errorf("the header is cut off after %d bytes", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[headerVersion:]); v < 1 || v > Version {
		return h, fmt.Errorf("version %d of the layout is not known", v)
	} else {
		h.Version = v
	}
	if binary.LittleEndian.Uint32(b[headerChecksum:]) != crc32.ChecksumIEEE(b[:headerChecksum]) {
		return h, errors.New("the header is damaged")
	}
	for i, n := range parts {
		if binary.LittleEndian.Uint64(b[headerParts+8*i:]) != n {
			return h, errors.New("the header has another layout than its version")
		}
	}
	h.PID = binary.LittleEndian.Uint32(b[headerPID:])
	for i, n := range h.numbers() {
		*n = binary.LittleEndian.Uint64(b[headerNumbers+8*i:])
	}
	at := headerStrings
	for _, s := range h.strings() {
		text, _, _ := bytes.Cut(b[at:at+s.size], []byte{0})
		*s.text = string(text)
		at += s.size
	}
	return h, nil
}
