// Children of fork that use the core themselves. Each of these prints how the child
// ended, once it has.
#ifndef VICTIM_FORKS_H
#define VICTIM_FORKS_H

// After some milliseconds there is a child, which enables the core after some more,
// and ends after some more. The word is 1 when that begins, and 2 at the end.
void forks_enable(int until_fork, int until_enable, int until_end);
extern int forks_stage;

// The child has the signal ignored, and executes a program that gets it.
void forks_ignore(int signal);

// A thread that is older than the core, waits until that has given it an alternate
// stack, and forks: the child arms a timer, waits and crashes.
void forks_start_thread(void);
void forks_on_thread(int milliseconds);

// A thread forks: the child arms a timer, and its thread ends. It crashes in the last
// destructor of that, after some milliseconds.
void forks_end(int milliseconds);

#endif
