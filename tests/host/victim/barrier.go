//go:build linux && (amd64 || arm64) && cgo

package main

// #include <dlfcn.h>
// #include <stdlib.h>
// #include "barrier.h"
//
// static struct {
//     void *(*install)(const char *);
//     void (*arm)(void);
//     int (*writes)(void), (*others)(void);
// } barrier = {barrier_install, barrier_arm, barrier_writes, barrier_others};
//
// static int load(const char *path) {
//     void *library = dlopen(path, RTLD_NOW);
//     if (library == NULL) {
//         return 0;
//     }
//     barrier.install = (void *(*)(const char *))dlsym(library, "barrier_install");
//     barrier.arm = (void (*)(void))dlsym(library, "barrier_arm");
//     barrier.writes = (int (*)(void))dlsym(library, "barrier_writes");
//     barrier.others = (int (*)(void))dlsym(library, "barrier_others");
//     return 1;
// }
// static void *install(const char *way) { return barrier.install(way); }
// static void arm(void) { barrier.arm(); }
// static int writes(void) { return barrier.writes(); }
// static int others(void) { return barrier.others(); }
import "C"

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

// written is what becomes of a write to an address.
func written(at *byte) (what string) {
	defer func() {
		if r := recover(); r != nil {
			what = fmt.Sprint(r)
		}
	}()
	*at = 1
	return "written"
}

func init() {
	// Go code writes to a page that a library watches, as often as the setting times says;
	// then to one that nobody has, and through a nil pointer. The library is there before
	// Enable, or with the setting after comes later.
	scenarios["barrier"] = func(s settings) {
		debug.SetPanicOnFault(true)
		if path := os.Getenv("LIBRARY"); path != "" && C.load(C.CString(path)) == 0 {
			scenario.Must(fmt.Errorf("no library %s", path))
		}
		if s["after"] != "" {
			s.Enable()
		}
		page := (*byte)(C.install(C.CString(s["way"])))
		if s["after"] == "" {
			s.Enable()
		}
		start := processor()
		var failed string
		for range max(1, s.Number("times")) {
			if what := written(page); what != "written" {
				failed = what
			}
			C.arm()
		}
		took := processor() - start
		other, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		scenario.Must(err)
		scenario.Say("%d writes seen%s", C.writes(), failed)
		if s["only"] == "" {
			scenario.Say("nobody's: %s", written((*byte)(unsafe.Pointer(unsafe.SliceData(other)))))
			scenario.Say("nil: %s", written(nil))
			scenario.Say("others: %d", C.others())
		}
		scenario.Say("took %d ns", took.Nanoseconds())
	}
}
