/* The thread signal's handler: a thread walks its own stack for the one who
 * asks.  It runs on any thread, at any instruction, many times in the life of
 * a healthy process, so it changes nothing: registers, errno, the signal mask
 * and the system call go on as they were.
 *
 * It may run on the stack that it interrupts, or on a small alternate stack
 * that belongs to a library: at most 8 KiB are used, and where the room is
 * known to be less than that and a fault of a peek need, no walk is tried. */
#include "altstack.h"
#include "ask.h"
#include "assign.h"
#include "masks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/code.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../signals/chain.h"

#include <stdatomic.h>

/* Peeks need them; a thread that blocks everything would be killed by the
 * first one that fails.  Sigreturn blocks them again.  False: one of them has been
 * sent, and waits; it would be delivered now, and kill. */
static EPI_SAFE bool unblock_faults(const ucontext_t *uc)
{
    uint64_t faults = epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS);
    if ((*(const uint64_t *)(const void *)&uc->uc_sigmask & faults) == 0)
        return true;
    if ((epi_pending() & faults) != 0)
        return false;
    epi_sigmask(SIG_UNBLOCK, faults);
    return true;
}

/* A thread that waits in the handler for another one's report is of interest
 * where it faulted. */
static EPI_SAFE const ucontext_t *own_crash(int tid)
{
    struct epi_incident *incident = &epi_process()->crash;
    for (uint32_t i = 0; i < EPI_PARKED; i++)
        if (incident->parked[i].filled && incident->parked[i].tid == tid)
            return incident->parked[i].uc;
    return NULL;
}

static EPI_SAFE uint32_t take_cache(struct epi_threads *threads)
{
    uint32_t i = 0;
    while (i < EPI_SAMPLE_CACHES && atomic_exchange(&threads->cache[i].taken, true))
        i++;
    return i;
}

static EPI_SAFE EPI_NOINLINE void walk(struct epi_stack *stack, const ucontext_t *uc,
                                       struct epi_rule_cache *cache, uint32_t max_frames)
{
    struct epi_cursor cursor;
    struct epi_regs regs;
    epi_arch_regs_from_context(&regs, uc);
    epi_program_walk(&cursor, cache, &regs);
    cursor.code_work = EPI_CODE_THREAD;
    cursor.g = epi_go_g(epi_program.go);
    epi_stack_collect(stack, &cursor, max_frames);
}

static EPI_SAFE void innermost_only(struct epi_stack *stack, const ucontext_t *uc,
                                    enum epi_stop why)
{
    struct epi_frame *frame = &stack->frame[0];
    frame->pc = epi_arch_pc(uc);
    frame->sp = epi_arch_sp(uc);
    frame->how = EPI_HOW_CONTEXT;
    frame->flags = EPI_FRAME_EXACT | (epi_go_text(epi_program.go, frame->pc) ? EPI_FRAME_GO : 0);
    stack->stop = why;
    stack->count = 1;
}

static EPI_SAFE void walk_if_room(struct epi_stack *stack, const ucontext_t *uc,
                                  struct epi_rule_cache *cache, uint32_t max_frames)
{
    if (!epi_altstack_has_room(uc))
        innermost_only(stack, uc, EPI_STOP_ROOM);
    else if (!unblock_faults(uc))
        innermost_only(stack, uc, EPI_STOP_PENDING);
    else
        walk(stack, uc, cache, max_frames);
}

/* Who asks has seen to it that a peek's fault comes to the core, or that there is
 * none. */
static EPI_SAFE void capture(struct epi_threads *threads, struct epi_thread *thread,
                             const ucontext_t *uc)
{
    uint32_t cache = take_cache(threads);
    bool taken = cache < EPI_SAMPLE_CACHES;
    epi_zero(&thread->stack, offsetof(struct epi_stack, frame));
    atomic_fetch_add(&epi_process()->receivers, 1); /* epi_disable waits for it */
    walk_if_room(&thread->stack, uc, taken ? &threads->cache[cache].rules : NULL,
                 threads->max_frames);
    atomic_fetch_sub(&epi_process()->receivers, 1);
    if (taken)
        threads->cache[cache].taken = false;
}

/* A handler that the program has put in front of ours would take a peek's fault
 * for one of the program's.  To peek by call (peek.c) is no way out: the dump that
 * does so may end in the middle of this walk. */
static EPI_SAFE bool faults_come_here(void)
{
    return epi_action_holds(SIGSEGV) && epi_action_holds(SIGBUS);
}

EPI_SAFE uint64_t epi_sample_unasked(struct epi_stack *stack, const ucontext_t *uc,
                                      uint32_t max_frames)
{
    uint64_t goroutine = 0;
    epi_zero(stack, offsetof(struct epi_stack, frame));
    atomic_fetch_add(&epi_process()->receivers, 1);
    if (faults_come_here()) { /* and go on doing so: epi_disable waits */
        walk_if_room(stack, uc, NULL, max_frames);
        goroutine = epi_program_goroutine();
    } else {
        innermost_only(stack, uc, EPI_STOP_FAULTS);
    }
    atomic_fetch_sub(&epi_process()->receivers, 1);
    return goroutine;
}

static EPI_SAFE void answer(struct epi_threads *threads, struct epi_ask ask,
                            const ucontext_t *uc)
{
    struct epi_thread *thread = &threads->thread[ask.slot];
    uint64_t turn = (uint64_t)ask.epoch << 2 | EPI_ASKED;
    uint64_t writing = (uint64_t)ask.epoch << 2 | EPI_WRITING;
    int tid = epi_gettid();
    if (thread->tid != tid || !atomic_compare_exchange_strong(&thread->turn, &turn, writing))
        return; /* the question is not asked any more */
    const ucontext_t *incident = own_crash(tid);
    thread->crashed = incident != NULL;
    thread->pointer = epi_arch_thread_pointer();
    capture(threads, thread, incident != NULL ? incident : uc);
    atomic_store_explicit(&thread->turn, (uint64_t)ask.epoch << 2 | EPI_DONE,
                          memory_order_release);
    if (threads->epoch == ask.epoch &&
        atomic_fetch_add(&threads->answered, 1) + 1 == threads->asked)
        epi_futex_wake_all(&threads->answered);
}

/* The question itself ends some system calls, and a thread that was to wait
 * for ever in pause or sigsuspend may be one whose return ends the program, in
 * the middle of the report.  So it comes back when that is written; but not
 * later, since the crash hook or a handler of the host may count on the
 * thread.  Go's runtime copes with EINTR, and its threads are needed. */
static EPI_SAFE void hold(const ucontext_t *uc)
{
    const struct epi_incident *incident = &epi_process()->crash;
    if (epi_go_text(epi_program.go, epi_arch_pc(uc)) || !epi_arch_interrupted(uc))
        return;
    while (epi_crashing() && !incident->written && incident->phase != EPI_PHASE_HOST &&
           incident->phase != EPI_PHASE_CHAINED) {
        epi_pause(10 * EPI_MS);
    }
}

/* A thread that was about to end the process.  There is no other end than the crash's, or
 * the helper's when that takes too long. */
static EPI_SAFE void stop(void)
{
    epi_sigmask(SIG_UNBLOCK, epi_mask_of(epi_actions.thread_signal)); /* it has a stack to show */
    while (epi_crashing())
        epi_pause(10 * EPI_MS);
}

EPI_SAFE void epi_sample(int signal, siginfo_t *info, void *context)
{
    struct epi_ask ask;
    if (!epi_ask_received(info, &ask)) {
        epi_chain_next(signal, info, context, EPI_CALLED(context));
        return;
    }
    if (ask.slot >= EPI_THREADS)
        return;
    if (ask.question == EPI_ASK_ALTSTACK)
        epi_assign_accept(ask.slot, context);
    else if (ask.question <= EPI_ASK_DUMP)
        answer(epi_threading.threads[ask.question], ask, context);
    epi_mask_open(context); /* behind the walk, which sees what the kernel blocks by it */
    if (ask.question == EPI_ASK_CRASH)
        hold(context);
    if (ask.question == EPI_ASK_HOLD)
        stop();
}
