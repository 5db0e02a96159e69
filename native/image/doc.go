//go:build cgo && linux && (amd64 || arm64)

// Package image is what is loaded: the modules of the process and
// their symbols.
package image

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=__register_frame -Wl,-wrap=__deregister_frame
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/memory"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
