/* Go's part in the life of a crash: its own faults, panics and fatal errors.
 *
 * What Go dies of is an unrecovered panic, a fatal error, or a signal
 * that it dies of after its dump.  It has printed all that it has to say by then,
 * and that is not touched: not a byte is added to standard error, and the exit
 * status stays what it would be.  The report goes to places of its own: a file in
 * a directory, an output that is not standard error, the black box.
 *
 * The world is frozen (runtime/panic.go, startpanic_m), so no goroutine answers
 * any more; the newest snapshot stands in. */
#include "gofatal.h"
#include "host.h"
#include "owner.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../record/box.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../signals/hosts.h"
#include "../goruntime/traceback_bit.h"
#include "../goruntime/gofault.h"
#include "../goruntime/goparts.h"
#include "../goruntime/goroutines.h"
#include "../goruntime/resume.h"
#include "../report/places.h"
#include "../report/report.h"
#include "../report/report_parts.h"
#include "../report/settle.h"

#include <stdatomic.h>

/* Is there an output for a report, or a crash hook to call? */
static EPI_SAFE bool wanted(const struct epi_options *options)
{
    return options->directory.fd >= 0 || epi_box.attached ||
           epi_places_has_own(options) || options->termination.fd >= 0 || options->json ||
           epi_oncrash_wants_copy(options) || epi_resume_wanted();
}

/* The calling thread owns CRASH. */
static EPI_SAFE void report_death(struct epi_incident *crash, ucontext_t *uc, bool programs)
{
    crash->go_death = crash->apart = true;
    crash->go_failed = true;
    epi_report_settle(crash); /* memory is looked at */
    /* Of a panic; a fatal error ends on the scheduler's stack. */
    crash->subject.goroutine = epi_goroutine_id(epi_go_g(epi_program.go));
    if (!programs)
        crash->status = EPI_GO_STATUS;
    epi_report_on_own_stack(crash);
    epi_resume_go_on(crash, uc, programs);
    epi_oncrash_run_in_copy(crash, uc);
    crash->phase = EPI_PHASE_CHAINED;
}

EPI_SAFE void epi_go_dies(struct epi_incident *crash, int signal, const siginfo_t *info,
                          ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    bool programs = epi_traceback_bit_programs(), mine = false;
    uint64_t self = epi_self(), owner = crash->owner;
    if (options != NULL && options->quiet)
        options = NULL;
    if (epi_resume_over(crash)) {
        crash->phase = EPI_PHASE_CHAINED;
    } else if (options != NULL && owner >> 32 == self >> 32) {
        /* Memory that a crash has damaged may be what Go has come across while
         * it listed its goroutines.  The report goes on without them.  The crash hook
         * goes on, too, whoever has the thread now. */
        if (crash->phase == EPI_PHASE_LAST_ACT ||
            (owner != self && crash->phase != EPI_PHASE_CHAINED)) {
            crash->go_failed = true;
            mine = epi_crash_park(crash, options, signal, info, uc);
        }
    } else if (options != NULL && wanted(options)) {
        mine = epi_crash_take(crash, self) || epi_crash_park(crash, options, signal, info, uc);
    }
    if (mine && !wanted(options)) /* the other crash was repaired; this one has no taker */
        epi_crash_end(crash);
    else if (mine && epi_crash_begin(crash, signal, info, uc))
        report_death(crash, uc, programs);
    if (!programs)
        epi_exit(EPI_GO_STATUS);
}

/* On a stack that is none of a goroutine's a fault cannot become a panic: Go's
 * handler will end the process (runtime/signal_unix.go, sighandler).  So it is
 * when the collector comes across damaged memory.  False also when that is not
 * known. */
static EPI_SAFE bool deadly(int signal, const siginfo_t *info)
{
    uintptr_t g = epi_go_g(epi_program.go);
    uint64_t id;
    return epi_program.go->goid != 0 && epi_peek64(&id, g + epi_program.go->goid) && id == 0 &&
           !epi_forwarded_by_go(signal, info);
}

/* On a goroutine's own stack Go's handler makes a panic of these three, and does not ask for the
 * bit (runtime/signal_unix.go, sighandler; but in the few instructions of the runtime around a
 * system call, where g.throwsplit is set).  It stays set, then: another thread may be about to
 * die of a panic, and without the bit there would be no report of that. */
static EPI_SAFE bool becomes_panic(int signal)
{
    uint64_t id;
    return (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE) &&
           epi_program.go->goid != 0 &&
           epi_peek64(&id, epi_go_g(epi_program.go) + epi_program.go->goid) && id != 0;
}

EPI_SAFE EPI_ON_FAULT const struct epi_sigaction *
epi_go_action_for(int signal, const struct epi_sigaction *next)
{
    bool panics = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE;
    return panics && epi_actions.go.handler != 0 ? &epi_actions.go : next;
}

/* Of a page that is there for others, or may be: a write barrier, a file that is mapped when it
 * is read.  The first page is nobody's, and its faults are Go's nil dereferences.  A handler
 * that the kernel would call on a goroutine's stack has no room there. */
EPI_SAFE bool epi_go_fault_is_open(const struct epi_sigaction *next, int signal,
                                   const siginfo_t *info, const ucontext_t *uc)
{
    uintptr_t handler = next->handler;
    if (handler <= (uintptr_t)SIG_IGN || handler == epi_actions.go.handler ||
        (next->flags & SA_ONSTACK) == 0 ||
        uc->uc_link != NULL) /* it was asked, and has called the core's */
        return false;
    bool memory = epi_fault_of_memory(info);
    if (memory && (uintptr_t)info->si_addr < 4096)
        return false;
    return becomes_panic(signal) && (memory || epi_host_resolves(handler));
}

/* Reports a fault that Go dies of, before Go does. */
static EPI_SAFE void report_fault(struct epi_incident *crash, int signal, const siginfo_t *info,
                                  ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    if (options == NULL || options->quiet || !wanted(options) ||
        !epi_crash_take(crash, epi_self()) || !epi_crash_begin(crash, signal, info, uc))
        return;
    epi_report_settle(crash);
    crash->apart = true;
    crash->status = EPI_GO_STATUS;
    epi_report_on_own_stack(crash);
    crash->deadline = epi_now() + crash->options->deadline;
    crash->phase = EPI_PHASE_CHAINED;
}

/* Go's handler dies of it when a handler without SA_ONSTACK has called the core's, or C has
 * taken the thread's signal stack away (runtime/signal_unix.go, adjustSignalStack). */
static EPI_SAFE bool on_signal_stack(const ucontext_t *uc)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t bottom = (uintptr_t)uc->uc_stack.ss_sp;
    return (uc->uc_stack.ss_flags & SS_DISABLE) == 0 && here - bottom < uc->uc_stack.ss_size;
}

/* There is no report: Go turns the fault into a panic or, on a stack that is not a
 * goroutine's, lets its handler end the process.
 *
 * While another thread's crash is being reported, the memory that Go lists its
 * goroutines from may be damaged.  Its handler may make a panic of it that is
 * recovered; but if the handler itself faults, with every signal blocked, the
 * kernel kills the process in mid-report.  So the fatal signals stay open then,
 * and a thread that faults on its signal stack waits for the end. */
EPI_SAFE void epi_go_faults(struct epi_incident *crash, const struct epi_sigaction *previous,
                            int signal, siginfo_t *info, ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    uint64_t owner = crash->owner;
    bool meanwhile = false;
    if (options != NULL && owner != 0 && crash->phase == EPI_PHASE_REPORTING) {
        uint64_t self = epi_self();
        meanwhile = owner != self && owner >> 32 == self >> 32;
    }
    uintptr_t bottom = (uintptr_t)uc->uc_stack.ss_sp;
    if (meanwhile && (uc->uc_stack.ss_flags & SS_DISABLE) == 0 &&
        epi_arch_sp(uc) - bottom < uc->uc_stack.ss_size) {
        crash->go_failed = true;
        if (!epi_crash_park(crash, options, signal, info, uc))
            return;
        /* That crash was repaired, and this fault does not repeat: it is as any other. */
        epi_crash_end(crash);
        owner = 0;
        meanwhile = false;
    }
    if (!meanwhile) {
        epi_gofault_keep(signal, info, uc);
        if (owner == 0 && deadly(signal, info))
            report_fault(crash, signal, info, uc);
        /* With the bit set, the exit is reported. */
        bool entered = !becomes_panic(signal) && on_signal_stack(uc) && epi_traceback_bit_enter();
        epi_chain(previous, signal, info, uc, false);
        epi_traceback_bit_leave(entered);
        return;
    }
    struct epi_sigaction open = *previous;
    open.mask &= ~epi_fatal_mask();
    open.flags |= SA_NODEFER;
    epi_chain(&open, signal, info, uc, false);
}
