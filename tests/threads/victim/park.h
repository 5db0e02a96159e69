/* Threads that stay where the tests expect them. */
#ifndef VICTIM_PARK_H
#define VICTIM_PARK_H

/* Each starts a thread and returns its id once it is where it stays, or
 * negative. */
#define PARK_FUNCTIONS 20
int park_start(int function); /* in the function park_NN; 50 ways to wait */
int odd_start_masked(void);   /* in odd_masked, blocks all signals */
int odd_start_spinning(void); /* in odd_spin */
int odd_start_masked_spinning(void);
int odd_start_vfork(void); /* in vfork, whose child lives for some seconds */
int odd_start_traced(void); /* stopped by a debugger */
void odd_start_churn(void); /* threads that start and end all the time */
void odd_limit_signals(void); /* no signal can be queued any more */
void odd_unmask(void); /* lets the thread of odd_start_masked take signals */
void odd_crash_together(int n); /* n threads fault in odd_fault at once */
int odd_handle(int signal); /* installs a handler; 0 on success */

#endif
