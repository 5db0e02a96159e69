/* The evidence of a fault while a handler of the host is asked about it.
 *
 * Most of what such a handler is asked it resolves, and then nothing may be left of it: a
 * virtual machine does this a million times.  So no crash is owned meanwhile, and threads do
 * not wait for each other.  What a report would be made of stays on the stack of the core's
 * handler, where the host's was called from, and a slot of a table (incident/process.h) says where: for
 * whatever comes on this thread before the host's handler has returned, and for the
 * helper, should it never return.
 *
 * A thread is known by its number alone, which a child of vfork, with the same table, does not
 * share.  The number leads to four slots that are its own, as good as always.  Where all are
 * taken the handler is asked all the same, and what it does is judged when it returns. */
#ifndef EPI_ASKED_H
#define EPI_ASKED_H

#include "../base/base.h"
#include "../incident/process.h"

#include <signal.h>
#include <ucontext.h>

struct epi_evidence {
    _Alignas(16) unsigned char context[EPI_CONTEXT_SIZE]; /* as it was before the host's */
    siginfo_t info;
    ucontext_t *uc;             /* the kernel's frame, which the host's handler may change */
    struct epi_evidence *outer; /* of the fault in whose handler this one happened; NULL */
    struct epi_asked *slot;     /* NULL: there was no room */
    uintptr_t handler;          /* the host's */
    const struct epi_sigaction *go; /* Go's action, when the fault is of Go's code: its, when
                                       the host gives up; NULL: of other code */
    uint64_t blocked;           /* what the kernel would have blocked for it */
    uint64_t pending;           /* of that: sent meanwhile, and blocked until it has returned */
    uint64_t floats;            /* the control words of the floating-point units */
    uint64_t instruction;       /* what has faulted (crash/host.h) */
    int signal;
    uint32_t round; /* of the slot */
    bool reported; /* the host has given up, and the report is made */
    /* Called on the thread, which has been interrupted: reports the fault, with ANSWER for
     * what the host did, and returns.  GO_DIED: the world stands still. */
    void (*give_up)(struct epi_evidence *evidence, const char *answer, bool go_died);
};

static inline EPI_SAFE const ucontext_t *epi_evidence_context(const struct epi_evidence *evidence)
{
    return (const ucontext_t *)(const void *)evidence->context;
}

/* Keeps what the report of a fault needs.  EVIDENCE is on the caller's stack. */
EPI_SAFE void epi_evidence_keep(struct epi_evidence *evidence, int signal, const siginfo_t *info,
                                ucontext_t *uc);

/* The host is being asked about EVIDENCE, by the thread TID; it has answered. */
EPI_SAFE void epi_asked_begin(struct epi_evidence *evidence, int tid);
EPI_SAFE void epi_asked_end(struct epi_evidence *evidence);

/* It is in its ROUND, and will not answer any more. */
EPI_SAFE void epi_asked_drop(struct epi_asked *slot, uint32_t round);

/* The innermost fault of the calling thread TID that is being asked about; NULL: there is
 * none.  SP is where the thread is: above the handler it has jumped out, and the evidence is
 * memory that others use by now.  Then the handler is stored in RESOLVED, and the thread is
 * not asking any more; RESOLVED NULL: that is left to others. */
EPI_SAFE struct epi_evidence *epi_asked_evidence(int tid, uintptr_t sp, uintptr_t *resolved);

/* The calling thread TID has a fault of memory, INFO at UC.  Is it that of a handler that is
 * being asked and has overflowed the alternate stack?  Then the thread is not asking any more,
 * and that handler is returned; else 0.  With SP below that stack the kernel takes it for
 * unused, and has begun at its top again, over the evidence: it looks as if the thread had
 * jumped out.  But only one that has come from above can touch what is right below that stack,
 * and cannot be read. */
EPI_SAFE uintptr_t epi_asked_overflowed(int tid, const siginfo_t *info, const ucontext_t *uc);

/* Has the thread of SLOT had the same FAULT time after time, and was taken to have jumped out
 * of its handler each time?  It may be in the handler in fact, on a stack that the handler has
 * changed to, or below an alternate stack without a guard, and would be asked for ever.  True
 * now and then: then the handler had better be called with all blocked that the kernel would
 * block, which ends a thread that is in it, and no other. */
EPI_SAFE bool epi_asked_circles(struct epi_asked *slot, uint64_t fault);

/* Is EVIDENCE that of SLOT in its ROUND?  LINK is the uc_link of the frame that is at its uc
 * now: a thread that has jumped out may run another handler whose frame is at the same place,
 * with the old evidence in a part that is not written yet.  Then the mark is not there. */
EPI_SAFE bool epi_asked_owns(const struct epi_asked *slot, uint32_t round,
                             const struct epi_evidence *evidence, uintptr_t link);

/* The slot of EVIDENCE; NULL: there was none, or it has been dropped, and may be another's. */
EPI_SAFE struct epi_asked *epi_asked_slot(const struct epi_evidence *evidence);

/* A thread, any, whose fault was SIGNAL: its slot, or NULL. */
EPI_SAFE struct epi_asked *epi_asked_about(int signal);

/* Is any Go thread asking? */
EPI_SAFE bool epi_asked_on_go(void);

/* Has a thread that was asking left the handler, if its stack pointer is SP now? */
EPI_SAFE bool epi_asked_left(const struct epi_asked *slot, uintptr_t sp);

#endif
