//go:build linux && (amd64 || arm64)

package panics

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort"
)

// A Goid is where runtime.g has the goroutine's id, an offset. It is the 20th word in
// Go 1.26 and 1.27.
type Goid uintptr

// Valid tells whether it was found.
func (g Goid) Valid() bool { return g != 0 }

// Current returns the calling goroutine's id.
func (g Goid) Current() uint64 { return *(*uint64)(unsafe.Add(gort.G(), g)) }

// goidSamples is how many goroutines have to agree. Their ids differ, and a
// word that holds each one's own by chance is next to impossible; but parentGoid
// of one may be what goid of another is.
const goidSamples = 4

// FindGoid finds where runtime.g has the goroutine's id, which dumps name
// goroutines by. The runtime has no call for it, so it is searched: the one word that
// holds, in each of several goroutines, the id that runtime.Stack prints.
func FindGoid() (Goid, error) {
	found := make(chan uint64)
	candidates := ^uint64(0)
	for range goidSamples {
		go func() { found <- wordsWithID() }()
		candidates &= <-found
	}
	var offset uintptr
	for i := range uintptr(gort.GWords) {
		if candidates>>i&1 == 0 {
			continue
		}
		if offset != 0 {
			return 0, errors.New("gort/panics: two words of runtime.g hold the goroutine's id")
		}
		offset = i * unsafe.Sizeof(uint64(0))
	}
	if offset == 0 {
		return 0, errors.New("gort/panics: no word of runtime.g holds the goroutine's id")
	}
	return Goid(offset), nil
}

// wordsWithID has a bit for each word of the caller's g that holds its id.
func wordsWithID() (words uint64) {
	var buf [64]byte
	text, _ := bytes.CutPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	g := (*[gort.GWords]uint64)(gort.G())
	for i := range g {
		// goid is written before the goroutine runs; what others write
		// meanwhile is not it.
		if g[i] == id {
			words |= 1 << i
		}
	}
	return words
}
