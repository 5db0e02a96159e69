//go:build cgo && linux && (amd64 || arm64) && epitaph_test

package cgo

// #cgo CFLAGS: -DEPI_TEST
// #include <stdlib.h>
// #include "install/epitaph.h"
import "C"

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// Trouble makes the named stage of the next report ("*": each) fault, hang in a
// system call, spin in a loop, or abort.
func Trouble(stage, kind string) error {
	kinds := map[string]C.enum_epi_trouble{
		"fault": C.EPI_TROUBLE_FAULT,
		"hang":  C.EPI_TROUBLE_HANG,
		"spin":  C.EPI_TROUBLE_SPIN,
		"stop":  C.EPI_TROUBLE_STOP,
		"abort": C.EPI_TROUBLE_ABORT,
	}
	trouble, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("cgo: unknown trouble %q", kind)
	}
	name := C.CString(stage)
	defer C.free(unsafe.Pointer(name))
	C.epi_test_trouble(name, trouble)
	return nil
}

// responderTrouble is what TroubleResponder has set.
var responderTrouble atomic.Value

// TroubleResponder makes the goroutine that answers the core's next question
// call trouble first.
func TroubleResponder(trouble func()) { responderTrouble.Store(trouble) }

// ResponderTrouble calls what TroubleResponder has set.
func ResponderTrouble() {
	if trouble, ok := responderTrouble.Load().(func()); ok {
		trouble()
	}
}

// StackUse is how many bytes of the reporter's own stack reports have used.
func StackUse() int { return int(C.epi_test_stack_use()) }
