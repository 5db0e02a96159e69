//go:build linux && (amd64 || arm64) && cgo

// Archive is a c-archive that enables Epitaph as soon as Go's runtime is there; host.c is
// the program that links it, without -Wl,-wrap.
package main

import "C"

import (
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	if err := handler.Enable(); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

// ArchiveNothing is what the host refers to, so that the linker takes the archive.
//
//export ArchiveNothing
func ArchiveNothing() {}

func main() {}
