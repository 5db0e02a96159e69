//go:build cgo && linux && (amd64 || arm64)

// Package incident is a crash or a dump: who reports it, how far it has
// come, and what its options are.
package incident

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/text"
	_ "github.com/epitaph-go/epitaph/native/unwind"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
