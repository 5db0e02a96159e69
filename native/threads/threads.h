/* What the other threads were doing.
 *
 * The asker lists the threads, gives each a slot of a table, and sends each the
 * thread signal, all at once, so that the threads of a busy machine get to it
 * in parallel.  The signal's value names the turn (the epoch) and the slot.  The receiver
 * walks its own stack into its slot, says so by a store with release, and goes
 * on.  Nothing is waited for without a deadline, and a thread that does not
 * answer is reported as such, with what /proc knows of it.
 *
 * There are two tables: the crash's and that of dumps on demand.  So a crash
 * never waits for a dump, nor sees a half of its answers.
 *
 * sample.c is the receiver; remote.c and syscalls.c are for threads that do not answer. */
#ifndef EPI_THREADS_H
#define EPI_THREADS_H

#include "ask.h"
#include "tasks.h"
#include "../base/base.h"
#include "../unwind/stack.h"

#define EPI_THREADS 4096

/* A slot's turn is epoch << 2 | one of these.  The asker makes it ASKED, the
 * receiver makes that WRITING by compare-and-swap and then DONE.  A slot that
 * a receiver is still writing to, for an older epoch, is not used again. */
enum epi_answer { EPI_UNUSED, EPI_ASKED, EPI_WRITING, EPI_DONE };

/* What became of the question. */
enum epi_fate {
    EPI_FATE_ASKED, /* nothing yet */
    EPI_FATE_ANSWERED,
    EPI_FATE_BLOCKS,     /* it blocks the signal */
    EPI_FATE_LATE,       /* no answer within the deadline */
    EPI_FATE_UNSENDABLE, /* the signal's queue is full (RLIMIT_SIGPENDING) */
    EPI_FATE_ENDED,      /* the thread has, since it was listed */
    EPI_FATE_SPARED,     /* not asked: the signal would end its system call */
    EPI_FATE_UNTOLD,     /* not asked: it sleeps, and the kernel does not tell where */
    EPI_FATE_SERVICE,        /* not asked: it is the core's */
    EPI_FATES
};

struct epi_thread {
    _Atomic uint64_t turn;
    int tid;
    uint8_t fate;
    bool crashed;       /* it waits in the handler, for a fault of its own */
    bool idle_go;       /* a thread of Go's scheduler that has nothing to do */
    uint8_t idle;       /* native/report's: 0 until it has looked what the thread waits for */
    struct epi_task_stat stat;
    const char *call;    /* the system call that it sleeps in, or NULL */
    uintptr_t pointer;   /* its pthread_t; 0: unknown */
    uint64_t hash;       /* of the stack */
    uint32_t members;    /* threads with this stack; 0: it is another one's member */
    uint32_t next, last; /* index + 1 of the next member; of the last one */
    struct epi_stack stack;
};

/* Receivers run on all CPUs at once; each takes a cache that is free, or
 * does without. */
#define EPI_SAMPLE_CACHES 4

struct epi_threads {
    _Atomic uint32_t epoch;    /* of the question that stands; 0: none */
    _Atomic uint32_t asked;    /* signals sent; 0 until all of them are */
    _Atomic uint32_t answered; /* the asker sleeps on this word */
    uint32_t count;            /* slots in use */
    uint32_t more;             /* threads that there were no slots for */
    uint32_t max_frames;       /* per stack; 0: as many as a slot has room for */
    bool grouped;              /* equal stacks are known */
    uint32_t fates[EPI_FATES];
    int error; /* the list could not be read: errno; ETIME: there was no time */
    struct {
        _Atomic bool taken;
        struct epi_rule_cache rules;
    } cache[EPI_SAMPLE_CACHES];
    uint16_t bucket[2 * EPI_THREADS]; /* of the hash of stacks: index + 1 */
    /* Threads that had not answered the question before; see send_all. */
    uint32_t owing_count;
    int owing[EPI_THREADS];
    char listing[EPI_THREADS * EPI_TASKS_ENTRY];
    struct epi_thread thread[EPI_THREADS];
};

/* Is THREAD's slot one of the question that stands? */
static inline EPI_SAFE bool epi_thread_listed(const struct epi_threads *threads,
                                              const struct epi_thread *thread)
{
    return thread->turn >> 2 == threads->epoch;
}

static inline EPI_SAFE enum epi_answer epi_thread_answer(const struct epi_thread *thread)
{
    return (enum epi_answer)(thread->turn & 3);
}

struct epi_assign;
struct epi_threading {
    struct epi_threads *threads[2]; /* the crash's table and that of dumps, by question */
    struct epi_assign *assign;
};

extern struct epi_threading epi_threading __attribute__((visibility("hidden")));

/* The thread signal's handler (sample.c). */
EPI_SAFE void epi_sample(int signal, siginfo_t *info, void *context);

/* In the handler of another signal: walks the calling thread's own stack from UC,
 * where it was interrupted, and returns the goroutine that it works for; 0: none.
 * The innermost frame alone, and no goroutine, where there is no room for more or a
 * handler of the program's has taken the place of ours for the faults of loads. */
EPI_SAFE uint64_t epi_sample_unasked(struct epi_stack *stack, const ucontext_t *uc,
                                      uint32_t max_frames);

struct epi_ask_options {
    enum epi_question question;
    int except; /* a thread whose stack is known already */
    bool spare; /* leave system calls alone that a signal ends for good */
    uint32_t max_frames;
    uint64_t deadline; /* monotonic, for all of it; without enough time no thread is asked */
};

/* Asks all threads but one and the core's own, and waits for the answers
 * (threads.c).  What THREADS then holds stays as it is until the next call. */
EPI_SAFE void epi_threads_ask(struct epi_threads *threads,
                              const struct epi_ask_options *options);

/* Walks the stack of a sleeping thread from outside, as far as its PC and SP
 * lead: no other register of it is known.  False, with nothing walked, when it
 * does not sleep (remote.c). */
EPI_SAFE bool epi_thread_walk_remote(struct epi_thread *thread, const struct epi_tasks *tasks,
                                      uint32_t max_frames);

/* Does what TASK is in go on after a signal, as if there had been none?  With SA_RESTART,
 * and as far as the number and the arguments tell (syscalls.c). */
EPI_SAFE bool epi_syscall_goes_on(const struct epi_task_syscall *task);

/* The name of any system call that threads are known to wait in; NULL for others. */
EPI_SAFE const char *epi_syscall_name(long number);

#endif
