//go:build cgo && linux && (amd64 || arm64)

// Package crash is the life of a crash, from the kernel's call of the
// handler to the end of the process.
package crash

// #cgo CFLAGS: -std=c11 -D_GNU_SOURCE -O2 -fno-stack-protector -fvisibility=hidden
// #cgo CFLAGS: -Wall -Wextra -Wconversion
// #cgo epitaph_nowrap CFLAGS: -DEPI_NOWRAP
// #cgo epitaph_test CFLAGS: -DEPI_TEST
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=exit -Wl,-wrap=_exit -Wl,-wrap=_Exit -Wl,-wrap=quick_exit
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=kill -Wl,-wrap=execv -Wl,-wrap=execve -Wl,-wrap=execvp
// #cgo !epitaph_nowrap LDFLAGS: -Wl,-wrap=_cgo_wait_runtime_init_done
import "C"

import (
	"embed"

	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/goruntime"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/incident"
	_ "github.com/epitaph-go/epitaph/native/memory"
	_ "github.com/epitaph-go/epitaph/native/record"
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
