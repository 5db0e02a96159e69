/* The life of a crash, from the kernel's call to the end of the process:
 *
 *   a load of peek.c that failed ............ skip it
 *   Go's own fault .......................... Go's handler, untouched
 *   somebody outside sent it, and the program
 *     wants it or ignores it ................ Go's handler, or nothing
 *   a fault of the reporter itself .......... leave the stage
 *   another thread owns the crash ........... keep the registers, park
 *   otherwise ............................... own it, report, terminate
 *
 * The order matters: recovered nil dereferences of Go pass here by the million,
 * so what is Go's is found without a system call. */
#include "handler.h"

#include "chain.h"
#include "maps.h"
#include "peek.h"
#include "signals.h"
#include "stage.h"
#include "system.h"

#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/time.h>

struct epi_state epi_state;

EPI_SAFE int epi_fatal_index(int signal)
{
    static const int fatal[EPI_FATAL_COUNT] = EPI_FATAL_SIGNALS;
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (fatal[i] == signal)
            return i;
    return -1;
}

static EPI_SAFE uint64_t fatal_mask(void)
{
    static const int fatal[EPI_FATAL_COUNT] = EPI_FATAL_SIGNALS;
    uint64_t mask = epi_mask_of(epi_state.deadline_signal);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        mask |= epi_mask_of(fatal[i]);
    return mask;
}

/* A PC where nothing can be executed.  Modules that were loaded since the
 * table was filled, and code that a JIT compiler wrote, are in none of them:
 * the kernel is asked, but only about an address that could be code. */
static EPI_SAFE bool executable(uintptr_t pc)
{
    const struct epi_modules *modules = epi_state.modules;
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
    const struct epi_goruntime *go = epi_state.go;
    uint64_t caller;
    if (info->si_code <= 0)
        return false;
    if (epi_go_text(go, epi_arch_pc(uc)))
        return epi_go_g(go) != 0;
    return info->si_signo == SIGSEGV && go != NULL &&
           epi_peek64(&caller, epi_arch_sp(uc)) && epi_go_text(go, caller) &&
           epi_go_g(go) != 0 && !executable(epi_arch_pc(uc));
}

/* Go's last act after its own report is raise(SIGABRT) from Go text
 * (runtime.dieFromSignal), which is a tgkill; a Go program that sends itself the
 * signal uses kill. */
static EPI_SAFE bool last_act_of_go(const siginfo_t *info, const ucontext_t *uc)
{
    return info->si_signo == SIGABRT && info->si_code == SI_TKILL &&
           epi_go_text(epi_state.go, epi_arch_pc(uc)) && info->si_pid == epi_getpid();
}

/* Does signal.Notify send SIGNAL to a channel of the program? */
static EPI_SAFE bool wanted_by_go(int signal)
{
    const struct epi_goruntime *go = epi_state.go;
    uint32_t word;
    return go != NULL && go->signal_wanted != 0 &&
           epi_peek32(&word, go->signal_wanted + (uintptr_t)signal / 32 * 4) &&
           (word >> signal % 32 & 1) != 0;
}

static EPI_SAFE bool sent_from_outside(const siginfo_t *info)
{
    return info->si_code <= 0 && info->si_pid != epi_getpid();
}

/* Another thread reports.  What it does not know is kept for it; this thread
 * waits for the end, which is sure to come. */
static EPI_SAFE void park(struct epi_crash *crash, const struct epi_options *options,
                          int signal, const siginfo_t *info, const ucontext_t *uc)
{
    uint32_t slot = atomic_fetch_add(&crash->parked_count, 1);
    if (slot < EPI_PARKED) {
        struct epi_parked *parked = &crash->parked[slot];
        parked->tid = epi_gettid();
        parked->signal = signal;
        parked->address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
        parked->pc = epi_arch_pc(uc);
        epi_syscall6(SYS_prctl, PR_GET_NAME, (long)parked->name, 0, 0, 0, 0);
        parked->filled = true;
    }
    uint64_t give_up = epi_now() + 2 * options->deadline + EPI_SECOND;
    while (crash->owner != 0) {
        uint64_t now = epi_now();
        if (now > give_up && now > crash->deadline + EPI_SECOND)
            epi_exit(128 + signal);
        struct timespec pause = epi_timespec(10 * EPI_MS);
        epi_syscall6(SYS_ppoll, 0, 0, (long)&pause, 0, 0, 0);
    }
    /* A host's handler repaired what the owner had crashed on: this thread's
     * fault repeats, and may be the next crash. */
}

EPI_SAFE void epi_reassert(void)
{
    static const int fatal[EPI_FATAL_COUNT] = EPI_FATAL_SIGNALS;
    struct epi_sigaction now;
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_sigaction(fatal[i], NULL, &now) &&
            now.handler != epi_state.ours[i].handler)
            epi_sigaction(fatal[i], &epi_state.ours[i], NULL);
    if (epi_sigaction(epi_state.deadline_signal, NULL, &now) &&
        now.handler != epi_state.deadline_ours.handler)
        epi_sigaction(epi_state.deadline_signal, &epi_state.deadline_ours, NULL);
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

static EPI_SAFE void wake_helper(void)
{
    atomic_fetch_add(&epi_state.helper_word, 1);
    epi_futex_wake_all(&epi_state.helper_word);
}

static EPI_SAFE void report_on_own_stack(void *crash)
{
    epi_report(crash);
}

/* After the report: a host's handler always gets its turn, Go's when the
 * program asked for it or the report lacks something: its dump needs no P.
 * On a thread that C created Go's would print nothing and, as PID 1, hang. */
static EPI_SAFE void finish(struct epi_crash *crash, int signal, siginfo_t *info,
                            ucontext_t *uc)
{
    const struct epi_sigaction *previous = &epi_state.previous[epi_fatal_index(signal)];
    if (previous->handler == epi_state.go_handler && epi_state.go_handler != 0) {
        if (!crash->forked && crash->go_waits && epi_go_g(epi_state.go) != 0 &&
            (crash->options->chain || crash->failure_count > 0 || crash->goroutines_missing)) {
            crash->deadline = epi_now() + crash->options->deadline;
            crash->phase = EPI_PHASE_CHAINED;
            epi_chain(previous, signal, info, uc);
        }
    } else if (previous->handler > (uintptr_t)SIG_IGN) {
        if (epi_chain_host(crash, previous, signal, info, uc))
            return;
    }
    epi_terminate(signal, info, uc);
}

static EPI_SAFE void own(struct epi_crash *crash, const struct epi_options *options,
                         int signal, siginfo_t *info, ucontext_t *uc)
{
    bool in_vain = epi_chain_in_vain(crash, signal, info, uc);
    crash->options = options;
    crash->resumed = 0;
    crash->began = epi_now();
    crash->deadline = crash->began + options->deadline;
    /* A thread that blocks these would be killed by a nested fault, in
     * silence, and would not hear the deadline. */
    epi_sigmask(SIG_UNBLOCK, fatal_mask());
    epi_reassert();
    crash->signal = signal;
    crash->uc = uc;
    epi_copy(&crash->info, info, sizeof crash->info);
    epi_copy(&crash->context, uc, EPI_CONTEXT_SIZE);
    crash->pid = epi_getpid();
    crash->forked = crash->pid != epi_state.pid;
    crash->go_waits = epi_go_g(epi_state.go) != 0; /* until the unwinder knows better */
    crash->nested = crash->failure_count = 0;
    crash->goroutines_missing = crash->go_failed = false;
    crash->parked_count = 0;
    crash->file[0] = '\0';
    crash->epoch = (crash->epoch + 1) & ~1u;
    epi_zero(crash->parked, sizeof crash->parked);
    if (crash->forked)
        arm_child_deadline(options->deadline);
    else
        wake_helper();
    if (in_vain) {
        epi_terminate(signal, info, uc);
        return;
    }
    /* Always, not only where the alternate stack is small: Go's is heap memory
     * without a guard page, a library's may have 8 KiB, and one path is tested
     * better than two. */
    epi_arch_call_on((void *)epi_state.report_stack.end, report_on_own_stack, crash);
    finish(crash, signal, info, uc);
}

/* Go has printed its own report and ends the process; returns if it shall.
 *
 * While a crash is being reported it shall not: damaged memory may be what Go
 * has come across while it listed its goroutines.  The thread waits for the end
 * of the report.  And where Go was handed the crash afterwards, its status is 2,
 * unless the program wants SIGABRT. */
static EPI_SAFE void go_dies(struct epi_crash *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc)
{
    const struct epi_live *live = epi_state.live;
    int owner = crash->owner;
    if (owner == 0 || options == NULL || crash->pid != epi_getpid())
        return;
    if (owner != epi_gettid() && crash->phase == EPI_PHASE_REPORTING) {
        crash->go_failed = true;
        park(crash, options, signal, info, uc);
    } else if (crash->phase == EPI_PHASE_CHAINED && live != NULL &&
               __atomic_load_n(&live->raised, __ATOMIC_SEQ_CST) != 0) {
        epi_exit(2);
    }
}

EPI_SAFE void epi_handler(int signal, siginfo_t *info, void *context)
{
    struct epi_crash *crash = &epi_state.crash;
    ucontext_t *uc = context;
    if ((signal == SIGSEGV || signal == SIGBUS) && epi_peek_fixup(uc))
        return;

    const struct epi_sigaction *previous = &epi_state.previous[epi_fatal_index(signal)];
    if (fault_of_go(info, uc)) {
        epi_chain(previous, signal, info, context);
        return;
    }
    const struct epi_options *options = epi_state.options;
    if (last_act_of_go(info, uc)) {
        go_dies(crash, options, signal, info, uc);
        epi_chain(previous, signal, info, context);
        return;
    }
    if (options == NULL) { /* disabled, but a later handler kept us as its next */
        epi_chain(previous, signal, info, context);
        if (previous->handler == (uintptr_t)SIG_DFL)
            epi_terminate(signal, info, uc);
        return;
    }

    int tid = epi_gettid();
    if (crash->owner == tid && crash->pid == epi_getpid()) {
        if (crash->phase == EPI_PHASE_REPORTING) {
            epi_stage_fault(crash, signal, info, uc);
            return;
        }
        if (crash->phase != EPI_PHASE_HOST || !epi_chain_left(crash, uc)) {
            epi_terminate(signal, info, uc);
            return;
        }
    }
    if (sent_from_outside(info) && crash->owner == 0) {
        if (wanted_by_go(signal)) {
            epi_chain(previous, signal, info, context);
            return;
        }
        if (previous->handler == (uintptr_t)SIG_IGN)
            return;
    }
    int nobody = 0;
    if (atomic_compare_exchange_strong(&crash->owner, &nobody, tid))
        own(crash, options, signal, info, uc);
    else
        park(crash, options, signal, info, uc);
}
