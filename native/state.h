/* All memory that the handlers use: one object, here, so that a reader can see
 * what outlives a function.  Who writes what, and when, is said at each part. */
#ifndef EPI_STATE_H
#define EPI_STATE_H

#include "box.h"
#include "clock.h"
#include "crashbit.h"
#include "dump.h"
#include "dumper.h"
#include "epitaph.h"
#include "gotext.h"
#include "live.h"
#include "message.h"
#include "notes.h"
#include "out.h"
#include "panicnote.h"
#include "ring.h"
#include "sandbox.h"
#include "symbols.h"
#include "thaw.h"
#include "threads.h"
#include "timers.h"
#include "unwind.h"

#include <pthread.h>
#include <signal.h>

/* The signals that end a process by a fault, in the order in which a table of
 * this length is indexed. */
#define EPI_FATAL_SIGNALS                                                       \
    {                                                                           \
        SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS               \
    }
#define EPI_FATAL_COUNT 7

/* A configuration in force.  Written while it is not published, then read only. */
struct epi_options {
    uint64_t deadline, started;
    uint32_t max_frames, max_threads;
    bool native_stack, all_threads, chain, panic_copy;
    bool quiet; /* crashes are not reported: only dumps need the core */
    struct epi_fd output, directory;
    char program[64];
    char executable[256];
    char directory_path[256];
    char build[512];
    char note[256];
};

enum epi_phase {
    EPI_PHASE_NONE,
    EPI_PHASE_REPORTING,   /* stages run */
    EPI_PHASE_CHAINED,     /* Go's handler runs, and ends the process */
    EPI_PHASE_HOST,        /* a handler of the host's runs, and may jump out */
    EPI_PHASE_LAST_ACT,    /* Go, dead of a panic, runs the program's last act */
    EPI_PHASE_TERMINATING, /* the default action is to come */
};

/* A thread that faulted while another one owned the crash. */
struct epi_parked {
    _Atomic bool filled; /* last, after the rest */
    int tid, signal;
    uintptr_t address, pc;
    const ucontext_t *uc; /* of the fault; stays while the thread is parked */
    char name[16];
};
#define EPI_PARKED 16

/* The thread that a report is about: the one that crashed, asked for a dump, or
 * got a signal that asks for one. */
struct epi_subject {
    int tid;
    uintptr_t pointer;  /* its pthread_t */
    uint64_t goroutine; /* that it works for; 0: none, or not known yet */
    char name[16];
};

/* A thread that got a registered signal, as it was then (usersignal.c). */
struct epi_usersignal_note {
    struct epi_subject subject;
    bool chain_later; /* the previous action's turn is after the dump */
    siginfo_t info;
    struct epi_stack stack;
};

/* How a registered signal is dumped.  Written while it is not published. */
struct epi_usersignal_options {
    struct epi_dump dump;
    bool chain;
};

/* A signal that is or was registered.  The memory stays: a handler may be at it. */
struct epi_usersignal {
    _Atomic(const struct epi_usersignal_options *) options; /* NULL: it is not */
    struct epi_usersignal_options option[2];
    _Atomic(const struct epi_sigaction *) previous;
    struct epi_sigaction record[8]; /* of which PREVIOUS is one */
    uint32_t next_record;
    struct epi_sigaction before_go; /* what was there before signal.Notify */
    struct epi_sigaction before_ignored; /* and before it was ignored, ours in place */
    bool taken; /* Go remembers our handler as what was there, and may give it back */
    uintptr_t in_front; /* somebody's handler that was there, in front of ours, when
                           it was unregistered; or 0 */
    _Atomic uint64_t places;        /* the states of NOTE, and signals without one */
    struct epi_usersignal_note note[2];
    _Atomic uint32_t due; /* signals that the dumper has sent once more */
    _Atomic int ending;   /* the thread on which Go's handler runs, which may end the
                             process; 0: none */
};
#define EPI_SIGNALS 64

/* The core's own threads.  They block all signals, and are not asked for stacks. */
enum epi_own { EPI_OWN_HELPER, EPI_OWN_DUMPER, EPI_OWN_THREADS };
struct epi_own_thread {
    int pid; /* of the process that it was started in: fork leaves it behind */
    int tid;
    uintptr_t pointer; /* its pthread_t */
};

/* One crash.  Zero until a thread's compare-and-swap on owner wins it; from
 * then on only the owner writes, but for parked and what the helper pokes. */
struct epi_crash {
    _Atomic uint64_t owner; /* epi_self() of the thread; 0: nobody */
    _Atomic int phase;
    const struct epi_options *options;
    struct epi_subject subject;
    int signal;
    bool go_death; /* Go ends the process by itself; the signal is but its way */
    bool apart;    /* nothing is written to standard error */
    int status;    /* what the process exits with when it must not wait */
    bool abort;    /* and before that it tries to die of SIGABRT */
    bool forked;   /* in a child of fork that has not called exec */
    bool goroutines_missing; /* Go was asked for them, in vain */
    enum epi_live_answer goroutines;
    _Atomic bool go_failed;  /* it found a fatal error of its own meanwhile */
    siginfo_t info;
    ucontext_t *uc;     /* the kernel's frame: what sigreturn restores */
    ucontext_t context; /* a copy: what the report shows */
    uint64_t began;
    _Atomic uint64_t deadline; /* of the whole, monotonic */
    uint64_t stages_deadline;  /* of all stages together */
    uint64_t chained, resumed; /* when the host's handler was called and returned */

    /* The guard of the stage that runs.  The epoch is odd while there is one,
     * so that a poke for an older stage is known as such. */
    struct epi_jump guard;
    _Atomic uint32_t epoch;
    _Atomic uint64_t stage_deadline;
    _Atomic bool poked; /* a poke is on its way */
    const char *stage_name;
    struct epi_jump last_resort; /* when something fails outside of a guard */
    uint32_t nested;             /* faults in the reporter so far */
    int nested_signal;
    uintptr_t nested_address, nested_pc;

    uint32_t failure_count;
    struct {
        const char *stage;
        bool timed_out;
    } failure[16];

    char file[128]; /* the report file's name, or "" */
    int file_error; /* errno, when it could not be made */

    /* Of a dump on demand. */
    const struct epi_dump *dump;
    bool looking; /* whether there is anything to write: failures are told later */
    bool silent;  /* there was not */
    struct epi_jump caller;

    struct epi_fd file_fd, terminal;
    struct epi_out out;
    char message[EPI_MESSAGE]; /* a copy of the C library's last words */
    struct epi_slot slot;      /* a copy of the snapshot that is shown */
    struct epi_stack stack;
    struct epi_cursor cursor;
    struct epi_rule_cache cache;
    struct epi_symbol symbols[8];
    uint8_t callee; /* of the Go frame printed last; see epi_pclntab_frames */
    _Atomic uint32_t parked_count;
    struct epi_parked parked[EPI_PARKED];
};

/* At the top of an alternate stack's mapping, above the stack proper. */
struct epi_altstack {
    struct epi_altstack *next;
    struct epi_range stack; /* without this record and the guards */
    int tid;
    void *(*start)(void *);
    void *arg;
};

struct epi_altstacks {
    _Atomic bool on;
    pthread_key_t key;
    size_t kernel_frame; /* what a signal puts on a stack, at most */
    _Atomic(struct epi_altstack *) ended; /* of threads that end or have ended */
    _Atomic bool pending;                 /* the helper looks at them every second */
};

struct epi_state {
    /* Set by epi_enable; NULL while disabled.  One slot is in force, the next
     * configuration is written to the other. */
    _Atomic(const struct epi_options *) options;
    struct epi_options option_slot[2];
    _Atomic(struct epi_modules *) modules;
    struct epi_modules *module_slot[2];
    struct epi_goruntime go_runtime;
    const struct epi_goruntime *go; /* &go_runtime, or NULL */
    _Atomic int pid;                /* who enabled it: another one is a forked child */

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

    /* The reporter's stack, and the alternate stack for faults of the reporter
     * itself; both with guard pages, mapped once. */
    struct epi_range report_stack, nested_stack;
    /* Closed by the owner, so that a full descriptor table has room for the
     * report file and for /proc. */
    struct epi_fd spare[2];

    /* The helper thread sleeps on this word; a change wakes it. */
    _Atomic uint32_t helper_word;
    struct epi_dumper dumper;
    struct epi_timers timers;
    struct epi_own_thread own[EPI_OWN_THREADS];

    /* By number; NULL for one that was never registered. */
    _Atomic(struct epi_usersignal *) usersignal[EPI_SIGNALS + 1];
    _Atomic uint32_t usersignal_served; /* that is being dumped; who changes its
                                           options sleeps on this word */
    int usersignal_last;                /* that was dumped; the dumper's */

    /* The other threads: the crash's table and that of dumps, by question. */
    struct epi_threads *threads[2];
    struct epi_inject *inject;
    _Atomic bool peek_by_call; /* faults do not come to us: peek.c */
    _Atomic int receivers; /* threads that walk their stacks, and may fault */
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

    struct epi_symbol_block *symbols; /* no handler reads the list */
    _Atomic bool symbols_pending; /* Go is building the first indexes */

    struct epi_altstacks altstacks; /* no handler reads it */
    struct epi_crashbit crashbit;
    struct epi_gotext gotext;
    struct epi_panic_note panic_note[EPI_PANIC_NOTES]; /* written by Go, at any time */
    struct epi_sandbox sandbox;
    struct epi_thaw thaw;
    struct epi_live *live; /* NULL: no goroutine waits for questions */

    uintptr_t abort_message; /* of glibc's variable; 0: there is none */
    struct epi_terminate terminate;

    struct epi_crash crash;
    struct epi_crash dump; /* the same for a dump on demand; its owner lives on */
    struct epi_options dump_options;
    _Atomic uint32_t dumps_ended; /* who waits for its turn sleeps on this word */

    /* Written by anybody, at any time; see notes.h. */
    _Alignas(4096) struct epi_notes notes;
    struct epi_box box;
    struct epi_slot ring[EPI_SLOTS]; /* written by one goroutine */

#ifdef EPI_TEST
    char trouble_stage[32];
    int trouble;
#endif
};

extern struct epi_state epi_state __attribute__((visibility("hidden"))); /* not by the GOT */

/* Is a thread of this process reporting a crash? */
EPI_SAFE bool epi_crashing(void);

EPI_SAFE int epi_fatal_index(int signal); /* -1: not one of them */

#endif
