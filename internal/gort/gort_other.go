//go:build !(linux && amd64)

package gort

import (
	"fmt"
	"runtime"
)

// Load always fails: the C core that would use the result is not ported to
// this platform.
func Load() (Runtime, error) {
	return Runtime{}, fmt.Errorf("gort: not ported to %s/%s", runtime.GOOS, runtime.GOARCH)
}

// GoidOffset fails where Epitaph is not ported to.
func GoidOffset() (uintptr, error) {
	return 0, fmt.Errorf("gort: not ported to %s/%s", runtime.GOOS, runtime.GOARCH)
}

// A PanicLayout is not known where Epitaph is not ported to.
type PanicLayout struct{}

// A Panic is not known there.
type Panic struct {
	Value, Argument any
	Recovered       bool
}

// Panics finds none.
func (PanicLayout) Panics() []Panic { return nil }

// FindPanicLayout fails where Epitaph is not ported to.
func FindPanicLayout() (PanicLayout, error) {
	return PanicLayout{}, fmt.Errorf("gort: not ported to %s/%s", runtime.GOOS, runtime.GOARCH)
}

// Goid is 0 where Epitaph is not ported to.
func Goid(uintptr) uint64 { return 0 }
