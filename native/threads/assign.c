/* The helper's round: which threads lack an alternate stack, and which may be asked. */
#include "assign.h"
#include "altstack.h"
#include "ask.h"
#include "service.h"
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A listing costs 1.5 us a thread.  While the number of threads stays the same
 * there is one in so many rounds: one thread may have followed another. */
#define QUIET_ROUNDS 10

/* At most so many threads that wait are looked at in a round, besides new ones. */
#define LOOKS 128

/* A look opens a file of /proc.  The program may have just closed the number that this
 * gets, to open another file there, and so threads that give no occasion are looked at
 * less and less often: after 1, 2, 4 ... rounds. */
#define PAUSE_MOST 60

EPI_SAFE void epi_assign_accept(uint32_t slot, ucontext_t *uc)
{
    struct epi_known *known = &epi_threading.assign->known[slot];
    /* Once: the helper takes it back when it believes the thread gone, or when it
     * could not send what may have come by an older ask. */
    const struct epi_altstack *stack = known->stack;
    uint8_t offered = EPI_ALT_OFFERED;
    if (known->tid != epi_gettid() || stack == NULL)
        return;
    /* execve sets the size back and leaves the flags as they were (fs/exec.c,
     * begin_new_exec): without SS_DISABLE the main thread may have none all the same. */
    bool has = (uc->uc_stack.ss_flags & SS_DISABLE) == 0 && uc->uc_stack.ss_size != 0;
    if (!atomic_compare_exchange_strong(&known->state, &offered,
                                        has ? EPI_ALT_HAS : EPI_ALT_GIVEN) ||
        has)
        return;
    uc->uc_stack.ss_sp = (void *)stack->stack.start;
    uc->uc_stack.ss_size = stack->stack.end - stack->stack.start;
    uc->uc_stack.ss_flags = 0;
}

static EPI_SAFE uint16_t *bucket_of(struct epi_assign *assign, int tid)
{
    for (uint32_t at = (uint32_t)tid * UINT32_C(0x9e3779b1) >> 8;; at++) {
        uint16_t *bucket = &assign->bucket[at % EPI_COUNT(assign->bucket)];
        if (*bucket == 0 || assign->known[*bucket - 1].tid == tid)
            return bucket;
    }
}

/* The record of TID, a new one if need be; NULL when there are too many. */
static EPI_SAFE struct epi_known *record(struct epi_assign *assign, int tid, uint32_t *unused)
{
    uint16_t *bucket = bucket_of(assign, tid);
    if (*bucket != 0)
        return &assign->known[*bucket - 1];
    while (*unused < EPI_THREADS && assign->known[*unused].tid != 0)
        ++*unused;
    if (*unused == EPI_THREADS)
        return NULL;
    struct epi_known *known = &assign->known[*unused];
    known->state = EPI_ALT_NEW;
    known->stack = NULL;
    known->asleep = 0;
    known->pause = 1;
    known->due = 0;
    known->tid = tid;
    *bucket = (uint16_t)(*unused + 1);
    if (assign->used <= *unused)
        assign->used = *unused + 1;
    return known;
}

/* Takes the list of threads that may lack a stack; who is not in it any more is
 * forgotten, and the stack unmapped once the kernel has forgotten the thread too. */
static EPI_SAFE void list(struct epi_assign *assign, struct epi_tasks *tasks)
{
    uint32_t unused = 0, used = 0;
    int tid;
    assign->round++;
    while ((tid = epi_tasks_next(tasks)) != 0) {
        if (epi_altstack_marked(tid) || epi_service_find(tid) != NULL ||
            (tid == epi_getpid() && assign->main_has))
            continue;
        struct epi_known *known = record(assign, tid, &unused);
        if (known != NULL)
            known->round = assign->round;
    }
    epi_zero(assign->bucket, sizeof assign->bucket);
    for (uint32_t i = 0; i < assign->used; i++) {
        struct epi_known *known = &assign->known[i];
        if (known->tid != 0 && known->round != assign->round) {
            if (known->stack != NULL)
                epi_altstack_give_back(known->stack, known->tid);
            known->stack = NULL;
            known->tid = 0;
        }
        if (known->tid != 0) {
            *bucket_of(assign, known->tid) = (uint16_t)(i + 1);
            used = i + 1;
        }
    }
    assign->used = used;
}

/* Where the thread is asleep, if that is in a call that goes on after a signal; or 0. */
static EPI_SAFE uint64_t asleep(const struct epi_tasks *tasks, int tid)
{
    struct epi_task_syscall task;
    if (!epi_task_syscall(tasks, tid, &task) || !task.sleeps || task.number < 0 ||
        !epi_syscall_goes_on(&task))
        return 0;
    uint64_t hash = epi_mix(1, (uint64_t)task.number);
    for (size_t i = 0; i < EPI_COUNT(task.argument); i++)
        hash = epi_mix(hash, task.argument[i]);
    return epi_mix(epi_mix(hash, task.sp), task.pc) | 1;
}

/* To a thread that blocks the signal it would be pending, and sigtimedwait or a signalfd
 * of all signals would give it to the program. */
static EPI_SAFE bool takes_signal(const struct epi_tasks *tasks, int tid)
{
    uint64_t blocked, pending;
    return epi_task_signals(tasks, tid, &blocked, &pending) &&
           (blocked & epi_mask_of(epi_actions.thread_signal)) == 0;
}

static EPI_SAFE void offer(struct epi_assign *assign, struct epi_known *known)
{
    struct epi_ask ask = {EPI_ASK_ALTSTACK, assign->round, (uint32_t)(known - assign->known)};
    known->stack = epi_altstack_take();
    if (known->stack == NULL)
        return; /* no memory: another time */
    known->state = EPI_ALT_OFFERED;
    if (epi_ask_send(epi_actions.thread_signal, known->tid, ask) == 0)
        return;
    uint8_t offered = EPI_ALT_OFFERED;
    if (!atomic_compare_exchange_strong(&known->state, &offered, EPI_ALT_NEW))
        return; /* an older ask, which was pending, has been answered with it */
    epi_altstack_give_back(known->stack, INT_MAX);
    known->stack = NULL;
}

/* Has the thread been found asleep twice in the same call?  Once asleep it is looked at
 * again in the next round. */
static EPI_SAFE bool look_at(const struct epi_assign *assign, struct epi_known *known,
                             uint64_t now)
{
    uint64_t before = known->asleep;
    known->asleep = asleep(&assign->tasks, known->tid);
    if (known->asleep != 0 && known->asleep == before && takes_signal(&assign->tasks, known->tid))
        return true;
    uint32_t rounds = before == 0 && known->asleep != 0 ? 1 : known->pause;
    if (rounds == known->pause && known->pause < PAUSE_MOST)
        known->pause = known->pause * 2 < PAUSE_MOST ? known->pause * 2 : PAUSE_MOST;
    known->due = now + rounds * EPI_SECOND - EPI_SECOND / 2; /* rounds may come early */
    return false;
}

/* Looks at those that wait, and serves one that sleeps as it did before. */
static EPI_SAFE void serve(struct epi_assign *assign)
{
    uint32_t looks = 0, start = assign->next;
    uint64_t now = epi_now();
    assign->waiting = 0;
    for (uint32_t n = 0; n < assign->used && assign->on && !epi_crashing(); n++) {
        uint32_t i = (start + n) % assign->used;
        struct epi_known *known = &assign->known[i];
        if (known->tid != 0 && known->state == EPI_ALT_HAS && known->stack != NULL) {
            epi_altstack_give_back(known->stack, INT_MAX); /* not wanted after all */
            known->stack = NULL;
        }
        if (known->tid == 0 || known->state != EPI_ALT_NEW)
            continue;
        assign->waiting++;
        if (known->due > now || looks++ >= LOOKS)
            continue;
        assign->next = i + 1;
        if (look_at(assign, known, now))
            offer(assign, known);
    }
}

/* The program may have closed it, as all others; in a forked child it is the parent's
 * list. */
static EPI_SAFE bool open_list(struct epi_assign *assign)
{
    if (epi_tasks_again(&assign->tasks))
        return true;
    return epi_tasks_open(&assign->tasks, assign->listing, sizeof assign->listing) == 0 &&
           epi_tasks_keep(&assign->tasks);
}

static EPI_SAFE long filter_mode(void)
{
    return epi_syscall6(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0);
}

/* A filter of system calls that the program has put up since may end it for what the
 * helper would do.  A filter is never taken down again. */
static EPI_SAFE bool filtered(struct epi_assign *assign)
{
    if (!assign->filtered)
        assign->filtered = filter_mode() != assign->filter;
    return assign->filtered;
}

static EPI_SAFE void look_around(struct epi_assign *assign)
{
    if (filtered(assign) || !open_list(assign))
        return;
    uint64_t threads = epi_tasks_count(&assign->tasks);
    if (threads != assign->threads || ++assign->quiet >= QUIET_ROUNDS) {
        list(assign, &assign->tasks);
        assign->threads = threads;
        assign->quiet = 0;
        assign->waiting = 1;
    }
    if (assign->waiting > 0)
        serve(assign);
}

/* In a forked child: its one thread has another number than in the parent, and may
 * use the stack that it was given there. */
static EPI_SAFE void forget_parents(struct epi_assign *assign)
{
    for (uint32_t i = 0; i < assign->used; i++) {
        assign->known[i].tid = 0;
        assign->known[i].stack = NULL;
    }
    epi_zero(assign->bucket, sizeof assign->bucket);
    assign->used = assign->waiting = 0;
    assign->threads = 0;
    epi_tasks_close(&assign->tasks);
}

EPI_SAFE bool epi_assign_round(void)
{
    struct epi_assign *assign = epi_threading.assign;
    if (assign == NULL)
        return false;
    if (!epi_process()->assigns)
        forget_parents(assign);
    epi_process()->assigns = true;
    assign->busy = true; /* before on is read: one side sees the other */
    bool on = assign->on;
    if (on)
        look_around(assign);
    assign->busy = false;
    return on;
}

/* Is main Go's?  In a host that has linked Go as an archive it is the host's, and its
 * thread one without an alternate stack. */
static bool go_has_main(void)
{
    extern int main(int, char **) __attribute__((weak));
    return epi_program.go != NULL && epi_go_text(epi_program.go, (uintptr_t)main);
}

void epi_assign_prepare(struct epi_assign *assign, bool program)
{
    assign->main_has = program && go_has_main();
    assign->filter = filter_mode();
    open_list(assign);
}

void epi_assign_start(void)
{
    epi_threading.assign->on = true;
}

void epi_assign_stop(void)
{
    struct epi_assign *assign = epi_threading.assign;
    assign->on = false;
    for (int i = 0; i < 200 && assign->busy; i++)
        usleep(1000);
}
