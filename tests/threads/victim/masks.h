/* Signal masks: what the program sees of them, and faults behind them. */
#ifndef VICTIM_MASKS_H
#define VICTIM_MASKS_H

/* Changes masks in many ways and writes down what comes back, on standard output; by the
 * functions as this link has them, or (SHARED) as a shared library finds them. */
void masks_show(int shared);

/* Makes a thread as librdkafka does, with all signals blocked, which then writes through
 * NULL, divides by zero, or overflows its stack. */
void masks_crash(int kind);

/* Has pthread_create fault itself, at a stack that cannot be written to, with all signals
 * blocked. */
void masks_crash_in_create(void);

/* Blocks SIGSEGV and opens it again, while a handler changes the mask and puts it back; counts
 * how often the mask then read back otherwise: as open, as blocked. */
struct stress {
    int seconds;
    long lost, left;
};
struct stress masks_stress(int seconds);

// A thread that blocks SIGSEGV and waits, and its number; then it faults.
int masks_begin_older(void);
void masks_end_older(void);

#endif
