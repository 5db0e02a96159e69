// Awkward states of a thread to crash in.
#ifndef VICTIM_STATES_H
#define VICTIM_STATES_H

void state_null(void);          // writes through NULL + 8; so do the others in the end
void state_deep(void);          // with a report of tens of kilobytes
void state_no_fs(void);         // the thread pointer is 0
void state_pending_abort(void); // SIGABRT is blocked and pending
void state_tail_null(void);     // a tail call through NULL
void state_remap(void);         // the executable's first page is anonymous memory
void state_trap(int number);    // seccomp answers the system call with SIGSYS
void state_kill_self(int signal); // sends it to the process, and crashes not

#endif
