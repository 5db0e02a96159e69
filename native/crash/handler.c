/* What happens to a fatal signal, from the kernel's call on.  The cases in the order in
 * which they are looked at, down to the table at the end of the file:
 *
 *   a system call that the program emulates . its handler
 *   a note in a black box that was truncated  ordinary memory under it
 *   a load of peek.c that failed ............ skip it
 *   g cannot be read ........................ there is none
 *   seccomp refuses the reporter a call ..... the call fails
 *   sent to the process, and not for this
 *     thread: the core's own, or one that
 *     takes the signal for blocked .......... sent once more
 *   a panic or fatal error of Go ............ gofatal.c
 *   Go's own fault .......................... Go's handler, untouched; or a host's, which
 *     may be waiting for it
 *   a fault of the reporter itself .......... leave the stage
 *   the core is off, or only dumps .......... what would have happened without it
 *   in a handler of the host that was asked . its way to give up: report, terminate
 *   it was sent or raised, but not by abort(),
 *     and the program wants it or ignores it  Go's handler, or nothing
 *   the same, while a crash is reported ..... keep it, should the program live on
 *   a host's, whose business faults may be .. ask it; resolved: nothing happened
 *   otherwise ............................... own it, report, terminate; or park
 *
 * The order matters: recovered nil dereferences of Go pass here by the million,
 * so what is Go's is found without a system call. */
#include "handler.h"
#include "askend.h"
#include "askhost.h"
#include "gofatal.h"
#include "host.h"
#include "owner.h"
#include "sent.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/code.h"
#include "../memory/maps.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../unwind/golayout.h"
#include "../unwind/gostack.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../record/box.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../signals/terminate.h"
#include "../threads/masks.h"
#include "../threads/newthread.h"
#include "../threads/resend.h"
#include "../threads/service.h"
#include "../goruntime/gofault.h"
#include "../goruntime/traceback_bit.h"
#include "../goruntime/resume.h"
#include "../report/report.h"
#include "../report/settle.h"
#include "../report/stage.h"

#include <stdatomic.h>

/* A PC where nothing can be executed.  Modules that were loaded since the
 * table was filled, and code that a JIT compiler wrote, are in none of them:
 * the kernel is asked, but only about an address that could be code. */
static EPI_SAFE bool executable(uintptr_t pc)
{
    const struct epi_modules *modules = epi_program.modules;
    struct epi_mapping mapping;
    if (modules != NULL && epi_modules_find_text(modules, pc) != NULL)
        return true;
    return pc >= 4096 && pc < EPI_USER_END && epi_maps_find(pc, &mapping, NULL) &&
           (mapping.prot & EPI_PROT_EXEC) != 0;
}

/* A fault of Go's own code, which it may turn into a panic that is recovered.
 * Its PC is in Go text; or, for the call of a nil func value, the PC is no code
 * and the call returns into Go text (runtime/signal_amd64.go, preparePanic).
 * Without a g this is the border itself (crosscall2) on a C thread, where
 * Go's handler would raise the signal again and hang as PID 1. */
static EPI_SAFE EPI_ON_FAULT bool fault_of_go(const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    uint64_t caller;
    if (info->si_code <= 0)
        return false;
    if (go != NULL && !epi_in(go->text, epi_arch_pc(uc)))
        epi_gomodules_follow(go);
    if (epi_go_text(go, epi_arch_pc(uc)))
        return epi_go_g(go) != 0;
    /* A C function that ends in such a call, and was called by asmcgocall
     * itself, has left Go's return address there, but the call was C's. */
    return info->si_signo == SIGSEGV && go != NULL &&
           epi_arch_return_address(uc, &caller) && epi_go_text(go, caller) &&
           !executable(epi_arch_pc(uc)) && !epi_gostack_calls_c(go, caller - 1) &&
           epi_go_g(go) != 0;
}

/* The load of g goes through the thread pointer, which the crash may have
 * damaged. */
static EPI_SAFE EPI_ON_FAULT bool fault_of_getg(const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    return go != NULL && go->getg != 0 && epi_arch_pc(uc) - go->getg < EPI_GETG_SIZE;
}

/* After its own report Go calls runtime.raise(SIGABRT)
 * (runtime.dieFromSignal), which is a tgkill.  A Go program that sends itself the
 * signal makes the system call elsewhere; so does the goroutine that has run the
 * program's crash hook (cgo.Live.End). */
static EPI_SAFE EPI_ON_FAULT bool last_act_of_go(const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    struct epi_func function;
    if (info->si_signo != SIGABRT || info->si_code != SI_TKILL || info->si_pid != epi_getpid())
        return false;
    epi_gomodules_follow(go); /* a plugin has a runtime.raise of its own */
    if (!epi_go_text(go, epi_arch_pc(uc)))
        return false;
    go = epi_go_at(go, epi_arch_pc(uc));
    if (epi_resume_over(&epi_process()->crash))
        return true;
    return !go->tables || (epi_pclntab_find(go, epi_arch_pc(uc), &function) &&
                           epi_streq(epi_pclntab_function(go, &function), "runtime.raise"));
}

/* Has Go's handler something to say on this thread, which runs Go, or C on behalf of a
 * goroutine?  A C thread that has run Go has a g, too, and perhaps return addresses that
 * were left on its stack. */
static EPI_SAFE bool runs_go(const struct epi_incident *crash)
{
    const struct epi_stack *stack = &crash->stack;
    for (uint32_t i = 0; i < stack->count && stack->frame[i].how != EPI_HOW_SCAN; i++)
        if ((stack->frame[i].flags & EPI_FRAME_GO) != 0)
            return true;
    return false;
}

static EPI_SAFE bool calls_c(const struct epi_incident *crash, uintptr_t g)
{
    return crash->stack.crossed_asmcgocall || epi_gostack_goroutine(epi_program.go, g) != 0;
}

/* After the report: a host's handler always gets its turn, Go's when the
 * program asked for it or the report lacks something: its dump needs no P.
 * On a thread that C created Go's would print nothing and, as PID 1, hang. */
static EPI_SAFE void finish(struct epi_incident *crash, int signal, siginfo_t *info,
                            ucontext_t *uc, bool called)
{
    const struct epi_sigaction *next = epi_action_turn(signal);
    bool go = next->handler == epi_actions.go.handler && next->handler != 0;
    bool lacking = crash->failure_count > 0 || crash->goroutines_missing;
    if (go && !epi_forwarded_by_go(signal, info)) {
        /* A Go that has died already holds its locks for ever. */
        uintptr_t g = crash->forked || crash->go_failed ? 0 : epi_go_g(epi_program.go);
        bool chain = crash->options->chain;
        if (g != 0 && (((chain || lacking) && calls_c(crash, g)) || (chain && runs_go(crash)))) {
            crash->deadline = epi_now() + crash->options->deadline;
            crash->phase = EPI_PHASE_CHAINED;
            epi_traceback_bit_enter();
            epi_chain(next, signal, info, uc, called);
        }
    } else if (next->handler > (uintptr_t)SIG_IGN) {
        if (epi_chain_host(crash, next, signal, info, uc, called))
            return;
    }
    epi_terminate(signal, info, uc);
}

/* What would have happened without Epitaph. */
static EPI_SAFE void hand_on(const struct epi_sigaction *next, int signal, siginfo_t *info,
                             ucontext_t *uc, bool called)
{
    epi_chain(next, signal, info, uc, called);
    if (next->handler == (uintptr_t)SIG_DFL ||
        (next->handler == (uintptr_t)SIG_IGN && info->si_code > 0))
        epi_terminate(signal, info, uc);
}

/* Go has marked the signal as one that it does not handle any more, so that its handler
 * sends it on to what was there when Go took it over (runtime/signal_unix.go, sigfwdgo):
 * which is ours, perhaps, in front of what was there before. */
static EPI_SAFE const struct epi_sigaction *behind_go(int signal)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    const struct epi_sigaction *next = epi_action_turn(signal);
    bool ours = slot->go_has_ours && next->handler == epi_actions.go.handler;
    return ours ? &slot->before_go : next;
}

/* ---- the cases: each says whether the signal has been dealt with ---- */

struct arrival {
    int signal;
    siginfo_t *info;
    ucontext_t *uc;
    struct epi_incident *crash;
    /* In c-shared and c-archive mode Go handles only some of the seven. */
    const struct epi_sigaction *next;
    int tid;     /* known from host_gives_up on */
    bool called; /* by a handler that has ours as its next, not by the kernel */
};

/* Quiet: only dumps need the core.  NULL: disabled, but a later handler kept ours as its
 * next. */
static EPI_SAFE EPI_ON_FAULT bool is_off(void)
{
    const struct epi_options *options = epi_incidents.options;
    return (options == NULL || options->quiet) && !epi_crashing();
}

static EPI_SAFE EPI_ON_FAULT bool access_works_now(struct arrival *a)
{
    return (a->signal == SIGSEGV || a->signal == SIGBUS) &&
           (epi_box_fault(a->info) || epi_peek_fixup(a->info, a->uc));
}

static EPI_SAFE EPI_ON_FAULT bool g_is_none(struct arrival *a)
{
    if ((a->signal != SIGSEGV && a->signal != SIGBUS) || !fault_of_getg(a->uc))
        return false;
    epi_arch_return(a->uc, 0);
    return true;
}

/* Syscall User Dispatch (prctl): until the program's handler has said otherwise each system
 * call of this thread comes here, the core's too. */
static EPI_SAFE EPI_ON_FAULT bool is_dispatched(struct arrival *a)
{
    uintptr_t next = a->next->handler;
    if (a->signal != SIGSYS || a->info->si_code != EPI_SYS_USER_DISPATCH ||
        next <= (uintptr_t)SIG_IGN || next == epi_actions.go.handler)
        return false;
    epi_chain_call(epi_action_turn(a->signal), a->signal, a->info, a->uc);
    return true;
}

/* A filter that traps system calls does so to the reporter's too.  Each of them
 * may fail, and then something is missing from the report. */
static EPI_SAFE EPI_ON_FAULT bool call_fails(struct arrival *a)
{
    if (a->signal != SIGSYS || a->info->si_code != EPI_SYS_SECCOMP ||
        epi_arch_pc(a->uc) != (uintptr_t)epi_arch_syscall_end)
        return false;
    epi_arch_fail_syscall(a->uc);
    return true;
}

static EPI_SAFE EPI_ON_FAULT bool goes_elsewhere(struct arrival *a)
{
    return epi_service_passes(a->signal, a->info, a->uc) ||
           epi_mask_passes(a->signal, a->info, a->uc) ||
           epi_newthread_passes(a->signal, a->info, a->uc);
}

static EPI_SAFE EPI_ON_FAULT bool go_dies(struct arrival *a)
{
    if (!last_act_of_go(a->info, a->uc))
        return false;
    int tid = epi_gettid();
    if (epi_actions.go_raised == tid) { /* our next calls Go's, which sends it on to us */
        epi_terminate(a->signal, a->info, a->uc);
        return true;
    }
    epi_host_died_in_go(tid, a->uc);
    epi_go_dies(a->crash, a->signal, a->info, a->uc);
    epi_actions_go_raised(tid);
    /* One that is ignored Go makes deadly. */
    hand_on(behind_go(a->signal), a->signal, a->info, a->uc, a->called);
    return true;
}

/* What Go may die of is kept first: the handler may hand it on to Go by itself. */
static EPI_SAFE bool repaired(struct arrival *a, const struct epi_sigaction *go)
{
    if (is_off()) {
        epi_chain_next(a->signal, a->info, a->uc, false);
        return true;
    }
    epi_gofault_keep(a->signal, a->info, a->uc);
    return epi_host_asked_for_go(a->next, go, a->signal, a->info, a->uc);
}

static EPI_SAFE EPI_ON_FAULT bool go_faults(struct arrival *a)
{
    const struct epi_sigaction *go = epi_go_action_for(a->signal, a->next);
    if (go->handler <= (uintptr_t)SIG_IGN || !fault_of_go(a->info, a->uc))
        return false;
    if (a->called || !epi_go_fault_is_open(a->next, a->signal, a->info, a->uc) ||
        !repaired(a, go))
        epi_go_faults(a->crash, go, a->signal, a->info, a->uc);
    return true;
}

/* On the thread that reports: an incident's stage, or the way in, out or on. */
static EPI_SAFE EPI_ON_FAULT bool reporter_faults(struct arrival *a)
{
    const struct epi_process *process = epi_process();
    if (process->crash.owner == 0 && process->dump.owner == 0) /* spares two system calls */
        return false;
    struct epi_incident *incident = epi_incident_of(epi_self());
    bool sent = a->info->si_code <= 0, dump = incident == &epi_process()->dump;
    int phase = incident == NULL ? EPI_PHASE_NONE : incident->phase;
    if (incident == NULL || (dump && (sent || phase != EPI_PHASE_REPORTING)) ||
        (epi_sent_from_outside(a->info) && phase <= EPI_PHASE_LAST_ACT))
        return false;
    switch (phase) {
    case EPI_PHASE_REPORTING:
        epi_stage_fault(incident, a->signal, a->info, a->uc);
        return true;
    case EPI_PHASE_NONE:
        if (sent)
            return true; /* it was pending when its signal was unblocked */
        break;
    case EPI_PHASE_LEFT:
        epi_chain_await_end(incident);
        return false;
    case EPI_PHASE_HOST: /* another fault; or it calls ours, which it has saved, for this one */
        if (!(a->called && a->uc == incident->uc) &&
            (epi_chain_left(incident, a->uc) || epi_sent_by_another(a->info)))
            return false; /* a signal that was pending until the handler's end is kept */
        break;
    case EPI_PHASE_LAST_ACT: /* another goroutine has the thread by now */
        epi_crash_park(incident, incident->options, a->signal, a->info, a->uc);
        return true;
    default:
        break;
    }
    epi_terminate(a->signal, a->info, a->uc);
    return true;
}

static EPI_SAFE EPI_ON_FAULT bool core_is_off(struct arrival *a)
{
    if (!is_off())
        return false;
    hand_on(epi_action_turn(a->signal), a->signal, a->info, a->uc, a->called);
    return true;
}

/* After the report a handler of the host sets the default action and sends the process its
 * signal, to die of it: the kernel prefers the first thread. */
static EPI_SAFE bool host_ends_it(const struct arrival *a)
{
    return a->crash->owner != 0 && a->crash->phase == EPI_PHASE_HOST &&
           a->info->si_pid == epi_getpid() && a->next->handler == (uintptr_t)SIG_DFL;
}

/* A thread that was stopped for it might be one that the report, or the crash hook,
 * needs: the one that has a P of Go's.  A channel of Go's gets nothing where C has set the
 * default since. */
static EPI_SAFE EPI_ON_FAULT bool comes_from_outside(struct arrival *a)
{
    if (epi_sent_is_ignored(a->signal, a->info, a->uc))
        return true;
    bool outside = epi_sent_from_outside(a->info);
    if (!outside && !epi_sent_to_channel(a->signal, a->info, a->uc))
        return false;
    if (outside && host_ends_it(a)) {
        epi_terminate(a->signal, a->info, a->uc);
        return true;
    }
    if (epi_crash_keep(a->crash, a->signal, a->info->si_pid))
        return true;
    if (epi_wanted_by_go(a->signal) && a->next->handler != (uintptr_t)SIG_DFL) {
        epi_chain_next(a->signal, a->info, a->uc, a->called);
        return true;
    }
    return a->next->handler == (uintptr_t)SIG_IGN;
}

static EPI_SAFE EPI_ON_FAULT bool host_gives_up(struct arrival *a)
{
    a->tid = epi_gettid();
    return epi_host_gave_up(a->next, a->tid, a->called, a->signal, a->info, a->uc);
}

static EPI_SAFE EPI_ON_FAULT bool host_resolves(struct arrival *a)
{
    return epi_host_asked(a->next, NULL, a->tid, a->called, a->signal, a->info, a->uc);
}

/* The linker defines these two for each section whose name is an identifier. */
#define SECTION(name)                                                                          \
    extern const char __start_##name[] __attribute__((visibility("hidden")));                  \
    extern const char __stop_##name[] __attribute__((visibility("hidden")))
SECTION(epi_on_fault);
SECTION(epi_on_crash);

/* A prefetch never faults, and changes nothing that a program can see. */
static inline EPI_SAFE EPI_ON_FAULT void fetch(const char *from, const char *end)
{
    const uintptr_t line = 64; /* where it is longer, some are asked for twice */
    for (uintptr_t at = (uintptr_t)from & ~(line - 1); at < (uintptr_t)end; at += line)
        __builtin_prefetch((const void *)at, 0, 2);
}

static EPI_SAFE EPI_ON_CRASH bool is_a_crash(struct arrival *a)
{
    uint64_t self = (uint64_t)(uint32_t)epi_getpid() << 32 | (uint32_t)a->tid;
    /* Not sooner: faults that end in no crash come by the million. */
    fetch(__start_epi_on_crash, __stop_epi_on_crash);
    if (!epi_crash_take(a->crash, self) &&
        !epi_crash_park(a->crash, epi_incidents.options, a->signal, a->info, a->uc))
        return true;
    bool in_vain = epi_chain_in_vain(a->crash, a->signal, a->info, a->uc);
    if (!epi_crash_begin(a->crash, a->signal, a->info, a->uc)) {
        hand_on(epi_action_turn(a->signal), a->signal, a->info, a->uc, a->called);
    } else if (in_vain) {
        epi_report_settle(a->crash); /* the helper sees to the end */
        epi_terminate(a->signal, a->info, a->uc);
    } else {
        epi_report_on_own_stack(a->crash);
        /* Where a filter refuses sigaltstack, a signal on the reporter's stack has used
         * this one again: what A says is of that signal then. */
        finish(a->crash, a->crash->signal, a->info, a->uc, a->called);
    }
    return true;
}

static bool (*const cases[])(struct arrival *) = {
    is_dispatched,  access_works_now, g_is_none,          call_fails,
    goes_elsewhere, go_dies,          go_faults,          reporter_faults,
    core_is_off,    host_gives_up,    comes_from_outside, host_resolves,
    is_a_crash,
};

EPI_SAFE EPI_ON_FAULT void epi_handler(int signal, siginfo_t *info, void *context)
{
    fetch(__start_epi_on_fault, __stop_epi_on_fault);
    siginfo_t first;
    struct arrival arrival = {signal, epi_resent(signal, info, &first), context,
                              &epi_process()->crash, epi_action_next(signal), 0,
                              EPI_CALLED(context)};
    uint64_t before = arrival.called ? epi_chain_blocked() : 0;
    for (size_t i = 0; i < EPI_COUNT(cases); i++)
        if (cases[i](&arrival)) /* EPI_SAFE: those above */
            break;
    /* The handler in front goes on, with its mask.  Of SIGNAL, epi_terminate has blocked one. */
    if (arrival.called)
        epi_sigmask(SIG_SETMASK, before | (epi_chain_blocked() & epi_mask_of(signal)));
}
