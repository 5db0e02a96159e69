//go:build linux && cgo && !nocxx

package crashes

// #include "crash.h"
import "C"

import "unsafe"

func cxxKinds() []Kind {
	return []Kind{
		{Name: "cxx-throw", Text: "uncaught C++ exception",
			Signal: abrt, Traits: BelowLibrary | Sent, enter: unsafe.Pointer(C.crash_cxx_throw)},
		{Name: "cxx-terminate", Text: "std::terminate()",
			Signal: abrt, Traits: BelowLibrary | Sent, enter: unsafe.Pointer(C.crash_cxx_terminate)},
		{Name: "cxx-thread-throw", Text: "C++ exception that leaves a std::thread", Signal: abrt, Traits: BelowLibrary | Sent | OwnThread,
			enter: unsafe.Pointer(C.enter_cxx_thread_throw)},
	}
}
