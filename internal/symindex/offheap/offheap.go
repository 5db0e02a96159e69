// Package offheap gives memory outside of Go's heap: pages that the collector
// neither scans nor counts, and that go back to the system at once. The DWARF of
// a large C++ program would otherwise double the heap of the service that it is
// read in.
//
// Memory is given by [Free], not by the collector; it holds no Go pointers. Where
// the system is not Linux it is of Go's heap after all: only tools run there.
package offheap

import "errors"

// errTooLarge is what a size has that a damaged file claims.
var errTooLarge = errors.New("offheap: size out of range")

// A Buffer grows like append, without a copy where the system can move pages.
// Its first error stays: the writer looks at it once, at the end.
type Buffer struct {
	memory []byte
	used   int
	limit  int
	err    error
}

// NewBuffer returns an empty buffer for at most limit bytes.
func NewBuffer(limit int) *Buffer { return &Buffer{limit: limit} }

// ErrLimit is what Err gives of a buffer that should hold more than its limit.
var ErrLimit = errors.New("offheap: the buffer is full")

// Err returns the first error.
func (b *Buffer) Err() error { return b.err }

// Len is how many bytes were written.
func (b *Buffer) Len() int { return b.used }

// Bytes are those that were written, until the next write.
func (b *Buffer) Bytes() []byte { return b.memory[:b.used] }

// Write appends p.
func (b *Buffer) Write(p []byte) {
	if b.room(len(p)) {
		b.used += copy(b.memory[b.used:], p)
	}
}

// WriteString appends s.
func (b *Buffer) WriteString(s string) {
	if b.room(len(s)) {
		b.used += copy(b.memory[b.used:], s)
	}
}

// WriteByte appends c; its error is always nil, Err has it.
func (b *Buffer) WriteByte(c byte) error {
	if b.room(1) {
		b.memory[b.used] = c
		b.used++
	}
	return nil
}

const firstSize = 1 << 16

func (b *Buffer) room(n int) bool {
	if b.err != nil {
		return false
	}
	if n <= len(b.memory)-b.used {
		return true
	}
	if n > b.limit-b.used {
		b.err = ErrLimit
		return false
	}
	size := min(max(firstSize, len(b.memory)+len(b.memory)/2, b.used+n), b.limit)
	b.memory, b.err = Resize(b.memory, size)
	return b.err == nil
}

// Take returns the bytes as memory of their own, which the caller frees; the
// buffer is empty then.
func (b *Buffer) Take() ([]byte, error) {
	if b.err != nil {
		b.Free()
		return nil, b.err
	}
	memory, err := Resize(b.memory, b.used)
	b.memory, b.used = nil, 0
	return memory, err
}

// Free releases the memory.
func (b *Buffer) Free() {
	Free(b.memory)
	b.memory, b.used = nil, 0
}

// Reset makes the buffer empty; it keeps its memory.
func (b *Buffer) Reset() { b.used = 0 }

// Extend appends n bytes and returns them to be filled in; nil on an error.
func (b *Buffer) Extend(n int) []byte {
	if !b.room(n) {
		return nil
	}
	b.used += n
	return b.memory[b.used-n : b.used]
}
