// Uncaught C++ exceptions. Left out by the build tag nocxx, for machines without a C++ compiler.

//go:build linux && cgo && !nocxx

#include "crash.h"

#include <stdexcept>
#include <thread>

extern "C" {

CRASH_FN void crash_cxx_throw(void) {
    throw std::runtime_error("nobody catches this");
}

CRASH_FN void crash_cxx_terminate(void) {
    std::terminate();
}

void crash_cxx_thread_throw(void);

CRASH_FN void crash_cxx_thread_throw(void) {
    throw std::runtime_error("nobody on this thread catches this");
}

// std::thread is started by the C++ library, not by code of this program: what the link does to this program's own
// calls of pthread_create does not reach it.
CRASH_FN void enter_cxx_thread_throw(void) {
    std::thread thread([] {
        crash_cxx_thread_throw();
        CRASH_KEEP_FRAME();
    });
    thread.join();
}
}
