//go:build linux && cgo

package crashes

// #include "crash.h"
import "C"

// The Go functions that withgo.c calls. Files with exports may declare C functions only, which is why they are apart.

//export goBetween
func goBetween() {
	C.crash_go_c_go_c()
}

//export goOnThread
func goOnThread() {
	C.crash_callback_thread()
}
