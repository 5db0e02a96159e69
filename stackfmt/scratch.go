package stackfmt

import "sync"

// To print an error, a Traceback is made that the caller never sees. Its frames take ten
// kilobytes for a stack of 50 calls, and to allocate them takes as long as to
// print them, so the functions that only print keep the memory for the next
// call.

// scratch is memory for frames that are not used after the call.
type scratch struct{ frames Stack }

const (
	scratchFrames    = 64
	maxScratchFrames = 1024
)

var scratches = sync.Pool{New: func() any { return &scratch{frames: make(Stack, 0, scratchFrames)} }}

// newStack returns an empty Stack with room for n frames.
func (c *config) newStack(n int) Stack {
	if c.scratch == nil {
		return make(Stack, 0, n)
	}
	s := c.scratch
	if used := len(s.frames); cap(s.frames)-used >= n {
		s.frames = s.frames[:used+n]
		return s.frames[used : used : used+n]
	}
	if n > maxScratchFrames {
		return make(Stack, 0, n)
	}
	// The stacks made so far keep the old memory.
	s.frames = make(Stack, n, max(n, 2*cap(s.frames)))
	return s.frames[:0:n]
}

// withScratch calls f with the traceback of err, which f must not keep.
func (c *config) withScratch(err error, f func(t *Traceback)) {
	if err == nil {
		f(nil)
		return
	}
	s := scratches.Get().(*scratch)
	c.scratch = s
	f(c.fromError(err))
	c.scratch = nil
	if c.captureLocals != nil {
		clear(s.frames) // all other fields point into the binary
	}
	s.frames = s.frames[:0]
	if cap(s.frames) <= maxScratchFrames {
		scratches.Put(s)
	}
}
