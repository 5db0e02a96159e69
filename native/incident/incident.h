/* An incident: a crash, or a dump on demand.  Who reports it, how far it has come, and
 * what all parts of its report work on. */
#ifndef EPI_INCIDENT_H
#define EPI_INCIDENT_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../image/symbols.h"
#include "../unwind/unwind.h"
#include "../text/out.h"

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

struct epi_incident;
struct epi_repeat;
struct epi_subject;

#define EPI_MESSAGE 2048

/* Why there is a dump, and so whose stack comes first. */
enum epi_dump_kind {
    EPI_DUMP_CALL,   /* somebody called for it: the caller's */
    EPI_DUMP_NATIVE, /* the same, and nothing else: each frame as a place in a file */
    EPI_DUMP_TIMEOUT, /* a time has passed: nobody's */
    EPI_DUMP_SIGNAL, /* a thread got a signal: that thread's */
};

struct epi_dump {
    enum epi_dump_kind kind;
    struct epi_fd output; /* stays open */
    uint64_t timeout;     /* ns for all of it, as long as output takes text */
    uint32_t max_frames;  /* as in struct epi_config */
    uint32_t max_threads;
    bool native_stack;
    bool all_threads; /* and goroutines; or the first stack alone */
    bool interrupt;   /* ask also threads whose system call will then fail with
                         EINTR; without it their stacks are seen from outside */
    uintptr_t from;   /* of a call: the return address into the frame that is
                         shown first; 0: all are */
    uint64_t patience; /* ns to wait for other dumps; 0: until they are done */
    uint64_t passed;   /* of a timeout: ns */
    uint64_t silence;  /* and of a watchdog: ns since its last beat; else 0 */
    struct epi_repeat *repeat; /* a timeout that comes again; else NULL */
    /* Of a signal: its number, how many more came and have no dump of their own,
     * the thread that got it, and its stack then. */
    int signal;
    uint64_t counted;
    const struct epi_subject *subject;
    const struct epi_stack *stack;
};

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

/* One incident: a crash, or a dump.  Zero until a thread's compare-and-swap on owner wins it; from
 * then on only the owner writes, but for parked and what the helper interrupts. */
struct epi_incident {
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
    int goroutines; /* enum epi_goroutines_answer */
    _Atomic bool go_failed;  /* it found a fatal error of its own meanwhile */
    siginfo_t info;
    ucontext_t *uc;     /* the kernel's frame: what sigreturn restores */
    ucontext_t context; /* a copy: what the report shows */
    uint64_t began;
    _Atomic uint64_t deadline; /* of the whole, monotonic */
    uint64_t stages_deadline;  /* of all stages together */
    /* In EPI_PHASE_HOST: the owner is interrupted; has it left the host's handler? */
    bool (*left)(struct epi_incident *incident, const ucontext_t *uc);
    uint64_t chained, resumed; /* when the host's handler was called and returned */

    /* The guard of the stage that runs.  The epoch is odd while there is one,
     * so that an interrupt for an older stage is known as such. */
    struct epi_jump guard;
    _Atomic uint32_t epoch;
    _Atomic uint64_t stage_deadline;
    _Atomic bool interrupted; /* an interrupt is on its way */
    _Atomic bool written;     /* the report is */
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
    void (*dump_notes)(struct epi_incident *dump); /* what the head says of it */
    bool looking; /* whether there is anything to write: failures are told later */
    bool silent;  /* there was not */
    struct epi_jump caller;

    struct epi_fd file_fd, terminal;
    struct epi_out out;
    char message[EPI_MESSAGE]; /* a copy of the C library's last words */
    struct epi_stack stack;
    struct epi_cursor cursor;
    struct epi_rule_cache cache;
    struct epi_symbol symbols[8];
    uint8_t callee; /* of the Go frame printed last; see epi_pclntab_frames */
    _Atomic uint32_t parked_count;
    struct epi_parked parked[EPI_PARKED];
};

struct epi_incidents {
    /* Set by epi_enable; NULL while disabled.  One slot is in force, the next
     * configuration is written to the other. */
    _Atomic(const struct epi_options *) options;
    struct epi_options option_slot[2];
    _Atomic int pid; /* who enabled it: another one is a forked child */
    struct epi_incident crash;
    struct epi_incident dump; /* the same for a dump on demand; its owner lives on */
    struct epi_options dump_options;
    _Atomic uint32_t dumps_ended; /* who waits for its turn sleeps on this word */
    struct epi_range report_stack, nested_stack;
    struct epi_fd spare[2];
    _Atomic bool symbols_pending; /* Go is building the first indexes */
#ifdef EPI_TEST
    char trouble_stage[32];
    int trouble;
#endif
};

extern struct epi_incidents epi_incidents __attribute__((visibility("hidden")));

/* Is a thread of this process reporting a crash? */
EPI_SAFE bool epi_crashing(void);

/* SUBJECT becomes the calling thread. */
EPI_SAFE void epi_subject_is_self(struct epi_subject *subject);

/* Is CRASH a dump that has to end, because there is a crash now? */
EPI_SAFE bool epi_dump_gives_way(const struct epi_incident *incident);

#endif
