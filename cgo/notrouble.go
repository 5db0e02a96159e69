//go:build cgo && linux && (amd64 || arm64) && !epitaph_test

package cgo

// ResponderTrouble does nothing; in builds for tests it may panic.
func ResponderTrouble() {}
