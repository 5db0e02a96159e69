/* What a thread has written to standard error a moment ago: a Rust panic, the last line of a
 * library that gives up.  A report of its abort has it, where that goes elsewhere.
 *
 * The calls of write and writev in this link pass here (-Wl,-wrap), and those of write in shared
 * libraries (interpose/words.c).  stdio's do not: libc makes them inside. */
#ifndef EPI_LASTWORDS_H
#define EPI_LASTWORDS_H

#include "../base/base.h"

#include <sys/types.h>

typedef ssize_t (*epi_write_function)(int, const void *, size_t);

/* As write to descriptor 2, by LIBCS, and keeps what was written.  A cancellation point as
 * LIBCS is, and safe in a signal handler; errno is as LIBCS leaves it. */
ssize_t epi_words_write(const void *text, size_t size, epi_write_function libcs);

/* From now on the wrappers of this link call LIBCS, not the definition that shared libraries
 * find, which would keep the words again. */
void epi_words_write_by(epi_write_function libcs);

/* Copies to TEXT what the thread TID has written within about two seconds before NOW (monotonic,
 * ns), if its last write was less than one second ago: the end of it, and before that the
 * beginnings of its last Rust panics, which may be ten seconds old.  "..." stands for what is left out
 * between.  TEXT ends with a NUL.  Returns the length. */
#define EPI_WORDS 1400
EPI_SAFE size_t epi_words_last(int tid, uint64_t now, char text[EPI_WORDS]);

#endif
