//go:build linux && amd64

package gort

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"unsafe"
)

// current returns the goroutine's g.
func current() unsafe.Pointer

// goidWords is how much of runtime.g is looked at: less than the whole struct
// of any release since 1.20. goid is its 20th word in Go 1.26 and 1.27.
const goidWords = 40

// goidSamples is how many goroutines have to agree. Their ids differ, and a
// word that holds each one's own by chance is next to impossible; but parentGoid
// of one may be what goid of another is.
const goidSamples = 4

// GoidOffset returns where runtime.g has the goroutine's id, which dumps name
// goroutines by. The runtime tells nobody; so it is searched: the one word that
// holds, in each of several goroutines, the id that runtime.Stack prints.
func GoidOffset() (uintptr, error) {
	found := make(chan uint64)
	candidates := ^uint64(0)
	for range goidSamples {
		go func() { found <- wordsWithID() }()
		candidates &= <-found
	}
	var offset uintptr
	for i := range uintptr(goidWords) {
		if candidates>>i&1 == 0 {
			continue
		}
		if offset != 0 {
			return 0, errors.New("gort: two words of runtime.g hold the goroutine's id")
		}
		offset = i * unsafe.Sizeof(uint64(0))
	}
	if offset == 0 {
		return 0, errors.New("gort: no word of runtime.g holds the goroutine's id")
	}
	return offset, nil
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
	g := (*[goidWords]uint64)(current())
	for i := range g {
		// goid is written before the goroutine runs; what others write
		// meanwhile is not it.
		if g[i] == id {
			words |= 1 << i
		}
	}
	return words
}
