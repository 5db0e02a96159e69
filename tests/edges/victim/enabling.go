//go:build linux && amd64 && cgo

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
)

func init() {
	add("disabled", func(s settings) {
		s.enable()
		handler.Disable()
		s.crash()
	})
	add("enable_again", func(s settings) {
		s.enable()
		handler.Disable()
		s.enable()
		s.crash()
	})

	// Crashes at some moment while another goroutine enables and disables.
	add("toggle", func(s settings) {
		s.enable()
		go func() {
			for {
				// An error when the process is crashing by now.
				_ = handler.Enable(s.options()...)
				handler.Disable()
			}
		}()
		time.Sleep(time.Duration(s.number("after")) * 100 * time.Microsecond)
		s.crash()
	})

	// The options are those of the second call, which has the setting second as
	// its descriptor.
	add("replace_options", func(s settings) {
		s.enable()
		s["fd"] = s["second"]
		s.enable()
		s.crash()
	})
	add("fail_to_replace", func(s settings) {
		s.enable()
		err := handler.Enable(handler.WithOutput(os.Stdout), handler.WithDeadline(0))
		say("%v", err)
		s.crash()
	})

	// A library in the setting library has Epitaph too, and enables it.
	add("second_copy", func(s settings) {
		s.enable()
		path, name := C.CString(s["library"]), C.CString("LibraryEnable")
		defer C.free(unsafe.Pointer(path))
		defer C.free(unsafe.Pointer(name))
		say("%s", C.GoString(C.call(path, name)))
		s.crash()
	})
}
