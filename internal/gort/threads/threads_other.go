//go:build !(linux && (amd64 || arm64))

package threads

import "errors"

// A Layout is where a thread has its number and its goroutine.
type Layout struct{}

// Valid is false.
func (*Layout) Valid() bool { return false }

// Self returns nothing.
func (*Layout) Self() (goroutine uint64, thread uint32) { return 0, 0 }

// Find always fails.
func Find() (Layout, error) { return Layout{}, errors.New("gort/threads: not ported") }
