//go:build !(linux && (amd64 || arm64))

package panics

import (
	"fmt"
	"runtime"
)

var errNotPorted = fmt.Errorf("gort/panics: not ported to %s/%s", runtime.GOOS, runtime.GOARCH)

// A Goid is not known where Epitaph is not ported to.
type Goid uintptr

// Valid is false there.
func (Goid) Valid() bool { return false }

// Current is 0 there.
func (Goid) Current() uint64 { return 0 }

// FindGoid fails there.
func FindGoid() (Goid, error) { return 0, errNotPorted }

// A Layout is not known there.
type Layout struct{}

// A Panic is not known there.
type Panic struct {
	Value, Argument any
	Recovered       bool
}

// Valid is false there.
func (Layout) Valid() bool { return false }

// Panics finds none.
func (Layout) Panics() []Panic { return nil }

// FindLayout fails there.
func FindLayout() (Layout, error) { return Layout{}, errNotPorted }
