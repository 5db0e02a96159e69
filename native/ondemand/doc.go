//go:build cgo && linux && (amd64 || arm64)

// Package ondemand is dumps on demand: by call, by signal, by timer.
package ondemand

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/goruntime"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/incident"
	_ "github.com/epitaph-go/epitaph/native/memory"
	_ "github.com/epitaph-go/epitaph/native/report"
	_ "github.com/epitaph-go/epitaph/native/signals"
	_ "github.com/epitaph-go/epitaph/native/text"
	_ "github.com/epitaph-go/epitaph/native/threads"
	_ "github.com/epitaph-go/epitaph/native/unwind"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
