/* The pool of alternate stacks.
 *
 * A thread cannot unmap its own alternate stack: destructors that run after
 * ours may still take a signal on it.  It is put on a list, and unmapped, or
 * given to a new thread, when the kernel knows the thread no more.  The list is
 * only ever pushed to or taken whole, so that no lock is needed and no ABA
 * problem arises; fork and the helper thread could not live with a lock. */
#include "altstack.h"
#include "../base/base.h"
#include "../base/page.h"
#include "../base/system.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

struct epi_altstacks epi_altstacks;

void epi_altstacks_prepare(size_t frame)
{
    epi_altstacks.kernel_frame = frame;
}

EPI_SAFE size_t epi_altstack_size(void)
{
    size_t size = 64 * 1024, kernel = epi_altstacks.kernel_frame;
    if (size < kernel + 32 * 1024)
        size = kernel + 32 * 1024;
    return epi_page_up(size);
}

static EPI_SAFE void unmap(struct epi_range stack, size_t page)
{
    epi_syscall6(SYS_munmap, (long)(stack.start - page),
                 (long)(stack.end - stack.start + 2 * page), 0, 0, 0, 0);
}

/* For the walk, which takes 4 KiB where it reads code for a frame (GCC 12); and for the handler
 * of a load's fault, besides the kernel's frame. */
#define ROOM_WALK  (6 * 1024)
#define ROOM_FAULT 1024

EPI_SAFE bool epi_altstack_has_room(const ucontext_t *uc)
{
    uintptr_t sp = epi_arch_current_sp(), start = (uintptr_t)uc->uc_stack.ss_sp;
    struct epi_range stack = {start, start + uc->uc_stack.ss_size};
    return (uc->uc_stack.ss_flags & SS_DISABLE) != 0 || !epi_in(stack, sp) ||
           sp - start >= ROOM_WALK + ROOM_FAULT + epi_altstacks.kernel_frame;
}

EPI_SAFE struct epi_range epi_altstack_map(size_t size)
{
    size_t page = epi_page_size;
    struct epi_range none = {0, 0}, stack;
    long memory = epi_syscall6(SYS_mmap, 0, (long)(size + 2 * page), PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory < 0 && memory > -4096)
        return none;
    stack.start = (uintptr_t)memory + page;
    stack.end = stack.start + size;
    if (epi_syscall6(SYS_mprotect, (long)stack.start, (long)size, PROT_READ | PROT_WRITE, 0, 0,
                     0) != 0) {
        unmap(stack, page);
        return none;
    }
    return stack;
}

/* A bit for each thread id that the kernel gives (PID_MAX_LIMIT); pages are got when
 * they are used. */
#define IDS (1 << 22)
static _Atomic uint32_t has[IDS / 32];

EPI_SAFE void epi_altstack_mark(int tid, bool on)
{
    uint32_t bit = UINT32_C(1) << tid % 32;
    if (tid <= 0 || tid >= IDS)
        return;
    if (on)
        atomic_fetch_or(&has[tid / 32], bit);
    else
        atomic_fetch_and(&has[tid / 32], ~bit);
}

EPI_SAFE bool epi_altstack_marked(int tid)
{
    return tid > 0 && tid < IDS && (has[tid / 32] >> tid % 32 & 1) != 0;
}

static EPI_SAFE bool has_ended(int tid)
{
    return epi_syscall6(SYS_tgkill, epi_getpid(), tid, 0, 0, 0, 0) == -ESRCH;
}

static EPI_SAFE void push(struct epi_altstack *slot)
{
    slot->next = epi_altstacks.ended;
    while (!atomic_compare_exchange_weak(&epi_altstacks.ended, &slot->next, slot))
        ;
}

EPI_SAFE bool epi_altstack_reap(void)
{
    bool left = false;
    epi_altstacks.pending = false;
    for (struct epi_altstack *slot = atomic_exchange(&epi_altstacks.ended, NULL), *next; slot != NULL;
         slot = next) {
        next = slot->next;
        if (has_ended(slot->tid)) {
            struct epi_range whole = {slot->stack.start, (uintptr_t)(slot + 1)};
            unmap(whole, epi_page_size);
        } else {
            push(slot);
            left = true;
        }
    }
    if (left)
        epi_altstacks.pending = true;
    return left;
}

EPI_SAFE struct epi_altstack *epi_altstack_take(void)
{
    /* One whose thread is gone, or a new one. */
    struct epi_altstack *found = NULL;
    for (struct epi_altstack *slot = atomic_exchange(&epi_altstacks.ended, NULL), *next; slot != NULL;
         slot = next) {
        next = slot->next;
        if (found == NULL && has_ended(slot->tid))
            found = slot;
        else
            push(slot);
    }
    if (found != NULL)
        return found;
    struct epi_range stack = epi_altstack_map(epi_altstack_size());
    if (stack.end == 0)
        return NULL;
    found = (struct epi_altstack *)stack.end - 1;
    found->stack.start = stack.start;
    found->stack.end = (uintptr_t)found & ~(uintptr_t)15;
    return found;
}

EPI_SAFE void epi_altstack_give_back(struct epi_altstack *stack, int tid)
{
    /* By the thread itself: once it has ended another one may have its number, and a
     * mark of its own. */
    if (tid == epi_gettid())
        epi_altstack_mark(tid, false);
    stack->tid = tid;
    push(stack);
}
