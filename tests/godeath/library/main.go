//go:build linux && (amd64 || arm64) && cgo

// Library is a Go library that a C program loads (host.c), and that dies there.
package main

// #include <stdlib.h>
import "C"

import (
	"context"
	"os"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

//export Start
func Start(dir *C.char) {
	scenario.Must(handler.Enable(handler.WithDir(C.GoString(dir)),
		handler.WithOnCrash(func(_ context.Context, report []byte) { os.Stdout.Write(report) }), handler.WithOnCrashResume()))
	scenario.Must(handler.Ready(context.Background()))
}

//export Panic
func Panic() { panic("in the library") }

//export Abort
func Abort() { C.abort() }

func main() {}
