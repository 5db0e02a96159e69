#ifndef VICTIM_FORKED_H
#define VICTIM_FORKED_H

#include "crash.h"

#include <stdbool.h>

#define EXIT_WENT_ON 3

// Crashes in a forked child, and returns its wait status; -1 without one. With
// shared, the child is one of vfork, and shares the memory with its parent.
int victim_fork(victim_function crash, bool shared);

#endif
