#ifndef VICTIM_FORKED_H
#define VICTIM_FORKED_H

#include "crash.h"

#include <stdbool.h>

#define EXIT_WENT_ON 3

// Crashes in a forked child, and returns its wait status; -1 without one. With
// shared, the child is one of vfork, and shares the memory with its parent.
int victim_fork(victim_function crash, bool shared);

// A child of vfork crashes, and, while it reports, a thread of the parent in the same
// memory. Returns the child's wait status; the parent's end comes of itself.
int victim_fork_both(victim_function crash);

// A child of fork with an alarm of its own crashes, and HOST's handler lets it go on, to
// live longer than the deadline. Returns its wait status: the exit status tells what the
// crash has changed.
enum { ALARM_KEPT = 0, ALARM_LOST = 1, ALARM_NOT_ITS_HANDLER = 2, ALARM_DID_NOT_COME = 4 };
int victim_fork_alarm(victim_function crash, bool jumps);

// From now on the kernel does not know MADV_WIPEONFORK, as before Linux 4.14. False if
// that cannot be had.
bool victim_old_kernel(void);

#endif
