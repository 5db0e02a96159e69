/* The linker is told to wrap pthread_create (-Wl,-wrap), which holds for every
 * object of this link: cgo's own threads, C code of the program, static
 * libraries.  A definition of pthread_create that finds the real one by
 * dlsym(RTLD_NEXT) would serve shared libraries too, but cannot start in a
 * static program.  The build tag epitaph_nowrap leaves the wrapping out.
 *
 * A thread cannot unmap its own alternate stack: destructors that run after
 * ours may still take a signal on it.  It is put on a list, and unmapped, or
 * given to a new thread, when the kernel knows the thread no more.  The list is
 * only ever pushed to or taken whole, so that no lock is needed and no ABA
 * problem arises; fork and the helper thread could not live with a lock. */
#include "altstack.h"
#include "service.h"
#include "../base/base.h"
#include "../base/system.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct epi_altstacks epi_altstacks;

EPI_SAFE size_t epi_altstack_size(void)
{
    size_t size = 64 * 1024, kernel = epi_altstacks.kernel_frame;
    if (size < kernel + 32 * 1024)
        size = kernel + 32 * 1024;
    return (size + 4095) & ~(size_t)4095;
}

static EPI_SAFE void unmap(struct epi_range stack, size_t page)
{
    epi_syscall6(SYS_munmap, (long)(stack.start - page),
                 (long)(stack.end - stack.start + 2 * page), 0, 0, 0, 0);
}

EPI_SAFE struct epi_range epi_altstack_map(size_t size)
{
    size_t page = 4096;
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

#ifndef EPI_NOWRAP
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
#else
#define __real_pthread_create pthread_create
#endif

int epi_altstack_create_without(pthread_t *thread, const pthread_attr_t *attr,
                                void *(*start)(void *), void *arg)
{
    return __real_pthread_create(thread, attr, start, arg);
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
            unmap(whole, 4096);
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
    stack->tid = tid;
    push(stack);
}

#ifndef EPI_NOWRAP

static void put_back(struct epi_altstack *slot, int tid)
{
    epi_altstack_give_back(slot, tid);
    if (!atomic_exchange(&epi_altstacks.pending, true)) {
        epi_helper_wake();
    }
}

/* The key's destructor, on the thread that ends; which has another number than at its
 * beginning if it has forked and this is the child. */
static void thread_ends(void *value)
{
    put_back(value, epi_gettid());
}

static void *start_with_stack(void *value)
{
    struct epi_altstack *slot = value;
    stack_t stack = {
        .ss_sp = (void *)slot->stack.start,
        .ss_size = slot->stack.end - slot->stack.start,
    };
    stack_t present = {.ss_flags = 0};
    pthread_setspecific(epi_altstacks.key, slot);
    /* A sanitizer has given the thread one already, and will unmap whatever is
     * registered when the thread ends. */
    epi_syscall6(SYS_sigaltstack, 0, (long)&present, 0, 0, 0, 0);
    if (present.ss_flags & SS_DISABLE)
        epi_syscall6(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    return slot->start(slot->arg);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg)
{
    if (!epi_altstacks.on)
        return __real_pthread_create(thread, attr, start, arg);
    int saved = errno;
    struct epi_altstack *slot = epi_altstack_take();
    errno = saved;
    if (slot == NULL) /* short of memory: the thread matters more than its stack */
        return __real_pthread_create(thread, attr, start, arg);
    slot->start = start;
    slot->arg = arg;
    int error = __real_pthread_create(thread, attr, start_with_stack, slot);
    if (error != 0)
        put_back(slot, INT_MAX); /* of no thread, so that the next one takes it */
    return error;
}

#endif

void epi_altstack_start(void)
{
#ifndef EPI_NOWRAP
    if (!epi_altstacks.on) {
        /* A program that has used up all keys goes without. */
        epi_altstacks.on = pthread_key_create(&epi_altstacks.key, thread_ends) == 0;
    }
#endif
}
