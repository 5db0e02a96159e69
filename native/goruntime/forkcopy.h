/* Go, once more, after it has died: in a copy of the process.
 *
 * Two things are done there: the value of the panic is printed in full, for the report;
 * and the crash hook is run, after the report, unless the program wants the
 * process itself to go on for it (resume.h).
 *
 * A goroutine that dies of a panic still has the value on its stack, but of an
 * error Go prints the text of Error() alone, and to see more takes methods of
 * the program's, run by a goroutine.  In the dying process that cannot be: the
 * world is frozen, and what fails there a second time ends it at once.  In a
 * fork of it nothing can be lost.  The goroutine is the thread that forks, so it
 * exists in the copy, with its P; all others do not.  There it goes on in a
 * function of package handler, writes its answer into memory that both share,
 * and ends.  A copy that faults, waits for a lock that a thread held, or for the
 * collector, is no loss: it is killed when its deadline expires. */
#ifndef EPI_FORKCOPY_H
#define EPI_FORKCOPY_H

#include "../base/base.h"

#include <ucontext.h>

#define EPI_FORKCOPY_TEXT ((size_t)64 << 10)

/* A copy gets so long; on an idle machine it takes a millisecond. */
#define EPI_FORKCOPY_PATIENCE (400 * EPI_MS)

/* What the copy is for. */
enum epi_forkcopy_task { EPI_FORKCOPY_TELL_PANIC, EPI_FORKCOPY_LAST_ACT };

/* What the copy and the process share.  Written by the copy; plain types, because
 * cgo knows no atomic ones. */
struct epi_forkcopy_area {
    uint32_t task;    /* by the process: enum epi_forkcopy_task */
    uint32_t attempt; /* the same: how often it has asked before */
    uint32_t answer;  /* enum epi_forkcopy_answer; last, and atomic */
    uint32_t size;    /* bytes at text */
    uint64_t whole_size; /* before it was cut */
    char text[EPI_FORKCOPY_TEXT];
};

enum epi_forkcopy_answer {
    EPI_FORKCOPY_NONE,    /* yet */
    EPI_FORKCOPY_TEXT_IS, /* the text is there */
    EPI_FORKCOPY_OTHER,   /* the value is not what Go has printed: freed, or changing */
    EPI_FORKCOPY_NO_VALUE, /* no panic is what the goroutine dies of */
    EPI_FORKCOPY_ACTED    /* the crash hook has finished */
};

struct epi_forkcopy {
    struct epi_forkcopy_area *area; /* NULL: there is none */
    uintptr_t entry; /* of the function of Go's (ABI0) that the copy goes on in */
    int pid;         /* of the copy that is at it, written by the kernel; 0: none is */
};

/* What became of a question. */
struct epi_forkcopy_result {
    enum epi_forkcopy_answer answer;
    int error;      /* errno of the fork that failed, or 0 */
    bool too_large; /* it was not tried: to copy the page tables takes too long */
    bool ended;     /* the copy has, by itself */
};

/* Gets the memory, once.  NULL when there is none.  For a healthy process, calls one
 * at a time. */
struct epi_forkcopy_area *epi_forkcopy_prepare(uintptr_t entry);

/* Is UC a goroutine in runtime.raise, as Go's panic ends?  Only from there does the
 * copy go on. */
EPI_SAFE bool epi_forkcopy_fits(const ucontext_t *uc);

/* Ends the copy that is at it, if any: of a question that was given up in the middle. */
EPI_SAFE void epi_forkcopy_end(void);

/* Has a copy of the process do TASK, in which the thread goes on from UC, a frame that
 * the kernel has pushed.  Waits until END, and longer by what the copy has waited for a
 * processor, but not beyond LATEST. */
EPI_SAFE struct epi_forkcopy_result epi_forkcopy_ask(ucontext_t *uc, enum epi_forkcopy_task task,
                                                     uint64_t end, uint64_t latest);

#endif
