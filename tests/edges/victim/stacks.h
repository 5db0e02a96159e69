// Alternate signal stacks, and what is used of them.
#ifndef VICTIM_STACKS_H
#define VICTIM_STACKS_H

#include "crash.h"

#include <stddef.h>

// Calls CRASH on a thread that has an alternate stack of its own of this size,
// as a library may set one up. If the crash comes back (a handler of the
// host's is needed for that), the result is how far below the kernel's frame
// the stack was used; 0 when it could not be set up.
size_t stacks_use(victim_function crash, size_t size);

// Makes a thread that waits, and has it call CRASH later.
int stacks_start_early(void);
void stacks_crash_early(victim_function crash);

// Makes COUNT threads that end at once, several at a time.
int stacks_short_threads(int count);

// Aborts because a thread cannot be made: its stack would be larger than memory is.
void stacks_abort_without_thread(void);

#endif
