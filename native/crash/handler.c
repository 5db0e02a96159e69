/* The life of a crash, from the kernel's call to the end of the process:
 *
 *   a note in a black box that was truncated  ordinary memory under it
 *   a load of peek.c that failed ............ skip it
 *   g cannot be read ........................ there is none
 *   seccomp refuses the reporter a call ..... the call fails
 *   Go's own fault .......................... Go's handler, untouched
 *   Go's own death .......................... gofatal.c
 *   somebody outside sent it, and the program
 *     wants it or ignores it ................ Go's handler, or nothing
 *   a fault of the reporter itself .......... leave the stage
 *   another thread owns the crash ........... keep the registers, park
 *   otherwise ............................... own it, report, terminate
 *
 * The order matters: recovered nil dereferences of Go pass here by the million,
 * so what is Go's is found without a system call. */
#include "handler.h"
#include "host.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/maps.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../unwind/gostack.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../record/box.h"
#include "../record/notes.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../signals/terminate.h"
#include "../threads/masks.h"
#include "../threads/service.h"
#include "../threads/wake.h"
#include "../goruntime/traceback_bit.h"
#include "../goruntime/resume.h"
#include "../report/report.h"
#include "../report/stage.h"

#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/time.h>

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
 * and the word at SP returns into Go text (runtime/signal_amd64.go, preparePanic).
 * Without a g this is the border itself (crosscall2) on a thread of C's, where
 * Go's handler would raise the signal again and hang as PID 1. */
static EPI_SAFE bool fault_of_go(const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    uint64_t caller;
    if (info->si_code <= 0)
        return false;
    if (epi_go_text(go, epi_arch_pc(uc)))
        return epi_go_g(go) != 0;
    /* A C function that ends in such a call, and was called by asmcgocall
     * itself, has left Go's return address at SP, but the call was C's. */
    return info->si_signo == SIGSEGV && go != NULL &&
           epi_peek64(&caller, epi_arch_sp(uc)) && epi_go_text(go, caller) &&
           !executable(epi_arch_pc(uc)) && !epi_gostack_calls_c(go, caller - 1) &&
           epi_go_g(go) != 0;
}

/* The load of g goes through the thread pointer, which the crash may have
 * damaged. */
static EPI_SAFE bool fault_of_getg(const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    return go != NULL && go->getg != 0 && epi_arch_pc(uc) - go->getg < EPI_GETG_SIZE;
}

/* A filter that traps system calls does so to the reporter's too.  Each of them
 * may fail, and then something is missing from the report. */
static EPI_SAFE bool refused_to_reporter(const siginfo_t *info, const ucontext_t *uc)
{
    return info->si_signo == SIGSYS && info->si_code == EPI_SYS_SECCOMP &&
           epi_arch_pc(uc) == (uintptr_t)epi_arch_syscall_end;
}

/* Go's last act after its own report is runtime.raise(SIGABRT)
 * (runtime.dieFromSignal), which is a tgkill.  A Go program that sends itself the
 * signal makes the system call elsewhere; so does the goroutine that has run the
 * program's own last act (cgo.Live.End). */
static EPI_SAFE bool last_act_of_go(const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    struct epi_func function;
    if (info->si_signo != SIGABRT || info->si_code != SI_TKILL ||
        !epi_go_text(go, epi_arch_pc(uc)) || info->si_pid != epi_getpid())
        return false;
    if (epi_resume_over(&epi_incidents.crash))
        return true;
    return !go->tables || (epi_pclntab_find(go, epi_arch_pc(uc), &function) &&
                           epi_streq(epi_pclntab_function(go, &function), "runtime.raise"));
}

/* By kill or sigqueue, or by another process: not the raise() of an abort(). */
static EPI_SAFE bool sent(const siginfo_t *info)
{
    return info->si_code == SI_USER || info->si_code == SI_QUEUE ||
           (info->si_code <= 0 && info->si_pid != epi_getpid());
}

/* What the owner does not know is kept for it; this thread waits for the end,
 * which is sure to come. */
EPI_SAFE void epi_crash_park(struct epi_incident *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc)
{
    uint32_t slot = atomic_fetch_add(&crash->parked_count, 1);
    if (slot < EPI_PARKED) {
        struct epi_parked *parked = &crash->parked[slot];
        parked->tid = epi_gettid();
        parked->signal = signal;
        parked->address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
        parked->pc = epi_arch_pc(uc);
        parked->uc = uc;
        epi_syscall6(SYS_prctl, PR_GET_NAME, (long)parked->name, 0, 0, 0, 0);
        parked->filled = true;
    }
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(epi_actions.thread_signal)); /* it has a stack to show */
    /* No options: just now epi_disable finds out that there is a crash. */
    uint64_t deadline = options != NULL ? options->deadline : 5 * EPI_SECOND;
    uint64_t give_up = epi_now() + 2 * deadline + EPI_SECOND;
    while (crash->owner != 0) {
        uint64_t now = epi_now();
        if (now > give_up && now > crash->deadline + EPI_SECOND)
            epi_exit(128 + signal);
        epi_pause(10 * EPI_MS);
    }
    /* A host's handler repaired what the owner had crashed on: this thread's
     * fault repeats, and may be the next crash. */
}

/* There is no helper thread in a forked child: a timer whose signal kills
 * takes its place. */
static EPI_SAFE void arm_child_deadline(uint64_t deadline)
{
    struct epi_sigaction action;
    struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(deadline / EPI_SECOND),
                     .tv_usec = (suseconds_t)(deadline % EPI_SECOND / 1000 + 1)},
    };
    epi_zero(&action, sizeof action);
    epi_sigaction(SIGALRM, &action, NULL);
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(SIGALRM));
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0, 0, 0);
}

/* After the report: a host's handler always gets its turn, Go's when the
 * program asked for it or the report lacks something: its dump needs no P.
 * On a thread that C created Go's would print nothing and, as PID 1, hang. */
static EPI_SAFE void finish(struct epi_incident *crash, int signal, siginfo_t *info,
                            ucontext_t *uc)
{
    const struct epi_sigaction *previous = &epi_actions.previous[epi_fatal_index(signal)];
    bool go = previous->handler == epi_actions.go_handler && epi_actions.go_handler != 0;
    bool lacking = crash->failure_count > 0 || crash->goroutines_missing;
    if (go && !epi_forwarded_by_go(signal, info)) {
        /* A Go that has died already holds its locks for ever. */
        uintptr_t g = crash->forked || crash->go_failed ? 0 : epi_go_g(epi_program.go);
        if (g != 0 && (crash->options->chain || lacking) &&
            (crash->stack.crossed_asmcgocall || epi_gostack_goroutine(epi_program.go, g) != 0)) {
            crash->deadline = epi_now() + crash->options->deadline;
            crash->phase = EPI_PHASE_CHAINED;
            epi_traceback_bit_enter();
            epi_chain(previous, signal, info, uc);
        }
    } else if (previous->handler > (uintptr_t)SIG_IGN) {
        if (epi_chain_host(crash, previous, signal, info, uc))
            return;
    }
    epi_terminate(signal, info, uc);
}

EPI_SAFE void epi_crash_begin(struct epi_incident *crash, const struct epi_options *options,
                              int signal, const siginfo_t *info, ucontext_t *uc)
{
    crash->options = options;
    crash->resumed = 0;
    crash->signal = signal;
    crash->status = 128 + signal;
    crash->go_death = crash->apart = crash->abort = false;
    crash->dump = NULL;
    epi_subject_is_self(&crash->subject);
    crash->began = epi_now();
    crash->deadline = crash->began + options->deadline;
    crash->forked = epi_getpid() != epi_incidents.pid;
    if (crash->forked)
        arm_child_deadline(options->deadline);
    else
        epi_helper_wake();
    /* A thread that blocks these would be killed by a nested fault, in
     * silence, and would not hear the deadline. */
    epi_sigmask(SIG_UNBLOCK, epi_fatal_mask());
    epi_reassert(true);
    epi_notes.frozen = EPI_NOTES_CRASH;
    crash->uc = uc;
    epi_copy(&crash->info, info, sizeof crash->info);
    epi_copy(&crash->context, uc, EPI_CONTEXT_SIZE);
    crash->nested = crash->failure_count = 0;
    crash->goroutines_missing = false;
    crash->go_failed = false;
    crash->stage_name = "headline";
    crash->stack.count = crash->stack.run_count = 0;
    crash->stack.crossed_asmcgocall = false;
    crash->file[0] = '\0';
    crash->epoch = (crash->epoch + 1) & ~1u;
    crash->interrupted = false;
    crash->written = false;
}

static EPI_SAFE void own(struct epi_incident *crash, const struct epi_options *options,
                         int signal, siginfo_t *info, ucontext_t *uc)
{
    bool in_vain = epi_chain_in_vain(crash, signal, info, uc);
    epi_crash_begin(crash, options, signal, info, uc);
    if (in_vain) {
        epi_terminate(signal, info, uc);
        return;
    }
    epi_report_on_own_stack(crash);
    finish(crash, signal, info, uc);
}

/* An owner in another process is a crash that was under way when this process
 * was forked from it, or that of a vfork child which is gone. */
EPI_SAFE bool epi_crash_take(struct epi_incident *crash, uint64_t self)
{
    uint64_t owner = 0;
    while (!atomic_compare_exchange_strong(&crash->owner, &owner, self)) {
        if (owner >> 32 == self >> 32)
            return false;
        epi_zero(crash->parked, sizeof crash->parked);
        crash->parked_count = 0;
        crash->phase = EPI_PHASE_NONE;
        crash->deadline = 0; /* or the helper takes the old one for the new owner's */
        if (atomic_compare_exchange_strong(&crash->owner, &owner, self))
            return true;
        owner = 0;
    }
    return true;
}

/* A signal on the owner's own thread.  True when it has been dealt with. */
static EPI_SAFE bool nested(struct epi_incident *crash, int signal, siginfo_t *info,
                            ucontext_t *uc)
{
    int phase = crash->phase;
    switch (phase) {
    case EPI_PHASE_REPORTING:
        epi_stage_fault(crash, signal, info, uc);
        return true;
    case EPI_PHASE_NONE: /* on the way in or out */
        if (info->si_code <= 0)
            return true; /* it was pending when its signal was unblocked */
        break;
    case EPI_PHASE_HOST:
        if (epi_chain_left(crash, uc))
            return false;
        break;
    case EPI_PHASE_LAST_ACT: /* another goroutine has the thread by now */
        epi_crash_park(crash, crash->options, signal, info, uc);
        return true;
    default:
        break;
    }
    epi_terminate(signal, info, uc);
    return true;
}

/* What would have happened without Epitaph. */
static EPI_SAFE void hand_on(const struct epi_sigaction *previous, int signal,
                             siginfo_t *info, ucontext_t *uc)
{
    epi_chain(previous, signal, info, uc);
    if (previous->handler == (uintptr_t)SIG_DFL ||
        (previous->handler == (uintptr_t)SIG_IGN && info->si_code > 0))
        epi_terminate(signal, info, uc);
}

/* Go has marked the signal as one that it does not handle any more, so that its handler
 * sends it on to what was there when Go took it over (runtime/signal_unix.go, sigfwdgo):
 * which is ours, perhaps, in front of what was there before. */
static EPI_SAFE const struct epi_sigaction *behind_go(const struct epi_sigaction *previous)
{
    ptrdiff_t i = previous - epi_actions.previous;
    bool ours = epi_actions.taken[i] && previous->handler == epi_actions.go_handler;
    return ours ? &epi_actions.before_taken[i] : previous;
}

EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context)
{
    struct epi_incident *crash = &epi_incidents.crash;
    ucontext_t *uc = context;
    if (signal == SIGSEGV || signal == SIGBUS) {
        if (epi_box_fault(info))
            return;
        if (epi_peek_fixup(uc))
            return;
        if (fault_of_getg(uc)) {
            epi_arch_return(uc, 0);
            return;
        }
    }
    if (refused_to_reporter(info, uc)) {
        epi_arch_fail_syscall(uc);
        return;
    }

    if (epi_service_passes(signal, info, uc) || epi_mask_passes(signal, info, uc))
        return;

    /* In c-shared and c-archive mode Go handles only some of the seven. */
    const struct epi_sigaction *previous = &epi_actions.previous[epi_fatal_index(signal)];
    if (last_act_of_go(info, uc)) {
        int tid = epi_gettid();
        if (epi_actions.go_raised == tid) { /* our next calls Go's, which sends it on to us */
            epi_terminate(signal, info, uc);
            return;
        }
        epi_go_dies(crash, signal, info, uc);
        epi_actions.go_raised = tid;
        /* One that is ignored Go makes deadly. */
        hand_on(behind_go(previous), signal, info, uc);
        return;
    }
    if (previous->handler > (uintptr_t)SIG_IGN && fault_of_go(info, uc)) {
        epi_go_faults(crash, previous, signal, info, uc);
        return;
    }
    const struct epi_options *options = epi_incidents.options;
    uint64_t self = epi_self();
    struct epi_incident *dump = &epi_incidents.dump;
    if (info->si_code > 0 && dump->owner == self && dump->phase == EPI_PHASE_REPORTING &&
        crash->owner != self) {
        epi_stage_fault(dump, signal, info, uc);
        return;
    }
    if (crash->owner == self && nested(crash, signal, info, uc))
        return;
    /* Quiet: only dumps need the core.  NULL: disabled, but a later handler kept
     * ours as its next. */
    if ((options == NULL || options->quiet) && !epi_crashing()) {
        hand_on(previous, signal, info, uc);
        return;
    }
    if (sent(info) && crash->owner == 0) {
        if (epi_wanted_by_go(signal)) {
            epi_chain(previous, signal, info, context);
            return;
        }
        if (previous->handler == (uintptr_t)SIG_IGN)
            return;
    }
    if (!epi_crash_take(crash, self)) {
        epi_crash_park(crash, options, signal, info, uc);
    } else if ((options = epi_incidents.options) != NULL && !options->quiet) {
        own(crash, options, signal, info, uc);
    } else { /* epi_disable has not seen an owner, and takes away what one needs */
        crash->owner = 0;
        hand_on(previous, signal, info, uc);
    }
}
