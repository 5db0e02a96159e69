//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
//
// static const char *call(const char *path, const char *name) {
//     void *library = dlopen(path, RTLD_NOW);
//     if (library == NULL) {
//         return dlerror();
//     }
//     const char *(*function)(void) = (const char *(*)(void))dlsym(library, name);
//     return function == NULL ? "no such function" : function();
// }
import "C"

import (
	"os"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	add("disabled", func(s settings) {
		s.Enable()
		handler.Disable()
		crash(s)
	})
	add("enable_again", func(s settings) {
		s.Enable()
		handler.Disable()
		s.Enable()
		crash(s)
	})

	// Crashes at some moment while another goroutine enables and disables.
	add("toggle", func(s settings) {
		s.Enable()
		go func() {
			for {
				// An error when the process is crashing by now.
				_ = handler.Enable(s.Options()...)
				handler.Disable()
			}
		}()
		time.Sleep(time.Duration(s.Number("after")) * 100 * time.Microsecond)
		crash(s)
	})

	// The options are those of the second call, which has the setting second as
	// its descriptor.
	add("replace_options", func(s settings) {
		s.Enable()
		s["fd"] = s["second"]
		s.Enable()
		crash(s)
	})
	add("fail_to_replace", func(s settings) {
		s.Enable()
		err := handler.Enable(handler.WithOutput(os.Stdout), handler.WithDeadline(0))
		scenario.Say("%v", err)
		crash(s)
	})

	// A library in the setting library has Epitaph too, and enables it.
	add("second_copy", func(s settings) {
		s.Enable()
		path, name := C.CString(s["library"]), C.CString("LibraryEnable")
		defer C.free(unsafe.Pointer(path))
		defer C.free(unsafe.Pointer(name))
		scenario.Say("%s", C.GoString(C.call(path, name)))
		crash(s)
	})
}
