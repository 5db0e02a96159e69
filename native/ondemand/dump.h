/* Stacks on demand, from a healthy process that goes on. */
#ifndef EPI_DUMP_H
#define EPI_DUMP_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../incident/incident.h"
#include "../unwind/stack.h"

#include <signal.h>

struct epi_repeat;

/* Why there is a dump, and so whose stack comes first. */
enum epi_dump_kind {
    EPI_DUMP_CALL,   /* by a call: the caller's */
    EPI_DUMP_NATIVE, /* the same, and nothing else: each frame as a place in a file */
    EPI_DUMP_TIMEOUT, /* a time has passed: no thread's */
    EPI_DUMP_SIGNAL, /* a thread got a signal: that thread's */
};

struct epi_dump {
    enum epi_dump_kind kind;
    struct epi_fd output; /* stays open */
    uint64_t timeout;     /* ns for all of it, as long as output takes text */
    uint32_t max_frames;  /* as in struct epi_config */
    uint32_t max_threads;
    bool native_stack;
    bool json; /* one line */
    bool all_threads; /* and goroutines; or the first stack alone */
    bool idle_threads; /* also the stacks of those that wait for work */
    bool interrupt;   /* ask also threads whose system call will then fail with
                         EINTR; without it their stacks are read from outside */
    uintptr_t from;   /* of a call: the return address into the frame that is
                         shown first; 0: all are */
    uint64_t patience; /* ns to wait for other dumps; 0: until they are done */
    uint64_t passed;   /* of a timeout: ns */
    uint64_t silence;  /* and of a watchdog: ns since its last beat; else 0 */
    struct epi_repeat *repeat; /* a timeout that comes again; else NULL */
    /* Of a signal: its number, how many more came and have no dump of their own,
     * the thread that got it, and its stack then. */
    int signal;
    const siginfo_t *info; /* what came with it; NULL: not known */
    uint64_t counted;
    const struct epi_subject *subject;
    const struct epi_stack *stack;
};

/* Writes a dump, as a report without a headline.  The core must be on; waits its
 * turn when another dump is under way.  On any thread, the core's dumper included;
 * not in a handler.  Where the output is not the file any more that it was, the
 * dump goes where the reports of crashes go.
 *
 * ENODEV: the core is off.  ECANCELED: there is a crash, or it came in between
 * and has taken over.  EBADF: no such output.  EBUSY: the turn did not come.
 * EADDRINUSE: another handler gets the faults of loads, and the kernel does
 * not help out.  ETIMEDOUT, EFAULT: a stage was given up, as the text says.  What a
 * write failed with. */
EPI_SAFE int epi_dump(const struct epi_dump *dump);

/* Takes the turn without dumping, so that no other thread does; false when there is
 * a crash, or after PATIENCE ns unless that is 0. */
EPI_SAFE bool epi_dump_lock(uint64_t patience);
EPI_SAFE void epi_dump_unlock(void);

#endif
