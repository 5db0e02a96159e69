//go:build linux && (amd64 || arm64)

package panics

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
)

// A Layout is where a goroutine that panics has the panic's value: g points to
// a runtime._panic in the frame of runtime.gopanic, and that holds the value. Behind
// it, at the frame's end, is gopanic's argument.
type Layout struct {
	link, value uintptr
	argument    uintptr // from the _panic; 0: not known
	earlier     uintptr // where a _panic points to the one that it arose in; 0: not known
	recovered   uintptr // where it says that it was recovered; 0: not known
}

// Valid tells whether it was found.
func (l Layout) Valid() bool { return l != Layout{} }

// A Panic is one that a goroutine is in the middle of.
type Panic struct {
	// Value is the panic's value until the goroutine dies of it: then Go puts the
	// text of an error or a Stringer in its place (runtime/panic.go, preprintpanics).
	Value any
	// Argument is what runtime.gopanic was called with, nil where that is not known.
	// The calling convention has room for it right above the caller's stack pointer
	// (cmd/compile/abi-internal.md, spill space), and the function stores it there;
	// FindLayout sees whether it does. Once Value is another nothing keeps it from
	// the collector.
	Argument any
	// Recovered tells that a deferred function has called recover, and has not come to
	// its end.
	Recovered bool
}

// Panics returns those that the calling goroutine is in the middle of, the last one
// first. It is meant for deferred functions, and for a goroutine that has died and is
// made to go on (package revive).
func (l Layout) Panics() (panics []Panic) {
	p := *(*unsafe.Pointer)(unsafe.Add(gort.G(), l.link))
	for range maxPanics {
		if p == nil {
			break
		}
		// runtime.Goexit makes one without a value, in a frame of its own.
		if value := *(*any)(unsafe.Add(p, l.value)); value != nil {
			panics = append(panics, Panic{value, l.argumentOf(p), l.recoveredOf(p)})
		}
		if l.earlier == 0 {
			break
		}
		p = *(*unsafe.Pointer)(unsafe.Add(p, l.earlier))
	}
	return panics
}

func (l Layout) argumentOf(p unsafe.Pointer) any {
	if l.argument == 0 {
		return nil
	}
	return *(*any)(unsafe.Add(p, l.argument))
}

func (l Layout) recoveredOf(p unsafe.Pointer) bool {
	return l.recovered != 0 && *(*bool)(unsafe.Add(p, l.recovered))
}

// maxPanics is how many panics, each in the middle of another, are looked at.
const maxPanics = 100

// Same tells whether two values are the same words; values that Go cannot compare
// are compared too.
func Same(a, b any) bool {
	return *(*[2]uintptr)(unsafe.Pointer(&a)) == *(*[2]uintptr)(unsafe.Pointer(&b))
}

// FindLayout finds the layout by a panic with a known value: the word of g
// that is nil before, and then points to the value. It takes some microseconds.
func FindLayout() (Layout, error) {
	// On goroutines of their own, which are not panicking already.
	found := make(chan Layout)
	for range 2 {
		go func() { found <- probePanic(0) }()
	}
	go func() { found <- probePanic(10) }()
	first := <-found
	if second, third := <-found, <-found; first == (Layout{}) || second != first || third != first {
		return Layout{}, errors.New("gort/panics: no word of runtime.g leads to the value of a panic")
	}
	go func() {
		first.findRest()
		found <- first
	}()
	return <-found, nil
}

// findRest finds the word of a second panic that points to the first, and the byte of it
// that recover sets. The stack may be moved between the two panics, so the first is kept
// as a pointer, which is moved with it.
func (l *Layout) findRest() {
	defer func() { _ = recover() }()
	defer func() {
		first := *(*unsafe.Pointer)(unsafe.Add(gort.G(), l.link))
		defer func() {
			gort.Pin() // what is read here stays where it is
			defer gort.Unpin()
			second := *(**[panicBytes]byte)(unsafe.Add(gort.G(), l.link))
			before := *second
			_ = recover()
			after := *second
			for j := uintptr(0); j < panicBytes; j += 8 {
				if *(*uintptr)(unsafe.Pointer(&before[j])) == uintptr(first) {
					l.earlier = j
				}
			}
			for j := range after {
				if before[j] == 0 && after[j] == 1 {
					l.recovered = uintptr(j)
				}
			}
		}()
		panic("second")
	}()
	panic("first")
}

// probePanic panics that many calls further in.
func probePanic(depth int) (layout Layout) {
	if depth > 0 {
		return probePanic(depth - 1)
	}
	value := any(new(int))
	before := *(*[gort.GWords]uintptr)(gort.G())
	pc, _, _, _ := runtime.Caller(belowArgument)
	defer func() {
		layout = scanPanic(&before, &value, runtime.FuncForPC(pc).Entry())
		_ = recover()
	}()
	panic(value)
}

// valueWords is how many words of _panic may hold the value, panicBytes how many bytes
// it has at least; panicWords is how far behind its beginning the argument may be. In
// Go 1.26 these are 17 words.
const (
	valueWords = 4
	panicBytes = 12 * 8
	panicWords = 40
)

// scanPanic returns the layout by which the value is found that a function panics with,
// or none if there are several. Right below gopanic's argument is an address in the
// function at entry. The stack must not be moved meanwhile.
func scanPanic(before *[gort.GWords]uintptr, value *any, entry uintptr) (layout Layout) {
	gort.Pin()
	defer gort.Unpin()
	want := *(*[2]uintptr)(unsafe.Pointer(value))
	g := (*[gort.GWords]uintptr)(gort.G())
	low, high := g[0], g[1] // stack.lo, stack.hi
	count := 0
	for i := 2; i < len(g); i++ {
		p := g[i]
		if before[i] != 0 || p%8 != 0 || p < low || p >= high-(valueWords+1)*8 {
			continue
		}
		words := *(**[panicWords]uintptr)(unsafe.Pointer(&g[i]))
		for j := range valueWords {
			if words[j] == want[0] && words[j+1] == want[1] {
				layout = Layout{link: uintptr(i) * 8, value: uintptr(j) * 8}
				count++
			}
		}
		for j := valueWords; j+1 < min(panicWords, int(high-p)/8); j++ {
			f := runtime.FuncForPC(words[j-1])
			if words[j] == want[0] && words[j+1] == want[1] && f != nil && f.Entry() == entry {
				layout.argument = uintptr(j) * 8
			}
		}
	}
	if count != 1 {
		return Layout{}
	}
	return layout
}
