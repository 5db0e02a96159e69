//go:build linux && (amd64 || arm64) && cgo

package main

// #include "crash.h"
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// A shared mapping is written on a file system that is full (small) or on a
	// file that ends before the mapping does. Status 4: this user cannot mount.
	add("fill", func(s settings) {
		const size = 1 << 20
		dir := s["at"]
		if s["full"] != "" {
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
				fmt.Fprintln(os.Stderr, "mount:", err)
				os.Exit(4)
			}
		}
		f, err := os.Create(filepath.Join(dir, "file"))
		scenario.Must(err)
		length := int64(size)
		if s["full"] == "" {
			length = 5000
		}
		scenario.Must(f.Truncate(length))
		s.Enable()
		if C.victim_fill(C.int(f.Fd()), size) != 0 {
			fmt.Fprintln(os.Stderr, "no mapping")
		}
	})
}
