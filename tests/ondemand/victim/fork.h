#ifndef FORK_H
#define FORK_H

/* Forks, and does one thing in the child (1 exits, 2 cancels, 3 arms anew with FD
 * as output and waits for the dump, 4 unregisters SIGUSR1, 5 enables the core and
 * raises SIGUSR1 before it does so, 6 raises SIGUSR1) before it exits.  The child's wait status; a
 * child that hangs dies of SIGALRM. */
int fork_and(int what, int fd);

#endif
