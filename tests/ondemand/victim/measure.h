#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When the dump that was armed last is, or was, due. */
uint64_t measure_due(void);

/* By how much something came late, and how much of that is none of its fault. */
struct measure_late {
    uint64_t late, excused;
};

/* Starts a thread that sleeps for NS again and again, and notes by how much it woke
 * up late.  The process may use CPUS. */
void measure_start_sleeper(uint64_t ns, uint64_t cpus);

/* The next of its notes; false after the last. */
bool measure_sleeper_late(struct measure_late *late);

/* For how long, between the two calls, the thread TID has waited for a CPU, as far
 * as this process did not have them all: other programs did; and for how long the
 * CPUs stood still.  The thread above must have been started. */
struct measure_span {
    uint64_t wall, cpu, waited, stolen;
};
struct measure_span measure_begin(int tid);
uint64_t measure_excused(struct measure_span since, int tid);

/* The core's thread that dumps; 0: there is none yet. */
int measure_dumper(void);

/* What malloc has handed out. */
size_t measure_allocated(void);

int measure_add(int n);

#endif
