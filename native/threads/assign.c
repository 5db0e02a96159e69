#include "assign.h"
#include "altstack.h"
#include "ask.h"
#include "service.h"
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../signals/actions.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

/* A listing costs 1.5 us a thread.  While the number of threads stays the same
 * there is one in so many rounds: one thread may have followed another. */
#define QUIET_ROUNDS 10

/* At most so many threads that wait are looked at in a round, besides new ones. */
#define LOOKS 128

EPI_SAFE void epi_assign_accept(uint32_t slot, ucontext_t *uc)
{
    struct epi_assign *assign = epi_threading.assign;
    struct epi_known *known = &assign->known[slot];
    if (known->tid != epi_gettid() ||
        (known->state != EPI_ALT_ASKED && known->state != EPI_ALT_OFFERED))
        return; /* the helper has given it up since */
    bool has = (uc->uc_stack.ss_flags & SS_DISABLE) == 0;
    if (known->state == EPI_ALT_ASKED) {
        known->state = has ? EPI_ALT_HAS : EPI_ALT_NEEDS;
    } else if (!has) {
        /* Once: the helper takes it back when it believes the thread gone. */
        const struct epi_altstack *stack = known->stack;
        if (stack == NULL)
            return;
        uc->uc_stack.ss_sp = (void *)stack->stack.start;
        uc->uc_stack.ss_size = stack->stack.end - stack->stack.start;
        uc->uc_stack.ss_flags = 0;
        known->state = EPI_ALT_GIVEN;
    } else {
        known->state = EPI_ALT_HAS;
    }
    atomic_fetch_add(&assign->moves, 1);
    epi_futex_wake_all(&assign->moves);
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
    known->tid = tid;
    *bucket = (uint16_t)(*unused + 1);
    if (assign->used <= *unused)
        assign->used = *unused + 1;
    return known;
}

/* Takes the list of threads; who is not in it any more is forgotten, and the
 * stack unmapped once the kernel has forgotten the thread too. */
static EPI_SAFE void list(struct epi_assign *assign, struct epi_tasks *tasks)
{
    uint32_t unused = 0, used = 0;
    int tid;
    assign->round++;
    while ((tid = epi_tasks_next(tasks)) != 0) {
        struct epi_known *known = epi_service_find(tid) != NULL ? NULL : record(assign, tid, &unused);
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

static EPI_SAFE void send(struct epi_assign *assign, struct epi_known *known)
{
    uint8_t state = known->state;
    if (state == EPI_ALT_NEEDS && known->stack == NULL)
        known->stack = epi_altstack_take();
    if (state == EPI_ALT_NEEDS && known->stack == NULL)
        return; /* no memory: another time */
    known->state = state == EPI_ALT_NEEDS ? EPI_ALT_OFFERED : EPI_ALT_ASKED;
    struct epi_ask ask = {EPI_ASK_ALTSTACK, assign->round, (uint32_t)(known - assign->known)};
    if (epi_ask_send(epi_actions.thread_signal, known->tid, ask) != 0)
        known->state = state;
}

/* Serves those that wait; the number of signals sent. */
static EPI_SAFE uint32_t serve(struct epi_assign *assign, const struct epi_tasks *tasks)
{
    uint32_t sent = 0, looks = 0, start = assign->next;
    assign->waiting = 0;
    for (uint32_t n = 0; n < assign->used && assign->on && !epi_crashing(); n++) {
        uint32_t i = (start + n) % assign->used;
        struct epi_known *known = &assign->known[i];
        struct epi_task_syscall task;
        if (known->tid != 0 && known->state == EPI_ALT_HAS && known->stack != NULL) {
            epi_altstack_give_back(known->stack, INT_MAX); /* not wanted after all */
            known->stack = NULL;
        }
        if (known->tid == 0 || (known->state != EPI_ALT_NEW && known->state != EPI_ALT_NEEDS))
            continue;
        assign->waiting++;
        if (looks == LOOKS)
            continue;
        assign->next = i + 1;
        if (!epi_task_syscall(tasks, known->tid, &task)) {
            struct epi_task_stat stat;
            if (task.told || !epi_task_stat(tasks, known->tid, &stat) || stat.state != 'R')
                continue; /* gone; or asleep, nobody knows in what */
        }
        if (epi_syscall_not_restarted(&task) != NULL) {
            looks++;
            continue;
        }
        send(assign, known);
        sent++;
    }
    return sent;
}

static EPI_SAFE bool look_around(struct epi_assign *assign)
{
    struct epi_tasks tasks;
    if (epi_tasks_open(&tasks, assign->listing, sizeof assign->listing) != 0)
        return true;
    uint64_t threads = epi_tasks_count(&tasks);
    if (threads != assign->threads || ++assign->quiet >= QUIET_ROUNDS) {
        list(assign, &tasks);
        assign->threads = threads;
        assign->quiet = 0;
        assign->waiting = 1;
    }
    /* Who answers at once that it has none gets one at once. */
    for (int i = 0; i < 3 && assign->waiting > 0; i++) {
        uint32_t before = assign->moves, sent = serve(assign, &tasks);
        if (sent == 0)
            break;
        uint64_t end = epi_now() + 10 * EPI_MS, now;
        uint32_t moves;
        while ((moves = assign->moves) - before < sent && (now = epi_now()) < end &&
               !epi_crashing()) {
            struct timespec left = epi_timespec(end - now);
            epi_futex_wait(&assign->moves, moves, &left);
        }
    }
    epi_tasks_close(&tasks);
    return true;
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
}

EPI_SAFE bool epi_assign_round(void)
{
    struct epi_assign *assign = epi_threading.assign;
    if (assign == NULL)
        return false;
    if (assign->pid != epi_getpid())
        forget_parents(assign);
    assign->pid = epi_getpid();
    assign->busy = true; /* before on is read: one side sees the other */
    bool on = assign->on && look_around(assign);
    assign->busy = false;
    return on;
}

void epi_assign_stop(void)
{
    struct epi_assign *assign = epi_threading.assign;
    assign->on = false;
    for (int i = 0; i < 200 && assign->busy; i++)
        usleep(1000);
}
