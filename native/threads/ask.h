/* Questions that the core puts to a thread by a signal of its own: the thread
 * signal, or that of the deadlines.  All have one envelope, in the value that
 * comes with the signal.
 *
 * Two things could make such a signal kill.  Its handler may be gone: a library
 * that sets all signals back, or execs nothing but calls rt_sigaction itself, is
 * seen by no wrapper.  So the kernel is asked for the action before each signal.
 * And what is pending survives execve, while its handler does not; a thread that
 * is asked may be on its way into execve, and nothing that is looked at before
 * can tell.  So the signal says that it is a timer's (SI_TIMER): what timers have
 * sent, execve throws away (fs/exec.c, begin_new_exec; kernel/signal.c,
 * flush_itimer_signals; since Linux 4.14 the code that a program passes is the
 * one that is looked for). */
#ifndef EPI_ASK_H
#define EPI_ASK_H

#include "../base/base.h"

#include <signal.h>

enum epi_question {
    EPI_ASK_CRASH,    /* your stack, for a crash; SLOT is of its table */
    EPI_ASK_DUMP,     /* the same for a dump on demand */
    EPI_ASK_ALTSTACK, /* have you an alternate stack; SLOT is of the helper's table */
    EPI_ASK_LEAVE,    /* leave the stage that EPOCH names, or the host's handler */
    EPI_ASK_HOLD,     /* end no process while a thread crashes */
};

struct epi_ask {
    enum epi_question question;
    uint32_t epoch, slot; /* what both mean is the question's */
};

/* Sends SIGNAL, which is one of the core's two, to thread TID of this process.  0, or
 * -errno: -ESRCH without such a thread, -EAGAIN when the signal's queue is full
 * (RLIMIT_SIGPENDING), -EADDRINUSE when its handler is not the core's, and
 * nothing was sent. */
EPI_SAFE int epi_ask_send(int signal, int tid, struct epi_ask ask);

/* For the handlers of both signals: was it sent by epi_ask_send of this process?  Then
 * ASK is what it asks. */
EPI_SAFE bool epi_ask_received(const siginfo_t *info, struct epi_ask *ask);

#endif
