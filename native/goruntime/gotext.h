/* What Go says when it dies.
 *
 * The runtime writes a copy of its last words to the descriptor of
 * debug.SetCrashOutput: here a file without a name, in memory, which package
 * handler hands it.  But the message of a fatal error ("concurrent map writes")
 * is printed a moment before the runtime counts as dying, and is not in the copy
 * (go.dev/issue/76859).  It is in runtime.printBacklog, a ring of what was
 * printed while nothing was dying. */
#ifndef EPI_GOTEXT_H
#define EPI_GOTEXT_H

#include "../base/base.h"
#include "../base/fd.h"

/* len(runtime.printBacklog) */
#define EPI_BACKLOG 512

/* The most that is taken to the report. */
#define EPI_GOTEXT_MAX ((uint64_t)1 << 20)

struct epi_gotext {
    struct epi_fd file;
    /* Of a death: by the thread that dies. */
    uint64_t size;         /* bytes in the file */
    uint32_t message_size; /* bytes at message */
    char message[EPI_BACKLOG + 1]; /* what is missing in the file */
    char title[EPI_BACKLOG + 1];   /* the line that says what happened */
};

/* A descriptor for SetCrashOutput, which the caller owns; or -1. */
int epi_gotext_open(void);

/* Is FD one of those? */
bool epi_gotext_is(int fd);

/* Finds out what Go has said; cannot fault. */
EPI_SAFE void epi_gotext_collect(struct epi_gotext *text);

/* Is it about a panic whose message begins with MESSAGE? */
EPI_SAFE bool epi_gotext_panics(const struct epi_gotext *text, const char *message, size_t size);

#endif
