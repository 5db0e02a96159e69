//go:build linux && (amd64 || arm64) && cgo

// Loader is a program without C++ that loads a library with it, after Epitaph
// was enabled, and calls its function.
package main

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
//
// static void *load(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }
// static void call(void *library) { ((void (*)(void))dlsym(library, "plugin"))(); }
import "C"

import (
	"context"
	"fmt"
	"os"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	if err := handler.Enable(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	library := C.load(C.CString(os.Args[1]))
	if library == nil {
		fmt.Fprintln(os.Stderr, "the library cannot be loaded")
		os.Exit(1)
	}
	// What happens once a second anyway.
	if err := handler.Ready(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	C.call(library)
}
