//go:build cgo && linux && (amd64 || arm64)

// Package threads is the other threads: their stacks, their alternate
// stacks, and the threads of the core itself.
package threads

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=pthread_create -Wl,-wrap=thrd_create
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=pthread_sigmask -Wl,-wrap=sigprocmask
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=sigwait -Wl,-wrap=sigwaitinfo -Wl,-wrap=sigtimedwait -Wl,-wrap=signalfd
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/incident"
	_ "github.com/epitaph-go/epitaph/native/memory"
	_ "github.com/epitaph-go/epitaph/native/signals"
	_ "github.com/epitaph-go/epitaph/native/text"
	_ "github.com/epitaph-go/epitaph/native/unwind"
)

// The go command builds the packages above anew when a header changes.
//
//go:embed *.h
var _ embed.FS
