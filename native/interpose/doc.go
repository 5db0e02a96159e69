//go:build cgo && linux && (amd64 || arm64)

// Package interpose defines names of libc's in the executable, where the dynamic
// linker looks first, so that what shared libraries call comes to the core, too.
//
// It is no floor of the core: nothing there needs it. Package handler/interpose
// links it in, which a c-shared or c-archive library or a plugin leaves out: there
// these names would catch the calls of the host.
package interpose

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/crash"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/incident"
	_ "github.com/epitaph-go/epitaph/native/record"
	_ "github.com/epitaph-go/epitaph/native/signals"
	_ "github.com/epitaph-go/epitaph/native/text"
	_ "github.com/epitaph-go/epitaph/native/threads"
	_ "github.com/epitaph-go/epitaph/native/unwind"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
