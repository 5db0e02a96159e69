/* Threads without an alternate signal stack. */
#ifndef VICTIM_STACKS_H
#define VICTIM_STACKS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Before the first of these. */
void stacks_prepare(void);

/* Starts a thread that waits for stacks_overflow; through pthread_create of
 * this link, or within libstdc++. */
void stacks_start(void);
void stacks_start_cxx(void);

/* Waits until the thread has an alternate stack: milliseconds, or -1. */
int stacks_wait(int limit_ms);

/* The thread overflows its stack, in stacks_recurse. */
void stacks_overflow(void);
int stacks_recurse(volatile char *above);

/* Starts a thread with an alternate stack of its own, which it looks at for MS
 * milliseconds: 1 when it stayed as it was. */
int stacks_own_kept(int ms);

/* Mappings of the process. */
int stacks_mappings(void);

/* N threads of libstdc++ that live for MS milliseconds and end. */
void stacks_cxx_threads(int n, int ms);

#ifdef __cplusplus
}
#endif

#endif
