/* Who owns a crash: the compare-and-swap that decides, what the owner does first, and
 * how the other threads that crash meanwhile wait for its end. */
#include "owner.h"
#include "leave.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/process.h"
#include "../record/notes.h"
#include "../signals/actions.h"
#include "../threads/wake.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

/* No thread: the crash is being taken from an owner that is gone. */
#define CHANGING 1

EPI_SAFE EPI_ON_CRASH bool epi_crash_take(struct epi_incident *crash, uint64_t self)
{
    uint64_t nobody = 0;
    if (!atomic_compare_exchange_strong(&crash->owner, &nobody, self))
        return false;
    crash->phase = EPI_PHASE_NONE; /* the one before may have ended in another */
    return true;
}

static EPI_SAFE bool of_other_process(uint64_t owner, uint64_t self)
{
    return owner != 0 && owner != CHANGING && owner >> 32 != self >> 32;
}

/* Has the process of OWNER ended?  A child that was not waited for yet is still there
 * for kill; its parent may ask without waiting for it. */
static EPI_SAFE bool is_gone(uint64_t owner)
{
    siginfo_t info;
    long pid = (long)(owner >> 32);
    epi_zero(&info, sizeof info);
    if (epi_syscall6(SYS_waitid, P_PID, pid, (long)&info, WEXITED | WNOHANG | WNOWAIT | __WALL,
                     0, 0) == 0)
        return info.si_pid != 0;
    return epi_syscall6(SYS_kill, pid, 0, 0, 0, 0, 0) == -ESRCH;
}

static EPI_SAFE bool take_from(struct epi_incident *crash, uint64_t owner, uint64_t self)
{
    if (!atomic_compare_exchange_strong(&crash->owner, &owner, CHANGING))
        return false;
    epi_incident_clear(crash);
    crash->phase = EPI_PHASE_NONE;
    crash->sent = 0; /* to the process that is gone */
    crash->owner = self;
    return true;
}

/* For the report of OWNER, which may be under way.  NULL: there is no room. */
static EPI_SAFE struct epi_parked *keep_registers(struct epi_incident *crash, uint64_t owner,
                                                  int signal, const siginfo_t *info,
                                                  const ucontext_t *uc)
{
    uint32_t slot = atomic_fetch_add(&crash->parked_count, 1);
    if (slot >= EPI_PARKED)
        return NULL;
    struct epi_parked *parked = &crash->parked[slot];
    parked->tid = epi_gettid();
    parked->signal = signal;
    parked->address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
    parked->pc = epi_arch_pc(uc);
    parked->uc = uc;
    epi_syscall6(SYS_prctl, PR_GET_NAME, (long)parked->name, 0, 0, 0, 0);
    parked->filled = true;
    if (crash->owner != owner) /* that crash is over, and its slots are another's */
        parked->filled = false;
    return parked;
}

/* The thread goes on, and its frame is gone.  The end of a crash empties the slots, but
 * perhaps before this thread has filled its own. */
static EPI_SAFE void forget_registers(struct epi_parked *parked)
{
    if (parked != NULL && parked->tid == epi_gettid())
        parked->filled = false;
}

/* Does the thread meet its fault again when the handler returns?  What was sent, by raise
 * or abort() too, is gone by then; a breakpoint and a system call that was refused are
 * behind it; and a memory error that was found ahead of any access is reported once. */
static EPI_SAFE bool comes_again(int signal, const siginfo_t *info)
{
    return info->si_code > 0 && signal != SIGTRAP && signal != SIGSYS &&
           !(signal == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

EPI_SAFE bool epi_crash_park(struct epi_incident *crash, const struct epi_options *options,
                             int signal, const siginfo_t *info, const ucontext_t *uc)
{
    uint64_t self = epi_self(), known = 0, owner;
    struct epi_parked *kept = NULL;
    bool other = false, mine = false, again = comes_again(signal, info);
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(epi_actions.thread_signal)); /* it has a stack to show */
    /* No options: just now epi_disable finds out that there is a crash. */
    uint64_t deadline = options != NULL ? options->deadline : 5 * EPI_SECOND;
    struct epi_awake awake = {epi_now(), 0};
    while ((owner = crash->owner) != 0 || other || !again) {
        bool late = epi_awake(&awake) > 2 * deadline + EPI_SECOND &&
                    awake.last > crash->deadline + EPI_SECOND;
        other = owner == 0 || of_other_process(owner, self);
        mine = owner == 0 ? epi_crash_take(crash, self)
                          : other && (late || is_gone(owner)) && take_from(crash, owner, self);
        if (mine)
            break;
        if (!other && late)
            epi_exit(128 + signal);
        if (owner != known) {
            forget_registers(kept);
            kept = other ? NULL : keep_registers(crash, owner, signal, info, uc);
        }
        known = owner;
        struct timespec pause = epi_timespec(10 * EPI_MS);
        epi_syscall6(SYS_ppoll, 0, 0, (long)&pause, 0, 0, 0);
    }
    forget_registers(kept);
    return mine;
}

/* A pending SIGALRM, for the thread or the process, to INFO; its si_signo is 0 if there is
 * none. */
static EPI_SAFE void take_alarm(siginfo_t *info)
{
    uint64_t mask = epi_mask_of(SIGALRM);
    struct timespec none = epi_timespec(0);
    epi_zero(info, sizeof *info);
    if (epi_syscall6(SYS_rt_sigtimedwait, (long)&mask, (long)info, (long)&none, sizeof mask, 0,
                     0) != SIGALRM)
        info->si_signo = 0;
}

/* There is no helper thread in a forked child: a timer whose signal kills
 * takes its place.  The child may have an alarm of its own, and one that is pending,
 * which would kill when it is unblocked: it is kept for the program. */
EPI_SAFE void epi_crash_arm_alarm(struct epi_incident *crash, uint64_t deadline)
{
    struct epi_sigaction action;
    struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(deadline / EPI_SECOND),
                     .tv_usec = (suseconds_t)(deadline % EPI_SECOND / 1000 + 1)},
    };
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&timer, (long)&crash->alarm.timer, 0, 0, 0);
    take_alarm(&crash->alarm.pending);
    epi_zero(&action, sizeof action);
    action.handler = (uintptr_t)SIG_IGN; /* discards a second one */
    epi_sigaction(SIGALRM, &action, &crash->alarm.action);
    action.handler = (uintptr_t)SIG_DFL;
    epi_sigaction(SIGALRM, &action, NULL);
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(SIGALRM)); /* sigreturn undoes it */
}

static EPI_SAFE uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * EPI_SECOND + (uint64_t)time.tv_usec * 1000;
}

EPI_SAFE void epi_crash_return_alarm(struct epi_incident *crash)
{
    struct itimerval timer = crash->alarm.timer, none;
    if (!crash->forked)
        return;
    epi_sigmask(SIG_BLOCK, epi_mask_of(SIGALRM)); /* as the handlers do */
    epi_zero(&none, sizeof none);
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&none, 0, 0, 0, 0);
    epi_sigaction(SIGALRM, &crash->alarm.action, NULL);
    if (crash->alarm.pending.si_signo != 0)
        epi_syscall6(SYS_rt_sigqueueinfo, epi_getpid(), SIGALRM, (long)&crash->alarm.pending,
                     0, 0, 0);
    uint64_t left = nanoseconds(timer.it_value), took = epi_now() - crash->began;
    if (left == 0)
        return;
    left = left > took ? left - took : 0;
    timer.it_value.tv_sec = (time_t)(left / EPI_SECOND);
    timer.it_value.tv_usec = (suseconds_t)(left % EPI_SECOND / 1000 + 1);
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0, 0, 0);
}

/* In this order, or a signal that is kept just now would be missed.  One that has come for
 * the next crash already is kept again. */
static EPI_SAFE void release(struct epi_incident *crash)
{
    crash->owner = 0;
    uint64_t sent = atomic_exchange(&crash->sent, 0);
    int signal = (int)(uint32_t)sent;
    if (signal == 0)
        return;
    if (sent != epi_sent_of(signal, epi_getpid()))
        crash->host.unchanged = false; /* what comes now is not how the host ends the process */
    epi_syscall6(SYS_kill, epi_getpid(), signal, 0, 0, 0, 0);
}

EPI_SAFE EPI_ON_CRASH bool epi_crash_begin(struct epi_incident *crash, int signal,
                                           const siginfo_t *info, ucontext_t *uc)
{
    const struct epi_options *options = epi_incidents.options;
    if (options == NULL || options->quiet) {
        release(crash);
        return false;
    }
    crash->options = options;
    crash->resumed = 0;
    crash->signal = signal;
    crash->status = 128 + signal;
    crash->go_death = crash->apart = crash->abort = false;
    epi_zero(&crash->subject, sizeof crash->subject);
    crash->subject.tid = (int)(uint32_t)crash->owner; /* epi_report_settle looks for the rest */
    crash->settled = false;
    crash->began = epi_now();
    crash->deadline = crash->began + options->deadline;
    crash->forked = epi_process_is_other((int)(crash->owner >> 32));
    if (crash->forked)
        epi_crash_arm_alarm(crash, options->deadline);
    /* A thread that blocks these would be killed by a nested fault, in
     * silence, and would not hear the deadline. */
    epi_sigmask(SIG_UNBLOCK, epi_fatal_mask());
    epi_leave_stop();
    if (epi_process()->pid == 0 || !crash->forked) /* in a child of vfork they are its parent's */
        epi_notes_freeze(EPI_NOTES_CRASH);
    crash->uc = uc;
    epi_copy(&crash->info, info, sizeof crash->info);
    epi_copy(&crash->context, uc, EPI_CONTEXT_SIZE);
    crash->nested = crash->failure_count = 0;
    crash->goroutines_missing = false;
    crash->host.handler = 0;
    crash->go_failed = false;
    crash->stage_name = "headline";
    crash->stack.count = crash->stack.run_count = 0;
    crash->stack.crossed_asmcgocall = false;
    crash->file[0] = '\0';
    crash->epoch = (crash->epoch + 1) & ~1u;
    crash->interrupted = crash->written = false;
    return true;
}

EPI_SAFE void epi_crash_remember(struct epi_incident *crash, int signal, const siginfo_t *info,
                                 const ucontext_t *uc)
{
    if (!epi_crash_take(crash, epi_self()))
        return; /* another's, and this one is reported once more */
    crash->signal = signal;
    epi_copy(&crash->info, info, sizeof crash->info);
    epi_copy(&crash->context, uc, EPI_CONTEXT_SIZE);
    crash->resumed = epi_now();
    release(crash);
}

EPI_SAFE bool epi_crash_resume(struct epi_incident *crash, int signal)
{
    if (!epi_crash_take(crash, epi_self()))
        return false;
    crash->status = 128 + signal;
    crash->abort = false;
    crash->began = epi_now(); /* or the helper takes the time since the report for a stop */
    epi_helper_wake();
    return true;
}

EPI_SAFE void epi_crash_end(struct epi_incident *crash)
{
    epi_out_unlock(&epi_process()->dump.out); /* a dump that gave way did not */
    epi_notes_freeze(EPI_NOTES_OPEN);
    epi_action_return();
    epi_incident_clear(crash);
    release(crash); /* last: the next crash begins with it */
}

EPI_SAFE bool epi_crash_keep(struct epi_incident *crash, int signal, int sender)
{
    uint64_t sent = epi_sent_of(signal, sender);
    if (!epi_crashing())
        return false;
    crash->sent = sent;
    /* Has the crash ended meanwhile, and its end not seen this one? */
    return epi_crashing() || !atomic_compare_exchange_strong(&crash->sent, &sent, 0);
}
