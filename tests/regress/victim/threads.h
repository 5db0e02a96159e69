// What other threads do while one crashes.
#ifndef VICTIM_THREADS_H
#define VICTIM_THREADS_H

void threads_come_and_go(int count); // one after the other
void threads_crowd(int count);       // all crash together
void threads_fork_late(void);        // a forked child crashes while its parent does
void threads_abort_late(void);       // the crashing thread is sent SIGABRT

// A thread whose stack leads nowhere: no call frame information, and a stack
// pointer to memory that is not there; signals come on its alternate stack.
void threads_without_frames(void);
void threads_signal_without_frames(int signal); // it gets the signal

// Another thread crashes once this one waits in the system call, which returns
// when it is interrupted.
void threads_wait(const char *call);

#endif
