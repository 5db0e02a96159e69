/* Signal actions: what was there before, what is ours, what Go and others have put
 * there since.  wrap.c, which sees what the program asks for, is behind this too. */
#ifndef EPI_ACTIONS_H
#define EPI_ACTIONS_H

#include "../base/base.h"

#include <signal.h>

/* The signals that end a process by a fault, in the order in which a table of
 * this length is indexed. */
#define EPI_FATAL_SIGNALS                                                       \
    {                                                                           \
        SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS               \
    }
#define EPI_FATAL_COUNT 7
#define EPI_SIGNALS 64

struct epi_actions {
    /* What was there before, and what is ours, for re-assertion. */
    struct epi_sigaction previous[EPI_FATAL_COUNT];
    struct epi_sigaction ours[EPI_FATAL_COUNT];
    struct epi_sigaction deadline_previous, deadline_ours;
    int deadline_signal;
    uintptr_t go_handler; /* Go's signal handler; 0: unknown */
    _Atomic int go_raised; /* the thread on which it raised SIGABRT, to die of it; or 0 */
    uintptr_t before_go[EPI_FATAL_COUNT]; /* handlers that were there before Go's */
    uintptr_t in_front[EPI_FATAL_COUNT]; /* somebody's handler that was there, in
                                            front of ours, at epi_disable; or 0 */

    int thread_signal;
    struct epi_sigaction thread_previous, thread_ours;
    /* The previous actions of the deadline's and of the thread signal, before Go's was
     * one. */
    struct epi_sigaction before_notify[2];
    /* Of the fatal signals that Go took over later: what was there before, and whether
     * Go remembers our handler as that, and may give it back. */
    struct epi_sigaction before_taken[EPI_FATAL_COUNT];
    bool taken[EPI_FATAL_COUNT];
    struct epi_sigaction before_ignored; /* what was there before SIGABRT was ignored */
    /* Handlers that stay when the core is disabled: a signal may be pending. */
    uintptr_t stay[2];
};

extern struct epi_actions epi_actions __attribute__((visibility("hidden")));

EPI_SAFE int epi_fatal_index(int signal); /* -1: not one of them */

/* Is HANDLER one of those of the core that stay when it is disabled? */
bool epi_signal_ours(uintptr_t handler);

/* A new action with HANDLER; PRESENT is what is there for the deadline's signal. */
struct epi_sigaction epi_action_make(void (*handler)(int, siginfo_t *, void *),
                                     const struct epi_sigaction *present);

/* Go passes a fault in C on to the handler that was there before Go
 * (runtime/signal_unix.go, sigfwdgo): then Go's handler is the host's. */
EPI_SAFE bool epi_forwarded_by_go(int signal, const siginfo_t *info);

/* The fatal signals and the one of the deadlines. */
EPI_SAFE uint64_t epi_fatal_mask(void);

/* Does signal.Notify send SIGNAL to a channel of the program? */
EPI_SAFE bool epi_wanted_by_go(int signal);

/* Is the handler that the kernel has for SIGNAL still the core's?  To be asked before the
 * core sends SIGNAL to a thread: any other action may end the process.  One system call. */
EPI_SAFE bool epi_action_holds(int signal);

/* Puts handlers back that were taken away.  For a dump, not where the program has
 * an action of its own now, which its next fault may need, or which ignores the signal;
 * false when the faults of loads go to such a one. */
EPI_SAFE bool epi_reassert(bool crash);

/* For the wrapper of sigaction: what libc was given, as the kernel takes it; and makes
 * that the action TO, which a handler may be calling. */
struct epi_sigaction epi_action_of(const struct sigaction *action);

void epi_action_set(struct epi_sigaction *to, const struct epi_sigaction *action);

/* The same: does Go's runtime give back the core's HANDLER, which it has found there?  Not
 * one of C that puts back what it has saved: behind it Go's handler is as it was. */
bool epi_given_back(const struct sigaction *action, uintptr_t handler);

/* The same: is this signal.Stop, or Reset, of a SIGNAL that Go took over in a library before
 * the core did?  Then Go puts back the default action, which it also sets to die of a
 * signal. */
bool epi_stopped_by_go(int signal, const struct sigaction *action);

/* For the wrapper of sigaction: who has handlers of its own for some signals.  RECORDS:
 * the program changes its action; true when that was written down, and is not to be done.
 * IGNORED: would the signal be ignored if it were not ours? */
struct epi_action_owner {
    bool (*records)(int signal, const struct sigaction *action, struct sigaction *old);
    bool (*ignored)(int signal);
};
enum { EPI_OWNER_USERSIGNALS, EPI_OWNER_THREADS, EPI_OWNERS };
void epi_actions_own(int owner, struct epi_action_owner functions);

#endif
