// A library that sees writes to a page of its own by the faults that they raise, and does
// something else with others.
#ifndef VICTIM_BARRIER_H
#define VICTIM_BARRIER_H

// Installs its handler, which does WAY with the faults that are not its own; and returns its page.
void *barrier_install(const char *way);

// From now on the next write is seen.
void barrier_arm(void);

// How many writes it has seen, and how many other faults.
int barrier_writes(void);
int barrier_others(void);

#endif
