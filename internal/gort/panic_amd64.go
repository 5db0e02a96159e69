//go:build linux && amd64

package gort

import (
	"errors"
	"unsafe"
)

// A PanicLayout is where a goroutine that panics has the panic's value: g points to
// a runtime._panic on the goroutine's stack, and that holds the value.
type PanicLayout struct{ link, value uintptr }

// Goid returns the calling goroutine's id, which GoidOffset has found the place of.
func Goid(offset uintptr) uint64 { return *(*uint64)(unsafe.Add(current(), offset)) }

// Value returns the value of the panic that the calling goroutine is in the middle
// of, the last one if there are several. It is meant for deferred functions: ok is
// false unless one is run by a panic.
func (l PanicLayout) Value() (value any, ok bool) {
	p := *(*unsafe.Pointer)(unsafe.Add(current(), l.link))
	if p == nil {
		return nil, false
	}
	value = *(*any)(unsafe.Add(p, l.value))
	return value, value != nil // runtime.Goexit has none
}

// FindPanicLayout finds the layout by a panic with a known value: the word of g
// that is nil before, and then points to the value. It takes some microseconds.
func FindPanicLayout() (PanicLayout, error) {
	// On goroutines of their own, which are not panicking already.
	found := make(chan PanicLayout)
	for range 2 {
		go func() { found <- probePanic(0) }()
	}
	go func() { found <- probePanic(10) }()
	first := <-found
	if second, third := <-found, <-found; first == (PanicLayout{}) || second != first || third != first {
		return PanicLayout{}, errors.New("gort: no word of runtime.g leads to the value of a panic")
	}
	return first, nil
}

// probePanic panics that many calls further in.
func probePanic(depth int) (layout PanicLayout) {
	if depth > 0 {
		return probePanic(depth - 1)
	}
	value := any(new(int))
	before := *(*[goidWords]uintptr)(current())
	defer func() {
		layout = scanPanic(&before, &value)
		_ = recover()
	}()
	panic(value)
}

// valueWords is how many words of _panic are looked at.
const valueWords = 4

// scanPanic returns the layout by which the value is found, or none if there are
// several. The stack must not be moved meanwhile.
func scanPanic(before *[goidWords]uintptr, value *any) (layout PanicLayout) {
	Pin()
	defer Unpin()
	want := *(*[2]uintptr)(unsafe.Pointer(value))
	g := (*[goidWords]uintptr)(current())
	low, high := g[0], g[1] // stack.lo, stack.hi
	count := 0
	for i := 2; i < len(g); i++ {
		p := g[i]
		if before[i] != 0 || p%8 != 0 || p < low || p >= high-(valueWords+1)*8 {
			continue
		}
		words := *(**[valueWords + 1]uintptr)(unsafe.Pointer(&g[i]))
		for j := range valueWords {
			if words[j] == want[0] && words[j+1] == want[1] {
				layout = PanicLayout{uintptr(i) * 8, uintptr(j) * 8}
				count++
			}
		}
	}
	if count != 1 {
		return PanicLayout{}
	}
	return layout
}
