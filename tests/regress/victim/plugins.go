//go:build linux && (amd64 || arm64) && cgo

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
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// busy enables and disables Epitaph again and again, and tells how many goroutines
// at most were reading symbols for it then.
func busy(s settings) {
	path := C.CString(s["library"])
	defer C.free(unsafe.Pointer(path))
	if C.load(path) == nil {
		scenario.Must(errors.New("the library cannot be loaded"))
	}
	most, text := 0, make([]byte, 1<<20)
	reading := func() int {
		n := strings.Count(string(text[:runtime.Stack(text, true)]), "symindex.Build(")
		most = max(most, n)
		return n
	}
	for range s.Number("times") {
		scenario.Must(handler.Enable())
		// The next one is enabled meanwhile.
		for end := time.Now().Add(10 * time.Second); reading() == 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		handler.Disable()
		reading()
	}
	scenario.Say("%d at a time", most)
}

// reload loads and unloads a library again and again, which crashes in the end.
func reload(s settings) {
	s.Enable()
	path := C.CString(s["library"])
	defer C.free(unsafe.Pointer(path))
	round := func() { scenario.Must(handler.Ready(context.Background())) }
	for i := range s.Number("times") {
		library := C.load(path)
		if library == nil {
			scenario.Must(errors.New("the library cannot be loaded"))
		}
		round()
		if i > 0 {
			scenario.Say("%d", readOnlyMemory())
		}
		if i == s.Number("times")-1 {
			C.call(library)
		}
		C.dlclose(library)
		round()
	}
}

// replaced loads a library, puts another file into its place, as an upgrade does, and
// crashes in the library.
func replaced(s settings) {
	path := C.CString(s["library"])
	defer C.free(unsafe.Pointer(path))
	library := C.load(path)
	if library == nil {
		scenario.Must(errors.New("the library cannot be loaded"))
	}
	scenario.Must(os.Rename(s["by"], s["library"]))
	s.Enable()
	C.call(library)
}

// readOnlyMemory is how many bytes of memory of no file can only be read: the
// core's symbol indexes.
func readOnlyMemory() (bytes uint64) {
	maps, err := os.ReadFile("/proc/self/maps")
	scenario.Must(err)
	for line := range strings.Lines(string(maps)) {
		f := strings.Fields(line)
		if len(f) != 5 || f[1] != "r--p" || f[4] != "0" {
			continue
		}
		first, last, _ := strings.Cut(f[0], "-")
		start, err := strconv.ParseUint(first, 16, 64)
		scenario.Must(err)
		end, err := strconv.ParseUint(last, 16, 64)
		scenario.Must(err)
		bytes += end - start
	}
	return bytes
}
