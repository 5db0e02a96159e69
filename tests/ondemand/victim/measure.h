#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When the dump that was armed last is, or was, due. */
uint64_t measure_due(void);

/* Starts a thread that sleeps for NS again and again, and notes by how much it woke
 * up late. */
void measure_start_sleeper(uint64_t ns);

/* The next of its notes; false after the last. */
bool measure_sleeper_late(uint64_t *ns);

/* What malloc has handed out. */
size_t measure_allocated(void);

int measure_add(int n);

#endif
