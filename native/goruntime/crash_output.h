/* What Go says when it dies.
 *
 * The runtime writes a copy of its last words to the descriptor of
 * debug.SetCrashOutput: here a file without a name, in memory, which package
 * handler hands it.  But the message of a fatal error ("concurrent map writes")
 * is printed a moment before the runtime counts as dying, and is not in the copy
 * (go.dev/issue/76859).  It is in runtime.printBacklog, a ring of what was
 * printed while nothing was dying. */
#ifndef EPI_CRASH_OUTPUT_H
#define EPI_CRASH_OUTPUT_H

#include "../base/base.h"
#include "../base/fd.h"

/* len(runtime.printBacklog) */
#define EPI_BACKLOG 512

/* The most that is taken to the report. */
#define EPI_CRASH_OUTPUT_MAX ((uint64_t)1 << 20)

struct epi_crash_output {
    struct epi_fd file;
    /* Of a panic or fatal error: set by its thread. */
    uint64_t size;         /* bytes in the file */
    uint32_t message_size; /* bytes at message */
    char message[EPI_BACKLOG + 1]; /* what is missing in the file */
    char title[EPI_BACKLOG + 4];   /* the line that says what happened; cut, then "..." */
};

/* A descriptor for SetCrashOutput, which the caller owns; or -1. */
int epi_crash_output_open(void);

/* Is FD one of those? */
bool epi_crash_output_is(int fd);

/* Finds out what Go has said; cannot fault. */
EPI_SAFE void epi_crash_output_collect(struct epi_crash_output *text);

/* The first SIZE bytes of it, or as many as there are, into TO; how many. */
EPI_SAFE size_t epi_crash_output_head(const struct epi_crash_output *text, char *to, size_t size);

/* Is it about a panic whose message begins with MESSAGE? */
EPI_SAFE bool epi_crash_output_panics(const struct epi_crash_output *text, const char *message, size_t size);

#endif
