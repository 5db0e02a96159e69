// Where and when the program crashes.
#ifndef VICTIM_CRASH_H
#define VICTIM_CRASH_H

#include <stddef.h>
#include <stdint.h>

// Waits MS milliseconds, so that the scheduler is in the state that the test is
// about, and writes through NULL.
void victim_crash(int ms);
void victim_call_back(int ms); // calls goCallBack, which calls victim_crash
int victim_on_thread(int ms);

// What victim_crash writes over first: Go's heap, as a C library does that has a
// pointer into it and goes past the end.
void victim_damage(uintptr_t p, size_t size);

#endif
