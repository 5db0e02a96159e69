//go:build cgo && linux && (amd64 || arm64)

// Package memory is memory that may not be there: loads that fail
// instead of faulting, instruction bytes, and the maps of the process.
package memory

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
