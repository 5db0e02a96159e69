//go:build cgo && linux && (amd64 || arm64)

package cgo

import (
	"runtime"
	"slices"
	"strings"
)

const sampleFrames = 32

// samples return the callers of places that are reached through one kind of
// function each.
var samples = [...]func([]uintptr) int{
	func(pcs []uintptr) int { return inlinedOnce(pcs) },
	func(pcs []uintptr) int {
		return sampleType{pcs}.pointer().callers()
	},
	func(pcs []uintptr) int { return generic(map[string][]uintptr{"": pcs}) },
	sampleLibrary,
}

// Small enough for the compiler to inline, one into the other.
func inlinedOnce(pcs []uintptr) int { return inlinedTwice(pcs) }

func inlinedTwice(pcs []uintptr) int { return runtime.Callers(0, pcs) }

type sampleType struct{ pcs []uintptr }

func (s sampleType) pointer() *sampleType { return &s }

//go:noinline
func (s *sampleType) callers() int {
	return func() int { return runtime.Callers(1, s.pcs) }()
}

//go:noinline
func generic[K comparable, V ~[]uintptr](m map[K]V) int {
	for _, pcs := range m {
		return inlinedTwice(pcs)
	}
	return 0
}

// sampleLibrary is called back by generic and plain functions of the library.
func sampleLibrary(pcs []uintptr) (n int) {
	_ = slices.IndexFunc([]int{1}, func(int) bool {
		return strings.IndexFunc("x", func(rune) bool {
			n = runtime.Callers(0, pcs)
			return true
		}) == 0
	})
	return n
}
