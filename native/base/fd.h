/* Descriptors that were opened while the process was healthy.  The program may
 * have closed one since, and got its number back for a file of its own:
 * closefrom() and daemon() do that.  So each is remembered with the identity
 * of what it was opened on, and is used only while that still holds. */
#ifndef EPI_FD_H
#define EPI_FD_H

#include "base.h"

struct epi_fd {
    int fd; /* -1: none */
    uint64_t device, inode;
};

/* Our own descriptors are put out of the way of programs that close or count
 * the low ones; but below 64, which the descriptor table holds from the start.
 * To grow it in a process with threads waits for an RCU grace period, some
 * 10 ms (fs/file.c, expand_fdtable). */
#define EPI_HIGH_FD 48

/* Takes over FD, which stays open as long as the result is used. */
EPI_SAFE struct epi_fd epi_fd_of(int fd);

/* Is it still the same file? */
EPI_SAFE bool epi_fd_valid(const struct epi_fd *fd);

/* Is it a file that can only be appended to, and standard output's, too? */
EPI_SAFE bool epi_fd_is_log(int fd);

EPI_SAFE void epi_fd_close(struct epi_fd *fd);

/* openat, for a file that the core reads or writes itself; closed by exec.  -errno when it
 * fails.  Never one of the three numbers that a program counts on to be the next ones,
 * when it closes standard input to open another. */
EPI_SAFE long epi_fd_open(int directory, const char *path, int flags, unsigned mode);

/* The same for what has been opened by another call: moves it away from those three. */
EPI_SAFE long epi_fd_above(long fd);

/* open, for a descriptor that the core keeps: out of the program's way, and closed by exec;
 * -1 with errno when it fails.  For a healthy process. */
int epi_fd_open_high(const char *path, int flags);

/* A duplicate of FD that is out of the program's way, and closed by exec; -1 with
 * errno when there is none.  For a healthy process. */
int epi_fd_duplicate(int fd);

#endif
