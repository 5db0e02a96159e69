//go:build linux && cgo

// A crash that cannot be had on this system is not an error of the program that shows it.
#include "crash.h"

#include <stdio.h>
#include <unistd.h>

// As crashes.StatusUnavailable.
enum { UNAVAILABLE = 69 };

void crash_unavailable(const char *why) {
    dprintf(STDERR_FILENO, "crashdemo: this crash cannot be had here: %s\n", why);
    _exit(UNAVAILABLE);
}
