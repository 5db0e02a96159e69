#ifndef VICTIM_FORKED_H
#define VICTIM_FORKED_H

#include "crash.h"

#define EXIT_WENT_ON 3

// Crashes in a forked child, and returns its wait status; -1 without one.
int victim_fork(victim_function crash);

#endif
