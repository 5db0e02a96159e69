/* An incident: a crash, or a dump on demand.  Who reports it, how far it has come, and
 * what all parts of its report work on. */
#ifndef EPI_INCIDENT_H
#define EPI_INCIDENT_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../image/perfmap.h"
#include "../image/symbols.h"
#include "../unwind/stack.h"
#include "../text/json.h"
#include "../text/out.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <ucontext.h>

struct epi_dump;
struct epi_incident;
struct epi_stage;

#define EPI_MESSAGE 2048

/* Is a handler of the host asked before the report? */
enum epi_host_first {
    EPI_HOST_FIRST_KNOWN, /* if it is one that resolves faults (signals/hosts.h) */
    EPI_HOST_FIRST_ALWAYS,
    EPI_HOST_FIRST_NEVER,
};

/* A configuration in force.  Written while it is not published, then read only. */
struct epi_options {
    uint64_t deadline; /* of a report, from its beginning */
    uint64_t started;
    uint32_t max_frames, max_threads;
    bool native_stack, all_threads, chain, panic_copy;
    bool standard_error; /* what threads write there is kept for the report of an abort */
    bool idle_threads; /* the stacks of threads that wait for work are shown too */
    bool quiet; /* crashes are not reported: only dumps need the core */
    enum epi_host_first host_first;
    bool json;     /* what is not a file of the core's own gets a line of JSON */
    bool takeover; /* signals that a library takes away are taken back */
    struct epi_fd output, directory;
    struct epi_fd standard; /* error, as it was; it is the program's, and not kept open */
    struct epi_fd termination; /* Kubernetes' termination log; fd -1: none */
    int termination_error;     /* why it could not be opened; 0: it could, or there is none */
    char program[64];
    char executable[256];
    char directory_path[256]; /* cut at its end when it has no room */
    char output_path[256]; /* of a regular file, for when the program closes OUTPUT; or "" */
    char build[512];
    char note[256];
};

enum epi_phase {
    EPI_PHASE_NONE,
    EPI_PHASE_REPORTING,   /* stages run */
    EPI_PHASE_LAST_ACT,    /* Go, dead of a panic, runs the crash hook */
    EPI_PHASE_CHAINED,     /* Go's handler runs, and ends the process */
    EPI_PHASE_HOST,        /* a handler of the host runs, and may jump out */
    EPI_PHASE_LEFT,        /* it has: whoever found that out ends the crash */
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

/* What the report of a dump has that is not as in that of a crash.  A printer looks at
 * this, and never asks which of the two it prints. */
struct epi_style {
    bool timeout;      /* a time has passed */
    bool healthy;      /* the process goes on: Go and the threads answer as in health */
    bool places;       /* a frame is the place in the file that it is, Go's too */
    const char *title; /* of the first stack; NULL: the thread's name and numbers */
    bool spare;        /* a thread whose system call a question would end is not asked */
};

/* What became of the place that a report was meant for. */
enum epi_lost {
    EPI_LOST_NOTHING,
    EPI_LOST_DESCRIPTOR, /* the output is the same, by another descriptor */
    EPI_LOST_OUTPUT,
};

/* One incident: a crash, or a dump.  Zero until a thread's compare-and-swap on owner wins it; from
 * then on only the owner writes, but for parked and what the helper interrupts. */
struct epi_incident {
    _Atomic uint64_t owner; /* epi_self() of the thread; 0: none */
    _Atomic int phase;
    const struct epi_options *options;
    struct epi_style style;
    /* Something more urgent has come: must it end now?  NULL: never. */
    bool (*stop)(const struct epi_incident *incident);
    void (*notes)(struct epi_incident *incident); /* more for the head; NULL: none */
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
    _Atomic bool settled; /* epi_report_settle has been called */
    uint64_t began;
    _Atomic uint64_t deadline; /* of the whole, monotonic */
    _Atomic uint64_t stages_deadline; /* of all stages together */
    /* In EPI_PHASE_HOST: the owner is interrupted; has it left the host's handler? */
    bool (*left)(struct epi_incident *incident, const ucontext_t *uc);
    struct {
        struct epi_sigaction action;
        struct itimerval timer;
        siginfo_t pending; /* si_signo 0: none was */
    } alarm; /* the program's, while a forked child's deadline has its place */
    /* A signal that was sent meanwhile, should the process live on, and by whom
     * (epi_sent_of); 0: none. */
    _Atomic uint64_t sent;
    uint64_t chained, resumed; /* when the host's handler was called and returned */
    struct {
        bool slept;        /* the helper has seen the thread asleep in it */
        uintptr_t called;  /* its handler that runs, or has returned */
        bool unchanged;    /* it has returned, and changed nothing */
        bool patched;      /* but the instruction, perhaps, which was this one: */
        uint64_t instruction;
        uintptr_t handler; /* that was asked before this report; 0: none was */
        const char *answer;
    } host;

    /* The guard of the stage that runs.  The epoch is odd while there is one,
     * so that an interrupt for an older stage is known as such. */
    struct epi_jump guard;
    _Atomic uint32_t epoch;
    _Atomic uint64_t stage_deadline;
    _Atomic uint64_t stage_budget; /* that it was set for; written before it */
    _Atomic uint64_t stage_cpu;    /* the owner's processor time when the stage began */
    _Atomic bool interrupted; /* an interrupt is on its way */
    _Atomic bool written;     /* the report is */
    const char *stage_name;
    struct epi_jump last_resort; /* when something fails outside of a guard */
    const struct epi_stage *closing; /* the next step of the report's end */
    uint32_t nested;             /* faults in the reporter so far */
    int nested_signal;
    uintptr_t nested_address, nested_pc;

    uint32_t failure_count;
    struct {
        const char *stage;
        bool timed_out;
    } failure[48]; /* one for each stage: report.c */

    char file[192]; /* the report file's name, or "" */
    int file_error; /* errno, when it could not be made */

    struct {
        uint64_t newest, end; /* the numbers of the first of the newest, and of the next one */
        bool mapped;          /* they and the annotations are in a file's pages */
    } crumbs;
    bool noted;   /* labels or annotations stand before the breadcrumbs */
    bool looking; /* whether there is anything to write: failures are reported later */
    const struct epi_dump *dump; /* what was asked for: dump.c's */

    struct epi_fd file_fd, terminal;
    struct {
        enum epi_lost lost;
        struct epi_fd reopened;
        bool directory_reopened;
    } places;
    struct epi_out out;
    struct epi_record record; /* around its text, where that is to be one */
    bool terminated; /* the termination message is written */
    bool shortened;  /* so is the short report beside the one in a file */
    char message[EPI_MESSAGE]; /* a copy of the C library's last words */
    struct epi_stack stack;
    struct epi_cursor cursor;
    struct epi_rule_cache cache;
    struct epi_symbol symbol;
    struct epi_symbols symbols; /* of the frame that is printed */
    struct epi_perfmap code_names; /* of code without a module */
    uint8_t callee; /* of the Go frame printed last; see epi_pclntab_frames */
    _Atomic uint32_t parked_count;
    struct epi_parked parked[EPI_PARKED];
};

#ifdef EPI_TEST
/* What a stage of the reports to come does in place of its work. */
enum epi_trouble {
    EPI_TROUBLE_NONE,
    EPI_TROUBLE_FAULT,
    EPI_TROUBLE_HANG, /* in a system call */
    EPI_TROUBLE_SPIN,
    EPI_TROUBLE_STOP, /* the process is stopped; then it hangs */
    EPI_TROUBLE_ABORT
};
#endif

struct epi_incidents {
    /* Set by epi_enable; NULL while disabled.  One slot is in force, the next
     * configuration is written to the other. */
    _Atomic(const struct epi_options *) options;
    struct epi_options option_slot[2];
    int pid; /* who has enabled the core; a forked child has another */
    struct epi_range report_stack, nested_stack;
    struct epi_fd spare[2];
    _Atomic bool symbols_pending; /* Go is building the first indexes */
    _Atomic(const char *) symbols_note; /* why the program has no names, or NULL */
#ifdef EPI_TEST
    char trouble_stage[32];
    enum epi_trouble trouble;
#endif
};

extern struct epi_incidents epi_incidents __attribute__((visibility("hidden")));

/* Closes the spare descriptors.  In a child of vfork the record of them is the parent's,
 * and stays. */
EPI_SAFE void epi_incident_close_spare(const struct epi_incident *incident);

/* What INCIDENT has that others than its owner look at becomes as before the first one;
 * but for a signal that was sent, which may come until there is no owner.
 * Threads that wait look at the owner again. */
EPI_SAFE void epi_incident_clear(struct epi_incident *incident);

/* For the helper thread: the process was stopped for NS nanoseconds, until NOW or just before,
 * which no deadline of INCIDENT, nor that of its output, counts. */
EPI_SAFE void epi_incident_postpone(struct epi_incident *incident, uint64_t ns, uint64_t now);

/* The time of an incident as the helper thread counts it, in rounds: none as more than
 * EPI_STOP (base/clock.h), for the process may have been stopped.  But a thread that waits for
 * a processor is not stopped, so that on a busy machine the rounds count as they are. */
struct epi_watch {
    uint64_t last;    /* when the last round ended */
    uint64_t starved; /* the sum of its waits when that was looked at; 0: never */
    uint64_t since;   /* the time of the rounds since then */
};

/* A round ends NOW; STARVED is the sum of the thread's waits for a processor, which only a
 * round above EPI_STOP needs, or 0.  How much of the round was a stop. */
EPI_SAFE uint64_t epi_watch_round(struct epi_watch *watch, uint64_t now, uint64_t starved);

/* From when on the helper thread counts the time of INCIDENT, which it sees first NOW, and
 * takes more than a moment of it for a stop of the process.  It would have woken by itself
 * at DUE. */
EPI_SAFE uint64_t epi_incident_watched_from(const struct epi_incident *incident, uint64_t due,
                                            uint64_t now);

/* SUBJECT becomes the calling thread. */
EPI_SAFE void epi_subject_is_self(struct epi_subject *subject);

/* Must the report of INCIDENT end now? */
static inline EPI_SAFE bool epi_incident_stops(const struct epi_incident *incident)
{
    return incident->stop != NULL && incident->stop(incident); /* EPI_SAFE: dump.c's */
}

#endif
