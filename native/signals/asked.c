/* The table of the threads that wait for an answer of the host's. */
#include "asked.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"

#include <stdatomic.h>
#include <stddef.h>

static EPI_SAFE EPI_ON_FAULT struct epi_asked *first_way(int tid)
{
    const uint32_t sets = EPI_ASKED_SLOTS / EPI_ASKED_WAYS;
    return &epi_process()->asked[(uint32_t)tid % sets * EPI_ASKED_WAYS];
}

/* A slot belongs to whoever has made its round odd, and is named for the last one.  One that
 * jumped out of the handler has left it odd, and goes on with it. */
static EPI_SAFE bool take(struct epi_asked *slot, int tid)
{
    uint32_t round = slot->round;
    if ((round & 1) != 0 && slot->tid != tid)
        return false;
    if (!atomic_compare_exchange_strong(&slot->round, &round, round + 1 + (round & 1)))
        return false;
    slot->tid = tid;
    return true;
}

static EPI_SAFE struct epi_asked *claim(int tid)
{
    struct epi_asked *way = first_way(tid);
    for (int i = 0; i < EPI_ASKED_WAYS; i++)
        if (atomic_load_explicit(&way[i].tid, memory_order_relaxed) == tid &&
            take(&way[i], tid))
            return &way[i];
    for (int i = 0; i < EPI_ASKED_WAYS; i++)
        if (take(&way[i], tid))
            return &way[i];
    return NULL;
}

EPI_SAFE void epi_evidence_keep(struct epi_evidence *evidence, int signal, const siginfo_t *info,
                                ucontext_t *uc)
{
    evidence->signal = signal;
    evidence->uc = uc;
    evidence->outer = NULL;
    evidence->slot = NULL;
    evidence->pending = evidence->instruction = 0;
    evidence->go = NULL;
    evidence->reported = false;
    epi_copy_words(evidence->context, uc, EPI_CONTEXT_SIZE);
    epi_copy_words(&evidence->info, info, sizeof evidence->info);
    evidence->floats = epi_arch_float_control(uc);
    /* A mark of this frame.  The kernel writes 0 there in each one, and does not read it
     * (arch/x86/kernel/signal_64.c, x64_setup_rt_frame).  The registers are none: a host may
     * change some and give up all the same; nor is the siginfo, which the kernel leaves as it
     * was for a handler without SA_SIGINFO. */
    uc->uc_link = (void *)evidence;
}

EPI_SAFE void epi_asked_begin(struct epi_evidence *evidence, int tid)
{
    const stack_t *stack = &epi_evidence_context(evidence)->uc_stack;
    uintptr_t frame = (uintptr_t)evidence->uc, bottom = (uintptr_t)stack->ss_sp;
    struct epi_asked *slot = claim(tid);
    evidence->slot = slot;
    if (slot == NULL)
        return;
    bool alternate = (stack->ss_flags & SS_DISABLE) == 0 && stack->ss_size != 0 &&
                     frame - bottom < stack->ss_size;
    slot->signal = (uint16_t)evidence->signal;
    slot->go = evidence->go == NULL && epi_go_g(epi_program.go) != 0;
    slot->frame = frame;
    slot->bottom = alternate ? bottom : 0;
    slot->handler = evidence->handler;
    evidence->round = slot->round;
    slot->evidence = evidence;
}

EPI_SAFE struct epi_asked *epi_asked_slot(const struct epi_evidence *evidence)
{
    struct epi_asked *slot = evidence->slot;
    return slot != NULL && slot->round == evidence->round ? slot : NULL;
}

EPI_SAFE void epi_asked_end(struct epi_evidence *evidence)
{
    struct epi_asked *slot = epi_asked_slot(evidence);
    evidence->uc->uc_link = NULL;
    evidence->slot = NULL;
    if (slot == NULL)
        return;
    slot->left = 0;
    if (evidence->outer != NULL)
        epi_asked_begin(evidence->outer, slot->tid);
    else
        epi_asked_drop(slot, evidence->round);
}

/* The evidence stays: the thread may have the next round by now. */
EPI_SAFE void epi_asked_drop(struct epi_asked *slot, uint32_t round)
{
    if ((round & 1) != 0)
        atomic_compare_exchange_strong(&slot->round, &round, round + 1);
}

/* Of memory that may be gone: a stack of a coroutine's, out of which the thread has jumped. */
static EPI_SAFE bool owns_still(const struct epi_asked *slot, uint32_t round,
                                const struct epi_evidence *evidence)
{
    uint64_t owner, uc, link;
    uint32_t of;
    return epi_peek64(&owner, (uintptr_t)&evidence->slot) && owner == (uintptr_t)slot &&
           epi_peek32(&of, (uintptr_t)&evidence->round) && of == round &&
           epi_peek64(&uc, (uintptr_t)&evidence->uc) && uc == slot->frame &&
           epi_peek64(&link, slot->frame + offsetof(ucontext_t, uc_link)) &&
           link == (uintptr_t)evidence;
}

EPI_SAFE EPI_ON_FAULT struct epi_evidence *epi_asked_evidence(int tid, uintptr_t sp,
                                                              uintptr_t *resolved)
{
    struct epi_asked *slot = first_way(tid);
    for (int i = 0; i < EPI_ASKED_WAYS; i++) {
        uint32_t round = slot[i].round;
        struct epi_evidence *evidence = slot[i].evidence;
        if (slot[i].tid != tid || (round & 1) == 0 || evidence == NULL)
            continue;
        /* Above its frame the thread is elsewhere; below, what is there may be another
         * handler's frame by now. */
        if (!epi_asked_left(&slot[i], sp) && sp < (uintptr_t)evidence &&
            owns_still(&slot[i], round, evidence))
            return evidence;
        if (resolved != NULL) {
            *resolved = slot[i].handler;
            slot[i].left++;
            epi_asked_drop(&slot[i], round);
        }
    }
    return NULL;
}

/* Bytes below a stack that an overflow gets to, at most: more is a jump over its guard. */
#define OVERFLOW_MOST (64 * 1024)

/* Can nothing be read from ADDRESS, in a page there, up to END? */
static EPI_SAFE bool nothing_between(uintptr_t address, uintptr_t end)
{
    uint8_t byte;
    for (uintptr_t at = end - 1; at >= address; at = (at & ~(uintptr_t)4095) - 1)
        if (epi_peek8(&byte, at))
            return false;
    return true;
}

EPI_SAFE uintptr_t epi_asked_overflowed(int tid, const siginfo_t *info, const ucontext_t *uc)
{
    struct epi_asked *slot = first_way(tid);
    uintptr_t sp = epi_arch_sp(uc), address = (uintptr_t)info->si_addr;
    for (int i = 0; i < EPI_ASKED_WAYS; i++) {
        uint32_t round = slot[i].round;
        uintptr_t bottom = slot[i].bottom, handler = slot[i].handler;
        if (slot[i].tid != tid || (round & 1) == 0 || bottom == 0 || sp > bottom ||
            bottom - sp > OVERFLOW_MOST || address >= bottom ||
            bottom - address > OVERFLOW_MOST || !nothing_between(address, bottom))
            continue;
        epi_asked_drop(&slot[i], round);
        return handler;
    }
    return 0;
}

/* A handler takes microseconds to fault again. */
#define CIRCLE 1000

EPI_SAFE bool epi_asked_circles(struct epi_asked *slot, uint64_t fault)
{
    if (slot == NULL || slot->left == 0)
        return false;
    if (slot->left_fault != fault)
        slot->left = 0;
    slot->left_fault = fault;
    return slot->left != 0 && slot->left % CIRCLE == 0;
}

EPI_SAFE struct epi_asked *epi_asked_about(int signal)
{
    struct epi_asked *slot = epi_process()->asked;
    for (size_t i = 0; i < EPI_ASKED_SLOTS; i++)
        if ((slot[i].round & 1) != 0 && slot[i].signal == signal)
            return &slot[i];
    return NULL;
}

EPI_SAFE bool epi_asked_on_go(void)
{
    struct epi_asked *slot = epi_process()->asked;
    for (size_t i = 0; i < EPI_ASKED_SLOTS; i++)
        if ((slot[i].round & 1) != 0 && slot[i].go)
            return true;
    return false;
}

EPI_SAFE bool epi_asked_owns(const struct epi_asked *slot, uint32_t round,
                             const struct epi_evidence *evidence, uintptr_t link)
{
    return evidence->slot == slot && evidence->round == round &&
           (uintptr_t)evidence->uc == slot->frame && link == (uintptr_t)slot->evidence;
}

/* While the handler runs, and whatever it calls, SP is below the frame of the signal. */
EPI_SAFE bool epi_asked_left(const struct epi_asked *slot, uintptr_t sp)
{
    return sp >= slot->frame || sp < slot->bottom;
}
