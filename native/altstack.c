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

#include "handler.h"
#include "system.h"
#include "threads_install.h"
#include "usersignal.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

EPI_SAFE size_t epi_altstack_size(void)
{
    size_t size = 64 * 1024, kernel = epi_state.altstacks.kernel_frame;
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
int __real_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
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
    slot->next = epi_state.altstacks.ended;
    while (!atomic_compare_exchange_weak(&epi_state.altstacks.ended, &slot->next, slot))
        ;
}

EPI_SAFE bool epi_altstack_reap(void)
{
    bool left = false;
    epi_state.altstacks.pending = false;
    for (struct epi_altstack *slot = atomic_exchange(&epi_state.altstacks.ended, NULL), *next; slot != NULL;
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
        epi_state.altstacks.pending = true;
    return left;
}

EPI_SAFE struct epi_altstack *epi_altstack_take(void)
{
    /* One whose thread is gone, or a new one. */
    struct epi_altstack *found = NULL;
    for (struct epi_altstack *slot = atomic_exchange(&epi_state.altstacks.ended, NULL), *next; slot != NULL;
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
    if (!atomic_exchange(&epi_state.altstacks.pending, true)) {
        atomic_fetch_add(&epi_state.helper_word, 1);
        epi_futex_wake_all(&epi_state.helper_word);
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
    pthread_setspecific(epi_state.altstacks.key, slot);
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
    if (!epi_state.altstacks.on)
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

/* Go gives back what it has found there when it took the signal over, which was ours: now
 * or, when the core is off, at once, what was there before Go's takes effect.  Ours would
 * call Go's handler, which passes the signal on to ours (runtime/signal_unix.go, sigfwdgo);
 * also when the core is off, if a C library that has kept ours puts that back. */
static int give_back(int signal, int index, struct sigaction *old)
{
    const struct epi_sigaction *before = &epi_state.before_taken[index];
    bool on = epi_state.options != NULL;
    if (old != NULL)
        __real_sigaction(signal, NULL, old);
    epi_state.taken[index] = false;
    epi_action_set(&epi_state.previous[index], before);
    epi_sigaction(signal, on ? &epi_state.ours[index] : before, NULL);
    return 0;
}

/* Is SIGABRT written down as ignored?  Then who asks is told so. */
static bool abort_ignored(int signal)
{
    int index = epi_fatal_index(SIGABRT);
    struct epi_sigaction now;
    return signal == SIGABRT && epi_state.options != NULL &&
           epi_state.previous[index].handler == (uintptr_t)SIG_IGN &&
           epi_sigaction(signal, NULL, &now) && now.handler == epi_state.ours[index].handler;
}

/* Go's runtime changes signal actions through libc (runtime/cgo's
 * x_cgo_sigaction), and signal.Ignore() would take SIGABRT away from us: an
 * abort() in C would then kill in silence.  What Go wants for one of the seven
 * is written down as the previous action, which is the one that a signal from
 * outside gets.  In a forked child there is no Go: what is ignored there is meant for
 * the program that it executes. */
int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    int index = epi_fatal_index(signal);
    if (epi_state.pid == 0 || epi_state.pid != epi_getpid())
        return __real_sigaction(signal, action, old);
    if (action != NULL && (epi_usersignal_records(signal, action, old) ||
                           epi_signal_records(signal, action, old)))
        return 0;
    if (action == NULL && old != NULL &&
        (epi_usersignal_ignored(signal) || abort_ignored(signal))) {
        memset(old, 0, sizeof *old);
        old->sa_handler = SIG_IGN;
        return 0;
    }
    if (action == NULL || index < 0)
        return __real_sigaction(signal, action, old);
    uintptr_t handler = (uintptr_t)action->sa_handler;
    if (epi_state.taken[index] && epi_given_back(action, epi_state.ours[index].handler))
        return give_back(signal, index, old);
    if (epi_state.options == NULL)
        return __real_sigaction(signal, action, old);
    bool takes = handler == epi_state.go_handler && handler != 0;
    bool ignores = signal == SIGABRT && action->sa_handler == SIG_IGN;
    bool ignored = abort_ignored(signal);
    /* One of C that has had it ignored for a while, and saw ours before. */
    bool again = ignored && handler == epi_state.ours[index].handler;
    bool recorded = takes || ignores || again ||
                    (signal == SIGABRT && epi_stopped_by_go(signal, action));
    struct epi_sigaction now;
    if (!recorded || !epi_sigaction(signal, NULL, &now) ||
        now.handler != epi_state.ours[index].handler)
        return __real_sigaction(signal, action, old);
    if (old != NULL)
        sigaction(signal, NULL, old);
    if (ignores && !ignored)
        epi_state.before_ignored = epi_state.previous[index];
    if (takes && epi_state.previous[index].handler != epi_state.go_handler)
        epi_state.before_taken[index] = epi_state.previous[index];
    epi_state.taken[index] = epi_state.taken[index] || takes;
    now = again ? epi_state.before_ignored : epi_action_of(action);
    epi_action_set(&epi_state.previous[index], &now);
    return 0;
}

#endif

void epi_altstack_start(void)
{
#ifndef EPI_NOWRAP
    if (!epi_state.altstacks.on) {
        /* A program that has used up all keys goes without. */
        epi_state.altstacks.on = pthread_key_create(&epi_state.altstacks.key, thread_ends) == 0;
    }
#endif
}
