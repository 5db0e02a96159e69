/* The asker: lists the threads, sends the question, waits for answers until a deadline. */
#include "threads.h"
#include "ask.h"
#include "service.h"
#include "tasks.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../signals/actions.h"

#include <errno.h>
#include <stdatomic.h>

struct epi_threading epi_threading;

/* Answers that have not come by then are late. */
#define WAIT_LEAST  (200 * EPI_MS)
#define WAIT_THREAD (10 * EPI_MS / 1000)

/* Kept back of the time for looking at those that did not answer. */
#define RESERVE (20 * EPI_MS)

/* Who has not answered is looked at after these times: most are known then to
 * block the signal or to have ended, and need not be waited for. */
static const uint64_t looks[] = {10 * EPI_MS, 30 * EPI_MS, 100 * EPI_MS, 200 * EPI_MS};

/* Gives TID a slot; NULL when there is none left. */
static EPI_SAFE struct epi_thread *add(struct epi_threads *threads, int tid)
{
    while (threads->count < EPI_THREADS) {
        struct epi_thread *thread = &threads->thread[threads->count++];
        if (epi_thread_answer(thread) == EPI_WRITING) /* for an older question, still */
            continue;
        thread->turn = (uint64_t)threads->epoch << 2 | EPI_UNUSED;
        epi_zero(&thread->tid,
                 offsetof(struct epi_thread, stack.frame) - offsetof(struct epi_thread, tid));
        thread->tid = tid;
        return thread;
    }
    threads->more++;
    return NULL;
}

static EPI_SAFE void list(struct epi_threads *threads, struct epi_tasks *tasks, int except)
{
    uint64_t listed = 0, all;
    int tid;
    for (; (tid = epi_tasks_next(tasks)) != 0; listed++) {
        const struct epi_service_thread *own = epi_service_find(tid);
        struct epi_thread *thread = tid == except ? NULL : add(threads, tid);
        if (thread == NULL)
            continue;
        if (!epi_task_stat(tasks, tid, &thread->stat) || thread->stat.state == 'Z' ||
            thread->stat.state == 'X')
            thread->fate = EPI_FATE_ENDED;
        if (own != NULL) {
            thread->fate = EPI_FATE_SERVICE;
            thread->pointer = own->pointer;
        }
    }
    /* More than the buffer holds, or begun since. */
    all = epi_tasks_count(tasks);
    if (all > listed)
        threads->more += (uint32_t)(all - listed);
}

/* Should the signal not be sent, because the thread's system call would not
 * survive it?  A thread that moved on while it was looked at is looked at again. */
static EPI_SAFE bool spare(const struct epi_threads *threads, struct epi_thread *thread,
                           const struct epi_tasks *tasks)
{
    struct epi_task_syscall task;
    for (int i = 0; i < 3; i++) {
        if (!epi_task_syscall(tasks, thread->tid, &task)) {
            if (task.told || thread->stat.state == 'R')
                return false;
            thread->fate = EPI_FATE_UNTOLD;
            return true;
        }
        if (epi_syscall_goes_on(&task))
            return false;
        if (epi_thread_walk_remote(thread, tasks, threads->max_frames) &&
            thread->call == epi_syscall_name(task.number)) {
            thread->fate = EPI_FATE_SPARED;
            return true;
        }
    }
    return false;
}

/* A thread that blocks the signal keeps each one that it was sent, for ever
 * perhaps, and the kernel counts them against a limit of the user's
 * (RLIMIT_SIGPENDING): those who owe an answer are not asked again before they
 * have got the signal. */
static EPI_SAFE void note_who_owes(struct epi_threads *threads)
{
    threads->owing_count = 0;
    for (uint32_t i = 0; i < threads->count; i++) {
        const struct epi_thread *thread = &threads->thread[i];
        if (epi_thread_listed(threads, thread) &&
            (thread->fate == EPI_FATE_BLOCKS || thread->fate == EPI_FATE_LATE))
            threads->owing[threads->owing_count++] = thread->tid;
    }
}

static EPI_SAFE bool still_owes(const struct epi_threads *threads, struct epi_thread *thread,
                                const struct epi_tasks *tasks)
{
    uint64_t blocked, pending, mask = epi_mask_of(epi_actions.thread_signal);
    for (uint32_t i = 0; i < threads->owing_count; i++) {
        if (threads->owing[i] != thread->tid)
            continue;
        if (!epi_task_signals(tasks, thread->tid, &blocked, &pending) || (pending & mask) == 0)
            return false;
        thread->fate = (blocked & mask) != 0 ? EPI_FATE_BLOCKS : EPI_FATE_LATE;
        return true;
    }
    return false;
}

/* Does the thread block the signal now?  A healthy program is not sent what would be
 * pending: sigtimedwait or a signalfd of all signals gives it to the program.  A thread
 * that runs may block all for a moment, as when it starts or ends, and is looked at
 * again.  In a crash no thread reads those signals any more. */
static EPI_SAFE bool would_pend(const struct epi_threads *threads, struct epi_thread *thread,
                                const struct epi_tasks *tasks, unsigned *looks_again)
{
    uint64_t blocked, pending, mask = epi_mask_of(epi_actions.thread_signal);
    struct epi_task_stat stat;
    if (threads != epi_threading.threads[EPI_ASK_DUMP])
        return false;
    for (int i = 0;; i++) {
        if (!epi_task_signals(tasks, thread->tid, &blocked, &pending)) {
            thread->fate = EPI_FATE_ENDED;
            return true;
        }
        if ((blocked & mask) == 0)
            return false;
        if (i == 3 || *looks_again == 0 || !epi_task_stat(tasks, thread->tid, &stat) ||
            stat.state != 'R')
            break;
        --*looks_again;
        epi_pause(EPI_MS);
    }
    thread->fate = EPI_FATE_BLOCKS;
    return true;
}

static EPI_SAFE void send_all(struct epi_threads *threads,
                              const struct epi_ask_options *options,
                              const struct epi_tasks *tasks)
{
    uint32_t asked = 0;
    unsigned looks_again = 20;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        if (!epi_thread_listed(threads, thread) || thread->fate != EPI_FATE_ASKED ||
            still_owes(threads, thread, tasks) ||
            would_pend(threads, thread, tasks, &looks_again) ||
            (options->spare && spare(threads, thread, tasks)))
            continue;
        struct epi_ask ask = {options->question, threads->epoch, i};
        thread->turn = (uint64_t)threads->epoch << 2 | EPI_ASKED;
        int error = epi_ask_send(epi_actions.thread_signal, thread->tid, ask);
        if (error == 0) {
            asked++;
            continue;
        }
        thread->turn = (uint64_t)threads->epoch << 2 | EPI_UNUSED;
        thread->fate = error == -ESRCH ? EPI_FATE_ENDED : EPI_FATE_UNSENDABLE;
    }
    threads->asked = asked;
}

/* Does the thread block the signal?  Blocked but not pending it is in the
 * handler already.  While it runs, it may be in another one, and unblock it in a
 * moment. */
static EPI_SAFE bool blocks(struct epi_thread *thread, const struct epi_tasks *tasks,
                            bool *for_good)
{
    uint64_t blocked, pending, mask = epi_mask_of(epi_actions.thread_signal);
    struct epi_task_stat stat;
    *for_good = false;
    if (!epi_task_signals(tasks, thread->tid, &blocked, &pending) ||
        (blocked & pending & mask) == 0)
        return false;
    *for_good = epi_task_stat(tasks, thread->tid, &stat) && stat.state != 'R';
    return true;
}

/* Looks at the threads without an answer; true when there is one that may
 * still give it. */
static EPI_SAFE bool may_answer(struct epi_threads *threads, const struct epi_tasks *tasks)
{
    bool any = false, for_good;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        struct epi_task_stat stat;
        if (!epi_thread_listed(threads, thread) || epi_thread_answer(thread) == EPI_UNUSED ||
            epi_thread_answer(thread) == EPI_DONE)
            continue; /* not asked, or answered */
        if (blocks(thread, tasks, &for_good)) {
            thread->fate = EPI_FATE_BLOCKS;
            any |= !for_good;
        } else if (!epi_task_stat(tasks, thread->tid, &stat)) {
            thread->fate = EPI_FATE_ENDED;
        } else {
            thread->fate = EPI_FATE_ASKED;
            any = true;
        }
    }
    return any;
}

static EPI_SAFE void wait(struct epi_threads *threads, const struct epi_tasks *tasks,
                          uint64_t deadline)
{
    uint64_t began = epi_now();
    uint64_t end = began + WAIT_LEAST + threads->asked * WAIT_THREAD;
    if (end > deadline - RESERVE)
        end = deadline - RESERVE;
    for (size_t look = 0;;) {
        uint32_t answered = threads->answered;
        uint64_t now = epi_now();
        if (answered >= threads->asked || now >= end)
            return;
        if (look < EPI_COUNT(looks) && now >= began + looks[look]) {
            /* Blocked once may be a thread that starts or ends; twice is for
             * good. */
            if (!may_answer(threads, tasks) && look > 0)
                return;
            look++;
        }
        epi_wait(&threads->answered, answered,
                 look < EPI_COUNT(looks) ? began + looks[look] : end);
    }
}

/* Looks once at those that gave no answer; true when some could not be seen,
 * because they run.  A slot that is still written to is not touched. */
static EPI_SAFE bool look_remotely(struct epi_threads *threads,
                                       const struct epi_tasks *tasks)
{
    bool left = false;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        if (epi_thread_listed(threads, thread) && epi_thread_answer(thread) == EPI_UNUSED &&
            (thread->fate == EPI_FATE_BLOCKS || thread->fate == EPI_FATE_LATE ||
             thread->fate == EPI_FATE_UNSENDABLE) &&
            thread->stack.count == 0)
            left |= !epi_thread_walk_remote(thread, tasks, threads->max_frames);
    }
    return left;
}

/* Ends the question: an answer that begins now is too late. */
static EPI_SAFE void settle(struct epi_threads *threads, const struct epi_tasks *tasks)
{
    may_answer(threads, tasks);
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        uint64_t turn = (uint64_t)threads->epoch << 2 | EPI_ASKED;
        if (!epi_thread_listed(threads, thread))
            continue;
        atomic_compare_exchange_strong(&thread->turn, &turn,
                                       (uint64_t)threads->epoch << 2 | EPI_UNUSED);
        enum epi_answer answer = epi_thread_answer(thread);
        if (answer == EPI_DONE)
            thread->fate = EPI_FATE_ANSWERED;
        else if (thread->fate == EPI_FATE_ASKED)
            thread->fate = EPI_FATE_LATE;
    }
    /* Who runs may sleep in a moment. */
    for (int i = 0; look_remotely(threads, tasks) && i < 4; i++) {
        epi_pause(3 * EPI_MS);
    }
}

EPI_SAFE void epi_threads_ask(struct epi_threads *threads,
                              const struct epi_ask_options *options)
{
    struct epi_tasks tasks;
    note_who_owes(threads);
    threads->epoch++;
    threads->asked = threads->answered = 0;
    threads->count = threads->more = 0;
    threads->max_frames = options->max_frames;
    threads->grouped = false;
    for (size_t i = 0; i < EPI_COUNT(threads->cache); i++)
        if (!threads->cache[i].taken) /* modules may have been unloaded since */
            epi_zero(&threads->cache[i].rules, sizeof threads->cache[i].rules);
    if (epi_now() + 2 * RESERVE > options->deadline) {
        threads->error = ETIME;
        return;
    }
    threads->error = -epi_tasks_open(&tasks, threads->listing, sizeof threads->listing);
    if (threads->error != 0)
        return;
    list(threads, &tasks, options->except);
    send_all(threads, options, &tasks);
    wait(threads, &tasks, options->deadline);
    settle(threads, &tasks);
    epi_tasks_close(&tasks);
}
