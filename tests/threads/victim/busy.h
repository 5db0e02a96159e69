/* A program that works, and notices when it is disturbed. */
#ifndef VICTIM_BUSY_H
#define VICTIM_BUSY_H

/* Starts threads that sit in system calls which a signal would end, threads
 * that use system calls which go on after one, and threads that compute.  Each
 * thread of a kind is in the function busy_KIND. */
void busy_start(void);

/* Stops them.  Writes what they noticed to standard output, a "name count" a
 * line: sat-through must be 0 for calls that were ended by a signal, restarted
 * for EINTR where SA_RESTART holds, wrong for results that are not right. */
void busy_stop(void);

/* Bytes of its alternate signal stack that a thread has used while the others
 * were at work; the thread is started by the first call. */
long busy_stack_use(void);

#endif
