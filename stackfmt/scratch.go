package stackfmt

import "sync"

// scratch lends memory for stacks that are printed and forgotten. To print an
// error of 50 calls takes some 10 KiB for their frames, and giving that to the
// garbage collector each time costs more than printing them.
type scratch struct{ frames Stack }

var scratches = sync.Pool{New: func() any { return &scratch{} }}

const (
	minScratchFrames = 128
	maxScratchFrames = 4096 // more are not kept
)

// stack returns an empty stack with room for n frames. That of a nil scratch
// belongs to the caller.
func (s *scratch) stack(n int) Stack {
	if s == nil {
		return make(Stack, 0, n)
	}
	used := len(s.frames)
	if cap(s.frames)-used < n {
		// What was lent before stays where it is.
		s.frames, used = make(Stack, 0, max(n, minScratchFrames)), 0
	}
	s.frames = s.frames[:used+n]
	return s.frames[used : used : used+n]
}

// release ends the use of all that was lent.
func (s *scratch) release() {
	if cap(s.frames) > maxScratchFrames {
		s.frames = nil
	}
	clear(s.frames) // hold on to no strings
	s.frames = s.frames[:0]
	scratches.Put(s)
}
