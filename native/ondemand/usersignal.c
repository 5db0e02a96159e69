/* The handler runs on any thread, at any instruction, on a stack that may be
 * small, so it does what only it can do: it notes who it interrupted, and where.
 * It waits for nothing; registers, errno and the signal mask are as before, and
 * system calls go on (SA_RESTART).
 *
 * Each signal has a ring of two such notes, so that one which comes during the
 * dump of another is dumped after it.  While both are taken signals are counted,
 * and the dump that is still to come tells how many.  The ring and the count are in
 * one word: a signal is either noted or counted for a dump that has not begun,
 * whatever the dumper does meanwhile.
 *
 * With a chain the previous action follows.  A handler of C, and Go's for a
 * signal that the program asked for (signal.Notify), are called at once, with what
 * the kernel gave.  What may end the process (Go's handler for all others, the
 * default action) has to wait for the dump: the dumper then sends the signal once
 * more.
 *
 * A forked child has no dumper: there the thread dumps itself (childdump.c), and then
 * does what the chain does.  A child of vfork does only the latter: what it would write
 * to is its parent's. */
#include "usersignal.h"
#include "childdump.h"
#include "dump.h"
#include "dumper.h"
#include "ondemand.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/output.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../threads/threads.h"
#include "../goruntime/traceback_bit.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* ---- notes ---- */

/* A ring of notes in one word: which is the oldest, how many there are, and above that how
 * many signals were counted.  Only the dumper takes a note out. */
#define OLDEST      UINT64_C(1)
#define ONE_NOTE    UINT64_C(2)
#define ONE_COUNTED UINT64_C(8)

static EPI_SAFE uint64_t notes_in(uint64_t ring)
{
    return ring % ONE_COUNTED / ONE_NOTE;
}

/* A note to be written; NULL when all are taken, and the signal was counted. */
static EPI_SAFE struct epi_usersignal_note *take_note(struct epi_usersignal *user)
{
    uint64_t ring = user->ring;
    bool full;
    do
        full = notes_in(ring) == EPI_COUNT(user->note);
    while (!atomic_compare_exchange_weak(&user->ring, &ring,
                                         ring + (full ? ONE_COUNTED : ONE_NOTE)));
    return full ? NULL : &user->note[((ring & OLDEST) + notes_in(ring)) % EPI_COUNT(user->note)];
}

/* For the dumper: the oldest note, once it is written, and how many signals were counted
 * for its dump; else NULL. */
static EPI_SAFE struct epi_usersignal_note *begin_dump(struct epi_usersignal *user,
                                                       uint64_t *counted)
{
    uint64_t ring = user->ring;
    struct epi_usersignal_note *note = &user->note[ring & OLDEST];
    if (notes_in(ring) == 0 || !note->written)
        return NULL;
    *counted = atomic_fetch_and(&user->ring, ONE_COUNTED - 1) / ONE_COUNTED;
    return note;
}

/* The dump is over.  COUNTED signals had none, and are counted by the next. */
static EPI_SAFE void end_dump(struct epi_usersignal *user, struct epi_usersignal_note *note,
                              uint64_t counted)
{
    uint64_t other = note == &user->note[0] ? OLDEST : -OLDEST;
    note->written = false;
    atomic_fetch_add(&user->ring, other - ONE_NOTE + counted * ONE_COUNTED);
}

/* ---- the handler ---- */

/* Does ACTION end no process that would not have ended before?  Then its turn is
 * at once. */
static EPI_SAFE bool harmless(const struct epi_sigaction *action, int signal)
{
    if (action->handler == (uintptr_t)SIG_DFL)
        return false;
    return action->handler != epi_actions.go.handler || epi_wanted_by_go(signal);
}

/* Will Go's handler end the process?  (runtime/sigtab_linux_generic.go: _SigKill,
 * _SigThrow.) */
static EPI_SAFE bool ended_by_go(const struct epi_sigaction *action, int signal)
{
    return action->handler == epi_actions.go.handler && !epi_wanted_by_go(signal) &&
           (signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGQUIT ||
            signal == SIGSTKFLT);
}

/* What the kernel does by default.  The process dies on the return from the handler,
 * on which the signal is blocked until then.  The kernel spares PID 1. */
static EPI_SAFE void default_action(int signal, const siginfo_t *info)
{
    struct epi_sigaction action;
    switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        epi_syscall6(SYS_kill, epi_getpid(), SIGSTOP, 0, 0, 0, 0);
        return;
    default:
        if (epi_getpid() == 1)
            return;
        epi_zero(&action, sizeof action);
        epi_sigaction(signal, &action, NULL);
        if (!epi_sigqueue(epi_gettid(), signal, info))
            epi_syscall6(SYS_tgkill, epi_getpid(), epi_gettid(), signal, 0, 0, 0);
    }
}

static EPI_SAFE void next_action(int signal, siginfo_t *info, void *context, bool called)
{
    const struct epi_sigaction *next = epi_action_turn(signal);
    if (next->handler == (uintptr_t)SIG_DFL)
        default_action(signal, info);
    else if (ended_by_go(next, signal))
        epi_traceback_bit_chain(next, signal, info, context);
    else
        epi_chain(next, signal, info, context, called);
}

static EPI_SAFE void write_note(struct epi_usersignal_note *to, bool chain_later,
                                const siginfo_t *info, const ucontext_t *uc,
                                uint32_t max_frames)
{
    to->chain_later = chain_later;
    epi_copy(&to->info, info, sizeof to->info);
    epi_subject_is_self(&to->subject);
    to->subject.goroutine = epi_sample_unasked(&to->stack, uc, max_frames);
    to->written = true;
}

/* The signal that the dumper sent once more. */
static EPI_SAFE bool is_due(struct epi_usersignal *user)
{
    uint32_t due = user->due;
    while (due > 0)
        if (atomic_compare_exchange_weak(&user->due, &due, due - 1))
            return true;
    return false;
}

/* Go ends the child, too, by raising the signal again: that has its dump. */
static EPI_SAFE void in_forked_child(struct epi_usersignal *user,
                                     const struct epi_usersignal_options *options, int tid,
                                     int signal, siginfo_t *info, void *context, bool called)
{
    if (user->ending == tid)
        return;
    epi_dump_in_child(&user->note[0], options, info, context);
    if (!options->chain)
        return;
    if (ended_by_go(epi_action_next(signal), signal))
        user->ending = tid;
    next_action(signal, info, context, called);
    user->ending = 0;
}

static EPI_SAFE void user_signal(int signal, siginfo_t *info, void *context)
{
    struct epi_usersignal *user = epi_ondemand.usersignal[signal];
    const struct epi_usersignal_options *options = user->options;
    int tid = epi_gettid(), ending = user->ending;
    bool called = EPI_CALLED(context);
    /* Another handler has kept ours as its next since it was unregistered;
     * or this is a child. */
    if (options != NULL && epi_process()->pid == 0) {
        in_forked_child(user, options, tid, signal, info, context, called);
        return;
    }
    if (options == NULL || epi_process_is_child()) {
        if (options == NULL || options->chain)
            next_action(signal, info, context, called);
        return;
    }
    /* Go ends the process by raising the signal again (runtime.dieFromSignal), and
     * passes SIGQUIT on to its other threads. */
    if (ending != 0) {
        if (ending != tid)
            next_action(signal, info, context, called);
        return;
    }
    if (is_due(user)) {
        if (ended_by_go(epi_action_next(signal), signal))
            user->ending = tid;
        next_action(signal, info, context, called);
        user->ending = 0;
        return;
    }
    bool now = options->chain && harmless(epi_action_next(signal), signal);
    struct epi_usersignal_note *note = take_note(user);
    if (note != NULL) {
        write_note(note, options->chain && !now, info, context, options->dump.max_frames);
        epi_dumper_wake();
    }
    if (now)
        next_action(signal, info, context, called);
}

/* ---- the dumper ---- */

/* A signal that was sent to a thread goes to that thread again, unless it is no
 * more; any other to the process, and the kernel chooses as it did before.  The
 * siginfo of sigqueue and the like comes with it.  That of kill and tgkill (si_code
 * SI_USER, SI_TKILL) or of the kernel cannot be had from another thread (the kernel's
 * do_rt_sigqueueinfo: EPERM): there the sender is this process. */
static EPI_SAFE void send_again(struct epi_usersignal *user, int signal,
                                const struct epi_usersignal_note *from)
{
    int pid = epi_getpid();
    atomic_fetch_add(&user->due, 1);
    if (from->info.si_code == SI_TKILL &&
        epi_syscall6(SYS_tgkill, pid, from->subject.tid, signal, 0, 0, 0) == 0)
        return;
    if (epi_syscall6(SYS_rt_sigqueueinfo, pid, signal, (long)&from->info, 0, 0, 0) != 0)
        epi_syscall6(SYS_kill, pid, signal, 0, 0, 0, 0); /* a full queue takes that, too */
}

static EPI_SAFE void dump_note(struct epi_usersignal *user, int signal,
                               struct epi_usersignal_note *from, uint64_t counted)
{
    epi_ondemand.usersignal_served = (uint32_t)signal; /* before the options are read */
    const struct epi_usersignal_options *options = user->options;
    uint64_t missed = 0;
    if (options != NULL) {
        struct epi_dump how;
        epi_copy(&how, &options->dump, sizeof how);
        how.signal = signal;
        how.info = &from->info;
        how.counted = counted;
        how.subject = &from->subject;
        how.stack = &from->stack;
        if (epi_dump(&how) == EBUSY) /* the turn did not come */
            missed = counted + 1;
    }
    if (from->chain_later && !epi_crashing()) /* the report is not to be cut short */
        send_again(user, signal, from);
    end_dump(user, from, missed);
    epi_ondemand.usersignal_served = 0;
    epi_futex_wake_all(&epi_ondemand.usersignal_served);
}

EPI_SAFE bool epi_usersignal_serve(void)
{
    int last = epi_ondemand.usersignal_last;
    for (int i = 1; i <= EPI_SIGNALS; i++) {
        int signal = (last + i - 1) % EPI_SIGNALS + 1; /* each has its turn */
        struct epi_usersignal *user = epi_ondemand.usersignal[signal];
        uint64_t counted;
        struct epi_usersignal_note *note = user == NULL ? NULL : begin_dump(user, &counted);
        if (note == NULL)
            continue;
        epi_ondemand.usersignal_last = signal;
        dump_note(user, signal, note, counted);
        return true;
    }
    return false;
}

/* ---- registering ---- */

/* The parent's dumper would have done what the notes ask for, and would end what it
 * was at. */
int epi_usersignal_renew(void)
{
    bool any = false;
    if (epi_process()->pid != 0)
        return 0;
    epi_ondemand.usersignal_served = 0;
    for (int signal = 1; signal <= EPI_SIGNALS; signal++) {
        struct epi_usersignal *user = epi_ondemand.usersignal[signal];
        if (user == NULL)
            continue;
        user->ring = 0;
        for (size_t i = 0; i < EPI_COUNT(user->note); i++)
            user->note[i].written = false;
        user->due = 0;
        user->ending = 0;
        any = any || user->options != NULL;
    }
    return any ? epi_dumper_start() : 0;
}

/* Waits until no thread uses options of SIGNAL that are not in force any more. */
static void wait_for_dump(int signal)
{
    while (epi_ondemand.usersignal_served == (uint32_t)signal && epi_process()->pid != 0) {
        struct timespec pause = epi_timespec(50 * EPI_MS);
        epi_futex_wait(&epi_ondemand.usersignal_served, (uint32_t)signal, &pause);
    }
}

/* Waits until the signals that have come are dumped: each within its time, unless
 * a thread was stopped in the handler. */
static void wait_for_notes(const struct epi_usersignal *user, uint64_t timeout)
{
    uint64_t end = epi_now() + 2 * timeout + EPI_SECOND;
    while (notes_in(user->ring) != 0 && epi_process()->pid != 0 && epi_now() < end) {
        uint32_t served = epi_ondemand.usersignal_served;
        struct timespec pause = epi_timespec(5 * EPI_MS);
        epi_futex_wait(&epi_ondemand.usersignal_served, served, &pause);
    }
}

static struct epi_usersignal *memory_for(int signal)
{
    struct epi_usersignal *user = epi_ondemand.usersignal[signal];
    if (user != NULL)
        return user;
    user = mmap(NULL, sizeof *user, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (user == MAP_FAILED)
        return NULL;
    epi_ondemand.usersignal[signal] = user;
    return user;
}

/* Is there a C handler that ends system calls, on purpose perhaps? */
static bool ends_calls(int signal)
{
    struct epi_sigaction now;
    if (!epi_action_present(signal, &now))
        return false;
    if (now.handler == epi_actions.slot[signal].ours.handler)
        epi_copy(&now, epi_action_next(signal), sizeof now);
    return now.handler > (uintptr_t)SIG_IGN && now.handler != epi_actions.go.handler &&
           (now.flags & SA_RESTART) == 0;
}

int epi_usersignal_register(int signal, const struct epi_dump *how, bool chain)
{
    if (signal < 1 || signal > EPI_SIGNALS || epi_fatal_index(signal) >= 0 ||
        signal == epi_actions.deadline_signal || signal == epi_actions.thread_signal)
        return EINVAL;
    if (epi_incidents.options == NULL)
        return ENODEV;
    struct epi_usersignal *user = memory_for(signal);
    if (user == NULL)
        return ENOMEM;
    int error = epi_dumper_start();
    if (error != 0)
        return error;
    const struct epi_usersignal_options *old = user->options;
    struct epi_usersignal_options *next = &user->option[old == &user->option[0]];
    struct epi_fd output = epi_output_open(how->output.fd);
    if (output.fd < 0)
        return errno;
    next->dump = *how;
    next->dump.kind = EPI_DUMP_SIGNAL;
    next->dump.output = output;
    next->chain = chain;
    if (old == NULL)
        user->due = 0;
    user->options = next;
    struct epi_sigaction ours = epi_action_make(user_signal);
    if (chain && ends_calls(signal))
        ours.flags &= ~(unsigned long)SA_RESTART;
    epi_action_claim(signal, EPI_ROLE_DUMP, &ours);
    wait_for_dump(signal);
    if (old != NULL)
        epi_output_close(&user->option[old != &user->option[0]].dump.output);
    return 0;
}

static struct epi_usersignal *registered(int signal)
{
    struct epi_usersignal *user =
        signal < 1 || signal > EPI_SIGNALS ? NULL : epi_ondemand.usersignal[signal];
    return user == NULL || user->options == NULL ? NULL : user;
}

bool epi_usersignal_restore(int signal)
{
    if (registered(signal) == NULL)
        return false;
    epi_action_release(signal);
    epi_traceback_bit_keep(); /* in front of Go's again */
    return true;
}

void epi_usersignal_end(int signal)
{
    struct epi_usersignal *user = registered(signal);
    if (user == NULL)
        return;
    const struct epi_usersignal_options *old = user->options;
    wait_for_notes(user, old->dump.timeout);
    user->options = NULL;
    wait_for_dump(signal);
    epi_output_close(&user->option[old != &user->option[0]].dump.output);
}
