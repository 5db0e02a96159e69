/* What the scenarios need of C. */
#ifndef NATIVE_H
#define NATIVE_H

void crash_read_null(void);
void crash_raise(int signal);
void crash_abort(void);
void crash_assert(void);
void crash_long_name(void);
void crash_overflow(void);
void crash_on_thread(const char *kind);
void crash_two_threads(void);

/* N threads that wait in c_waiter, until they are released. */
int start_waiters(int n);
void release_waiters(void);

/* Raises SIGNAL on a thread of C's own, in c_raiser. */
void raise_on_thread(int signal);

/* A handler of C for SIGNAL, which counts, and remembers what it was told. */
void count_signals(int signal);
void count_one_signal(int signal); /* the default is behind it */
int counted_signals(void);
int counted_sender(void);

/* Do two signals have the same handler? */
int same_handler(int signal, int other);

/* Threads that work: malloc, arithmetic with a known result, reads from a pipe
 * that must not fail with EINTR. */
void start_work(void);
/* Ends them, and gives the number of results that were wrong. */
int end_work(long *rounds);

/* Forks; the child raises SIGNAL and exits with STATUS.  Its wait status. */
int fork_and_raise(int signal, int status);

#endif
