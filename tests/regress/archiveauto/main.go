//go:build linux && (amd64 || arm64) && cgo

// Archiveauto is a c-archive that imports handler/auto, and with it the names that shared libraries
// find in a program: host.c links it by a command of its own, which has no -Wl,-wrap.
package main

import "C"

import _ "github.com/epitaph-go/epitaph/handler/auto"

// ArchiveNothing is what the host refers to, so that the linker takes the archive.
//
//export ArchiveNothing
func ArchiveNothing() {}

func main() {}
