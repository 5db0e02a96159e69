/* Threads that block SIGSEGV and are sent one. */
#ifndef VICTIM_SENT_H
#define VICTIM_SENT_H

/* Makes the thread, which waits for ever; blocks by the system call (PAST) or by libc. */
void sent_start(int past);
void sent_send(void);

/* The calling thread blocks it by the system call and sends it to itself. */
void sent_self(void);

/* Does a thread have SIGSEGV blocked whose attributes say that nothing is, while its creator
 * blocks everything? */
int sent_attribute(void);

/* A thread blocks everything by libc and ends. */
void sent_block_and_end(void);

/* The handler that the kernel has. */
void *sent_handler(int signal);

/* A thread that blocks all but the faults, as the workers of C libraries do, and raises SIGSEGV
 * when it is told to. */
void sent_start_older(void);
void sent_raise(void);

#endif
