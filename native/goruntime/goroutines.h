/* Asking Go for its goroutines after a fault.
 *
 * A fault on one thread leaves the others running, Go's scheduler among them.
 * Two goroutines wait for the question (package handler): one in a system call
 * on its own thread, which a free P takes up within 20 us, and one on a timer,
 * which the scheduler runs ahead of its queues when no P is free.  The first of
 * them answers, into memory that was got while the process was healthy.
 *
 * The system call is a futex's.  An eventfd would do the same, but is a
 * descriptor: a program that closes what it does not know (closefrom) takes it
 * away, or has its number for a file of its own; and a forked child that writes
 * to it wakes the parent's goroutines. */
#ifndef EPI_GOROUTINES_H
#define EPI_GOROUTINES_H

#include "../base/base.h"

struct epi_asker {
    uint32_t healthy;   /* there is no crash, it is for a dump */
    int32_t thread;     /* the thread that crashed, or asks for a dump */
    uint64_t goroutine; /* the goroutine that it worked for, 0: none or unknown */
};
#define EPI_ASKERS 4

/* What C and Go share.  The numbers of questions only grow, so an answer that
 * comes too late is not taken for that to the next question.  Both sides use
 * atomic operations; the types are plain because cgo knows no others. */
struct epi_goroutines {
    uint32_t asked;     /* by C: the number of the question, 0 before the first */
    uint32_t reserved;  /* by C: the last number that a question may have */
    uint32_t started;   /* by Go: the question for which it stops the world */
    uint32_t claimed;   /* by Go: and which is being answered; by C: or which
                           needs no answer any more */
    uint32_t done;      /* by Go: and which is answered: size and text are set */
    uint32_t wake;      /* by both: changed after anything that a waiter should see */
    uint32_t on;        /* by Go: a goroutine waits for questions */
    /* By C, before asked: who asks under a number, by its remainder.  A dump may be stopped
     * while it fills in its own, and a crash ask under the next number meanwhile. */
    struct epi_asker asker[EPI_ASKERS];
    uint64_t size;      /* by Go: bytes at text */
    /* The program's crash hook (oncrash.c), after the report. */
    uint32_t wanted;    /* by Go: enum epi_last_act (epi_goroutines_want_call) */
    uint32_t called;    /* by C, or by the goroutine that has died: its time has come; report and until are set */
    uint32_t taken;     /* by Go: a goroutine runs it; by C: it is too late */
    uint32_t told;      /* by Go: its context has ended */
    uint32_t ended;     /* by Go: it has finished, one way or another */
    uint32_t ending;    /* by C: enum epi_ending; set before called */
    uint64_t until;     /* when its deadline expires; monotonic */
    uint64_t report_size;
    char *report;       /* EPI_GOROUTINES_REPORT bytes, for a copy of the report */
    char *text;         /* EPI_GOROUTINES_TEXT bytes, for the answer */
    char *scratch;      /* EPI_GOROUTINES_SCRATCH bytes, for Go's work on it */
};

/* Address space; only what is used becomes memory.  The text of 10 000
 * goroutines with 10 calls each is 8.5 MB of scratch. */
#define EPI_GOROUTINES_TEXT ((size_t)4 << 20)
#define EPI_GOROUTINES_REPORT ((size_t)1 << 20)
#define EPI_GOROUTINES_SCRATCH ((size_t)32 << 20)

/* The memory, got at the first call and kept; NULL when there is none.  For a
 * healthy process, calls one at a time. */
struct epi_goroutines *epi_goroutines_memory(void);

/* What Go exits with when it has died. */
#define EPI_GO_STATUS 2

/* Who ends the process after the crash hook, and how: C where C has crashed, otherwise
 * the goroutine that has died (resume.h). */
enum epi_ending { EPI_ENDING_C, EPI_ENDING_EXIT, EPI_ENDING_ABORT };

/* The crash hook: there is none; there is one, which after a panic runs in a copy
 * of the process; or for which the process itself goes on then.  After a crash in C it
 * runs in the process in either case. */
enum epi_last_act { EPI_LAST_ACT_NONE, EPI_LAST_ACT_COPY, EPI_LAST_ACT_RESUME };

/* What became of a question. */
enum epi_goroutines_answer {
    EPI_GOROUTINES_NOT_ASKED,
    EPI_GOROUTINES_ANSWERED,
    EPI_GOROUTINES_NO_P,
    EPI_GOROUTINES_NO_STOP,
    EPI_GOROUTINES_GO_FAILED
};

/* Says which crash hook there is; the same. */
void epi_goroutines_want_call(struct epi_goroutines *live, enum epi_last_act want);

#endif
