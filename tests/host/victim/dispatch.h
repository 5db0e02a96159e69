// A program that emulates its own system calls.
#ifndef VICTIM_DISPATCH_H
#define VICTIM_DISPATCH_H

// Has the system calls of a thread of its own dispatched to a handler (PR_SET_SYSCALL_USER_DISPATCH),
// and makes N of them. Returns the sum of what the handler made of them; -1: the kernel has no
// such thing.
long dispatch_calls(int n);

#endif
