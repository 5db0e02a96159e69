//go:build linux && (amd64 || arm64) && cgo

// Words is a program that says why it gives up, on standard error, and gives up:
//
//	words DIR KIND [LIBRARY]
//
// Its report is in DIR; "-": on standard error. KIND-off: with WithNoStandardError.
package main

// #cgo LDFLAGS: -ldl
// #include "words.h"
import "C"

import (
	"os"
	"strings"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func main() {
	var options []handler.Option
	if os.Args[1] != "-" {
		options = append(options, handler.WithDir(os.Args[1]))
	}
	kind, off := strings.CutSuffix(os.Args[2], "-off")
	if off {
		options = append(options, handler.WithNoStandardError())
	}
	scenario.Must(handler.Enable(options...))
	if kind == "linked" {
		linked()
	}
	library := ""
	if len(os.Args) > 3 {
		library = os.Args[3]
	}
	C.words(C.CString(kind), C.CString(library))
}

// linked panics in a Rust library that is linked in, under the build tag rust.
var linked func()
