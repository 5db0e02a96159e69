//go:build go1.28

package gort

// Pin does nothing here: it is not known whether this release allows it.
func Pin() int { return 0 }

// Unpin does nothing.
func Unpin() {}
