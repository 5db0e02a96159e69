/* Stacks on demand, from a healthy process that goes on. */
#ifndef EPI_DUMP_H
#define EPI_DUMP_H

#include "fd.h"

/* Why there is a dump, and so whose stack comes first. */
enum epi_dump_kind {
    EPI_DUMP_CALL,   /* somebody called for it: the caller's */
    EPI_DUMP_NATIVE, /* the same, and nothing else: each frame as a place in a file */
    EPI_DUMP_TIMEOUT, /* a time has passed: nobody's */
    EPI_DUMP_SIGNAL, /* a thread got a signal: that thread's */
};

struct epi_dump {
    enum epi_dump_kind kind;
    struct epi_fd output; /* stays open */
    uint64_t timeout;     /* ns for all of it, as long as output takes text */
    uint32_t max_frames;  /* as in struct epi_config */
    uint32_t max_threads;
    bool native_stack;
    bool all_threads; /* and goroutines; or the first stack alone */
    bool interrupt;   /* ask also threads whose system call will then fail with
                         EINTR; without it their stacks are seen from outside */
    uintptr_t from;   /* of a call: the return address into the frame that is
                         shown first; 0: all are */
    uint64_t passed;  /* of a timeout: ns */
    /* Of a signal: the thread that got it, and its stack then. */
    const struct epi_subject *subject;
    const struct epi_stack *stack;
};

/* Writes a dump, as a report without a headline.  The core must be on; waits its
 * turn when another dump is under way.  On any thread, the core's dumper included;
 * not in a handler.
 *
 * ENODEV: the core is off.  ECANCELED: there is a crash, or it came in between
 * and has taken over.  EBADF: no such output.  ETIMEDOUT, EFAULT: a stage was
 * given up, as the text tells.  What a write failed with. */
int epi_dump(const struct epi_dump *dump);

/* Takes the turn without dumping, so that nobody else does; false when there is
 * a crash. */
bool epi_dump_lock(void);
void epi_dump_unlock(void);

struct epi_crash;

/* Is CRASH a dump that has to end, because there is a crash now? */
EPI_SAFE bool epi_dump_gives_way(const struct epi_crash *crash);

#endif
