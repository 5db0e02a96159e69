/* Dying of the original signal, so that the exit status tells it and a core
 * dump shows the fault as frame 0.  The steps, each there because the simpler
 * way was seen to fail:
 *
 *  0. Loads are left to the kernel: a dump on another thread, and the threads that it
 *     has asked, may be about to read what is not there, and the process would die
 *     of that fault.
 *  1. The default action for all seven: abort() executes hlt when SIGABRT does
 *     not kill, and another thread may fault now.
 *  2. The original siginfo is queued while the signal is blocked here and
 *     unblocked in the mask that sigreturn restores: it is delivered there, at
 *     the faulting PC.  raise() would be delivered here, and the core's frame 0
 *     would be this handler; returning alone does not kill after int3, a
 *     seccomp SIGSYS or a signal that was sent.
 *  3. int3 and a refused system call are stepped back, to repeat.
 *  4. The kernel discards a queued signal whose action is the default when the
 *     receiver is PID 1 of its namespace (kernel/signal.c, SIGNAL_UNKILLABLE).
 *     A fault that repeats kills even PID 1; for the rest there is only
 *     exit_group with the status that a shell would show.
 *  5. Return.  The helper thread ends a process that still lives a second
 *     later. */
#include "terminate.h"
#include "actions.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../record/notes.h"

EPI_SAFE void epi_abort(void)
{
    struct epi_sigaction action;
    epi_zero(&action, sizeof action);
    epi_sigaction(SIGABRT, &action, NULL);
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(SIGABRT));
    epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), SIGABRT, 0, 0, 0);
}

/* A load that has begun is over when its thread has had a CPU. */
#define OTHERS_MS 100

static EPI_SAFE bool others_read(void)
{
    uint64_t dumper = epi_process()->dump.owner;
    return (dumper != 0 && dumper != epi_self()) || epi_process()->receivers > 0;
}

static EPI_SAFE void end_loads(void)
{
    epi_peek_use_calls();
    for (int i = 0; i < OTHERS_MS && others_read(); i++) {
        epi_pause(EPI_MS);
    }
}

EPI_SAFE void epi_terminate(int signal, const siginfo_t *info, ucontext_t *uc)
{
    struct epi_sigaction action;
    struct epi_incident *crash = &epi_process()->crash;
    epi_arch_step_back(uc, info); /* looks at the code, while that may fault */
    if (crash->owner == epi_self()) {
        crash->deadline = epi_now() + EPI_SECOND;
        crash->phase = EPI_PHASE_TERMINATING;
    }
    if (!epi_process_is_child())
        end_loads();

    epi_zero(&action, sizeof action);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_fatal[i] != SIGSYS && !epi_sigaction(epi_fatal[i], &action, NULL))
            epi_exit(128 + signal); /* refused by a filter */

    epi_sigmask(SIG_BLOCK, epi_mask_of(signal));
    *(uint64_t *)(void *)&uc->uc_sigmask &= ~epi_mask_of(signal);
    bool queued = epi_sigqueue(epi_gettid(), signal, info);
    /* Last: a filter that traps one of these calls must not decide what the
     * process dies of. */
    bool first = epi_getpid() == 1;
    epi_sigaction(SIGSYS, &action, NULL);

    if (crash->forked) {
        /* The memory may be the parent's too (vfork), and its crashes are to
         * come. */
        epi_incident_clear(crash);
        epi_notes_freeze(EPI_NOTES_OPEN);
        crash->sent = 0; /* to this process */
        crash->owner = 0;
    }
    if (!queued || (first && !epi_arch_repeats(info)))
        epi_exit(128 + signal);
}
