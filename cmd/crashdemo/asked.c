//go:build linux && cgo

#include "asked.h"

#include "_cgo_export.h"

#include <stdatomic.h>

static _Atomic int released;

__attribute__((noinline, used, visibility("default"))) void demo_ask(void) {
    goDump();
    __asm__ volatile("" ::: "memory"); // a call that ends a function would become a jump
}

__attribute__((noinline, used, visibility("default"))) void demo_stuck(void) {
    while (!released) {
    }
}

void demo_release(void) {
    released = 1;
}
