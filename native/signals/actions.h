/* Signal actions.  Each signal has a slot: what the core has the signal for, with which
 * action, and whose turn is after the core's.  The core claims a signal and releases it;
 * what Go's runtime and the program do with it in between comes through the wrapper of
 * sigaction (wrap.c). */
#ifndef EPI_ACTIONS_H
#define EPI_ACTIONS_H

#include "../base/base.h"

#include <signal.h>

#define EPI_FATAL_COUNT 7
#define EPI_SIGNALS     64

enum epi_role {
    EPI_ROLE_NONE,    /* not the core's, or not any more */
    EPI_ROLE_FAULT,   /* raised by a fault: six of the seven fatal signals */
    EPI_ROLE_ABORT,   /* SIGABRT, the seventh */
    EPI_ROLE_SERVICE, /* the core sends it to threads of its own process */
    EPI_ROLE_DUMP,    /* the program has registered it: it asks for a dump */
};

/* Written while the process is healthy; a handler reads NEXT, and may empty it. */
struct epi_action {
    enum epi_role role;
    struct epi_sigaction ours; /* stays after the role: a program may have kept it */
    /* Whose turn is after ours: one of RECORD or SPENT; NULL is the default action.  A record
     * is whole before it is the next, and the one that is written anew has not been the next
     * for the longest time: a handler that reads it is long done by then. */
    _Atomic(const struct epi_sigaction *) next;
    struct epi_sigaction record[8];
    struct epi_sigaction spent[8]; /* each once more, as it is after the turn of one with
                                      SA_RESETHAND */
    uint32_t last_next[8]; /* the number of the change that made each the next; 0: never */
    uint32_t changes;
    struct epi_sigaction before_go;      /* the next, before signal.Notify took the signal */
    struct epi_sigaction before_ignored; /* the next, before the signal was ignored */
    bool go_has_ours;   /* Go found ours when it took the signal, and will give it back */
    struct epi_sigaction displaced; /* the program's, that a crash has taken the place of */
    struct epi_sigaction behind; /* the next, before the core put its action in front of one
                                    of a library's that had come in front of it */
    bool taken_back;             /* it has done so */
    uintptr_t in_front; /* the program's handler that was in front of ours when the core
                           released the signal, and may have ours as its next; or 0 */
};

/* A fatal signal whose action is not the core's, though it should be. */
struct epi_taken {
    struct epi_sigaction by; /* with the action that is there instead */
    bool seen;    /* once; what is there for a moment only is nothing */
    bool taken;   /* and once more */
    bool said;    /* this handler was reported to the program */
};

struct epi_actions {
    struct epi_action slot[EPI_SIGNALS + 1]; /* by number */
    struct epi_sigaction common; /* flags, mask and restorer of the core's actions */
    struct epi_sigaction go;     /* Go's action, the same for all signals; 0: unknown */
    int deadline_signal, thread_signal;
    _Atomic int go_raised; /* the thread on which Go raised SIGABRT, to die of it; or 0 */
    /* Handlers from before Go's runtime began. */
    uintptr_t before_constructors[EPI_FATAL_COUNT], before_main[EPI_FATAL_COUNT];
    struct epi_taken taken[EPI_FATAL_COUNT];
    uintptr_t death_handler; /* the core's in front of Go's (traceback_bit.c); or 0 */
};

extern struct epi_actions epi_actions __attribute__((visibility("hidden")));

/* The signals that end a process by a fault. */
extern const int epi_fatal[EPI_FATAL_COUNT] __attribute__((visibility("hidden")));
EPI_SAFE int epi_fatal_index(int signal); /* -1: not one of them */

/* The fatal signals and the one of the deadlines. */
EPI_SAFE uint64_t epi_fatal_mask(void);

/* While the core is off: finds Go's action, chooses the deadlines' signal, but not EXCEPT,
 * and gets what the core's actions have in common, from the C library, with the help of
 * HANDLER.  Then actions can be made.  EUSERS: no real-time signal is free. */
int epi_actions_prepare(int except, void (*handler)(int, siginfo_t *, void *));
struct epi_sigaction epi_action_make(void (*handler)(int, siginfo_t *, void *));

/* The signal, claimed already, by which threads are asked from now on. */
void epi_actions_ask_by(int signal);

/* HANDLER calls Go's action and nothing else: where it is in place, Go's counts as what is
 * there. */
void epi_actions_stands_for_go(void (*handler)(int, siginfo_t *, void *));

/* Go has raised SIGABRT on the thread TID, to die of it. */
EPI_SAFE void epi_actions_go_raised(int tid);

/* A real-time signal that only Go and the core have an action for: WANTED, or any
 * when that is 0, but not EXCEPT; 0 when there is none.  Go handles all real-time signals,
 * so "free" cannot mean the default; or ignores all of them, after signal.Ignore() without
 * arguments. */
int epi_action_choose(int wanted, int except);

/* Puts OURS in place for SIGNAL.  The action that is there becomes the next; but for a
 * library's that has come in front of the core's: it may have the core's as its next, and
 * the two would call each other for ever. */
void epi_action_claim(int signal, enum epi_role role, const struct epi_sigaction *ours);

/* Puts the next action in place, unless another handler has taken SIGNAL since. */
void epi_action_release(int signal);

/* The core's action goes in front of the one that a library has put there, which becomes the
 * next; and makes way for it again, in all slots. */
EPI_SAFE void epi_action_take_back(int signal);
void epi_actions_give_way(void);

/* Is the handler that the kernel has for SIGNAL still the core's?  To be asked before the
 * core sends SIGNAL to a thread: any other action may end the process.  One system call. */
EPI_SAFE bool epi_action_holds(int signal);

/* Puts handlers back that were taken away.  For a dump, not where the program has
 * an action of its own now, which its next fault may need, or which ignores the signal;
 * false when the faults of loads go to such a one, or another thread changes actions and
 * does not come to an end. */
EPI_SAFE bool epi_action_reassert(bool crash);

/* The same for whoever enables the core, which waits for that thread.  Not after a fault. */
void epi_actions_put_back(void);

/* Enabled again: puts handlers back that were set back or ignored, but none in the place of one
 * that was put in front of the core's, and that may have it as its next. */
void epi_action_renew(void);

/* The crash is over, and the program goes on: puts back what it has taken the place of. */
EPI_SAFE void epi_action_return(void);

/* Whose turn is after the core's.  Turn is for a caller that calls that action now: one
 * with SA_RESETHAND makes way for the default, for one caller. */
EPI_SAFE const struct epi_sigaction *epi_action_next(int signal);
EPI_SAFE const struct epi_sigaction *epi_action_turn(int signal);

/* The action in the kernel for SIGNAL, as if the core were not in front of Go's for those
 * that Go dies of; false when there is no such signal. */
EPI_SAFE bool epi_action_present(int signal, struct epi_sigaction *action);

/* Go passes a fault in C on to the handler that was there before Go
 * (runtime/signal_unix.go, sigfwdgo): then Go's handler is the host's. */
EPI_SAFE bool epi_forwarded_by_go(int signal, const siginfo_t *info);

/* The handler of the host's that ACTION leads to, perhaps by way of Go's; or 0. */
EPI_SAFE uintptr_t epi_action_hosts(const struct epi_sigaction *action, int signal,
                                    const siginfo_t *info);

/* Does signal.Notify send SIGNAL to a channel of the program? */
EPI_SAFE bool epi_wanted_by_go(int signal);

/* Does Go's handler, whose turn is after the core's, drop SIGNAL when it is sent, after
 * signal.Ignore?  Of the seven Go has the kernel ignore SIGABRT alone (runtime/sigqueue.go,
 * sigignore). */
EPI_SAFE bool epi_ignored_by_go(int signal);

#endif
