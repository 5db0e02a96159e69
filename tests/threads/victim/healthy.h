/* What a healthy program's threads notice of Epitaph. */
#ifndef VICTIM_HEALTHY_H
#define VICTIM_HEALTHY_H

/* Starts a thread that blocks SIGNAL, and that replaces the program by this one with
 * the argument "pending" when healthy_exec is called. */
void healthy_exec_start(int signal);
void healthy_exec(void);

/* How often one of the signals from 35 on waits for the calling thread. */
int healthy_pending(void);

/* Sets the action of SIGNAL back past libc, as a library does that is static
 * inside. */
void healthy_reset(int signal);

/* Starts a thread by clone, which no wrapper sees, and which waits in a read that a
 * signal restarts. */
void healthy_start_reader(void);

/* Starts a thread that blocks all signals and waits in a read; and has it ask
 * sigtimedwait for any signal at all: which one it was given, 0 for none. */
void healthy_start_taker(void);
int healthy_taken(void);

/* ROUNDS times N threads that compute for a moment, then poll for 1 ms, for MS
 * milliseconds: how many calls of poll failed with EINTR. */
long healthy_polls(int rounds, int n, int ms);

/* Starts a thread that waits for work in pthread_cond_timedwait; and asks it for some:
 * 1 when it was done within MS milliseconds. */
void healthy_start_worker(void);
int healthy_work(int ms);

/* From now on the system call openat is trapped, on all threads, and the program's handler
 * counts the traps; 0 or an errno value. */
int healthy_trap_openat(void);
int healthy_trapped(void);

/* From now on an open below a directory is trapped; 0 or an errno value.  And how many
 * there are within MS milliseconds while a thread of clone's is in pause. */
int healthy_trap_looks(void);
int healthy_looks(int ms);

/* From now on a call by which /proc's list of threads is read kills the process; 0 or an
 * errno value. */
int healthy_kill_for_listing(void);

#endif
