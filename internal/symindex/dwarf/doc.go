// Package dwarf reads what names, lines and inlined calls need of DWARF 2 to 5,
// a unit at a time, and nothing else: types, variables and location lists are
// stepped over. debug/dwarf reads everything into trees and takes two and a half
// times the size of the DWARF in memory only to visit it.
//
// The caller walks the DIEs itself ([Unit.Next] and the attributes that Read
// fills in), so that nothing is allocated for one.
//
// Every offset is checked, and what a hostile file can make the reader do again
// and again is counted ([Work]): it costs an error, never a panic, and at most a
// few times the work that its bytes are worth.
package dwarf

import "errors"

// ErrFormat is the error for DWARF that cannot be right.
var ErrFormat = errors.New("dwarf: damaged")

// ErrWork is the error when a file wants more work than its size is worth.
var ErrWork = errors.New("dwarf: it takes too much work for its size")

// A Work counts what is done, in bytes read or things of their size, and lets
// the program go on in between.
type Work struct {
	left  int64
	pause int64 // what is left at the next pause
	yield func()
}

// Slice is the work between two calls of yield. It takes some half a millisecond.
const Slice = 100_000

// NewWork allows for an amount of work. yield, if not nil, is called after each
// slice of it.
func NewWork(amount int64, yield func()) *Work {
	return &Work{left: amount, pause: amount - Slice, yield: yield}
}

// Spend counts n bytes.
func (w *Work) Spend(n int) {
	w.left -= int64(n)
	if w.left < w.pause {
		w.rest()
	}
}

// Slow counts n bytes for the pauses only: work that the file cannot multiply.
func (w *Work) Slow(n int) {
	w.pause += int64(n)
	if w.left < w.pause {
		w.rest()
	}
}

func (w *Work) rest() {
	w.pause = w.left - Slice
	if w.yield != nil {
		w.yield()
	}
}

// Allow adds n bytes to what may be done.
func (w *Work) Allow(n int64) {
	w.left += n
	w.pause += n
}

// Renew makes n bytes what may be done, after work that has failed or not.
func (w *Work) Renew(n int64) { w.Allow(n - w.left) }

// Err is ErrWork when all of it was spent.
func (w *Work) Err() error {
	if w.left < 0 {
		return ErrWork
	}
	return nil
}
