//go:build !linux || !cgo

// Crashdemo makes a Go program that calls C crash in every way that C knows. This build has no C in it.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "crashdemo: needs Linux and cgo: build it on Linux with CGO_ENABLED=1 and a C compiler")
	os.Exit(69)
}
