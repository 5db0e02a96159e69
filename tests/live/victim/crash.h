// Where and when the program crashes.
#ifndef VICTIM_CRASH_H
#define VICTIM_CRASH_H

#include <stddef.h>

// Waits MS milliseconds, so that the scheduler is in the state that the test is
// about, and writes through NULL.
void victim_crash(int ms);
void victim_call_back(int ms); // calls goCallBack, which calls victim_crash
int victim_on_thread(int ms);
void victim_scribble(void *p, size_t size);

#endif
