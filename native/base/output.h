/* The files that reports and dumps go to.
 *
 * The core writes to a duplicate of the program's descriptor, for the program may
 * close its own.  But a record lock (fcntl) is the process's: closing any descriptor
 * of the file drops all locks that the process has on it, also those that the program
 * took through its own descriptor.  So a duplicate is not closed with its last
 * writer, but kept for the next one who wants to write to the same open file.
 *
 * Pipes and sockets are closed with their last user, or their readers would wait for
 * ever; so are terminals, which wait for that to hang up, and files without a name,
 * whose room on the disk is not free until then. */
#ifndef EPI_OUTPUT_H
#define EPI_OUTPUT_H

#include "base.h"
#include "fd.h"

/* A duplicate of FD out of the program's way; its fd is -1, with errno, when there is
 * none.  For a healthy process, on any thread. */
struct epi_fd epi_output_open(int fd);

/* The caller writes to it no more. */
EPI_SAFE void epi_output_close(struct epi_fd *output);

#endif
