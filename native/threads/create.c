/* The linker is told to wrap pthread_create and thrd_create (-Wl,-wrap), which holds for every
 * object of this link: cgo's own threads, C code of the program, static
 * libraries.  What shared libraries call is package interpose's.  The build tag
 * epitaph_nowrap leaves both out.
 *
 * Before epi_enable nothing is changed but this: Go's threads are written down.  Go
 * gives them stacks of its own, so they need not be asked for one. */
#include "create.h"
#include "altstack.h"
#include "masks.h"
#include "newthread.h"
#include "wake.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifndef EPI_NOWRAP
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
#else
#define __real_pthread_create pthread_create
#endif

static _Atomic(epi_create_function) libcs;

void epi_create_by(epi_create_function next)
{
    libcs = next;
}

int epi_create_plain(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                     void *arg)
{
    epi_create_function next = libcs;
    return (next != NULL ? next : __real_pthread_create)(thread, attr, start, arg);
}

static _Atomic bool on;
static pthread_key_t key;

static void put_back(struct epi_altstack *slot, int tid)
{
    epi_altstack_give_back(slot, tid);
    if (!atomic_exchange(&epi_altstacks.pending, true))
        epi_helper_wake();
}

/* The key's destructor, on the thread that ends; which has another number than at its
 * beginning if it has forked and this is the child. */
static void thread_ends(void *value)
{
    put_back(value, epi_gettid());
    epi_mask_end();
}

void epi_create_start(void)
{
#ifndef EPI_NOWRAP
    if (!on) /* a program that has used up all keys goes without */
        on = pthread_key_create(&key, thread_ends) == 0;
#endif
}

static void *epitaph_thread_start(void *value)
{
    struct epi_altstack *slot = value;
    stack_t stack = {
        .ss_sp = (void *)slot->stack.start,
        .ss_size = slot->stack.end - slot->stack.start,
    };
    stack_t present = {.ss_flags = 0};
    pthread_setspecific(key, slot);
    /* A sanitizer has given the thread one already, and will unmap whatever is
     * registered when the thread ends. */
    epi_syscall6(SYS_sigaltstack, 0, (long)&present, 0, 0, 0, 0);
    if (present.ss_flags & SS_DISABLE)
        epi_syscall6(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    epi_altstack_mark(epi_gettid(), true);
    epi_mask_begin(slot->believed);
    if (slot->for_go) /* whose runtime changes the mask by the system call: it never ends to believe */
        epi_mask_end();
    epi_newthread_begins(slot->expected, slot->for_go);
    if (!slot->for_go)
        epi_newthread_correct(slot->believed);
    return slot->start(slot->arg);
}

struct marked {
    void *(*start)(void *);
    void *arg;
};

static void *start_of_go(void *value)
{
    struct marked marked = *(struct marked *)value;
    free(value);
    epi_altstack_mark(epi_gettid(), true);
    void *result = marked.start(marked.arg);
    epi_altstack_mark(epi_gettid(), false);
    return result;
}

/* A mask in the attributes is the new thread's, whatever its creator's is. */
static bool has_own_mask(const pthread_attr_t *attr)
{
#ifdef PTHREAD_ATTR_NO_SIGMASK_NP /* glibc 2.32 */
    sigset_t mask;
    return attr != NULL && pthread_attr_getsigmask_np(attr, &mask) == 0;
#else
    (void)attr;
    return false;
#endif
}

static int create(epi_create_function next, pthread_t *new_thread, const pthread_attr_t *attr,
                  void *(*start)(void *), void *arg, bool for_go)
{
    int saved = errno;
    /* One that has passed here already: the wrapper's next may be the definition. */
    if (!on || start == epitaph_thread_start || start == start_of_go)
        return next(new_thread, attr, start, arg);
    struct epi_altstack *slot = epi_altstack_take();
    errno = saved;
    if (slot == NULL) /* short of memory: the thread matters more than its stack */
        return next(new_thread, attr, start, arg);
    slot->start = start;
    slot->arg = arg;
    uint64_t believed = has_own_mask(attr) ? 0 : epi_mask_believed();
    /* Go's sets its mask by the system call (runtime/signal_unix.go, minit). */
    slot->believed = for_go ? 0 : believed;
    slot->for_go = for_go;
    int expected = believed == 0 ? EPI_NOT_EXPECTED : epi_newthread_expect(believed);
    slot->expected = expected;
    int error = next(new_thread, attr, epitaph_thread_start, slot);
    if (error != 0) {
        epi_newthread_forget(expected);
        put_back(slot, INT_MAX); /* of no thread, so that the next one takes it */
    }
    return error;
}

struct epi_create_failure epi_create_failure;

/* Whoever cannot go on without the thread dies of it: Go's runtime says why on standard
 * error, and aborts (runtime/cgo/gcc_util.c, fatalf). */
static int note(int error)
{
    if (error != 0)
        epi_create_failure = (struct epi_create_failure){epi_gettid(), error, epi_now()};
    return error;
}

int epi_create(epi_create_function next, pthread_t *thread, const pthread_attr_t *attr,
               void *(*start)(void *), void *arg)
{
    return note(create(next, thread, attr, start, arg, false));
}

/* C11's thread, of which libc's thrd_create makes one by a call that cannot be
 * intercepted; librdkafka has all of its threads by it. */
struct c11 {
    int (*start)(void *);
    void *arg;
};

/* Of <threads.h>, whose name is that of a file here: as glibc and musl have them. */
enum { THRD_SUCCESS = 0, THRD_ERROR = 2, THRD_NOMEM = 3 };

static void *start_c11(void *value)
{
    struct c11 thread = *(struct c11 *)value;
    free(value);
    return (void *)(intptr_t)thread.start(thread.arg); /* as thrd_join expects it */
}

int epi_create_c11(epi_create_function next, pthread_t *thread, int (*start)(void *),
                   void *arg)
{
    struct c11 *value = malloc(sizeof *value);
    if (value == NULL)
        return THRD_NOMEM;
    *value = (struct c11){start, arg};
    int error = epi_create(next, thread, NULL, start_c11, value);
    if (error == 0)
        return THRD_SUCCESS;
    free(value);
    return error == ENOMEM ? THRD_NOMEM : THRD_ERROR;
}

#ifndef EPI_NOWRAP

int __wrap_thrd_create(pthread_t *thread, int (*start)(void *), void *arg);

int __wrap_thrd_create(pthread_t *thread, int (*start)(void *), void *arg)
{
    return epi_create_c11(epi_create_plain, thread, start, arg);
}

/* Makes all threads of Go's runtime (runtime/cgo/gcc_libinit.c). */
int _cgo_try_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
    __attribute__((weak));
#define GO_TEXT 256 /* it has not so much */

static int create_for_go(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                         void *arg)
{
    struct marked *marked = malloc(sizeof *marked);
    if (marked == NULL)
        return epi_create_plain(thread, attr, start, arg);
    *marked = (struct marked){start, arg};
    int error = epi_create_plain(thread, attr, start_of_go, marked);
    if (error != 0)
        free(marked);
    return error;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg)
{
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    bool for_go = _cgo_try_pthread_create != NULL &&
                  caller - (uintptr_t)_cgo_try_pthread_create < GO_TEXT;
    if (for_go && !on)
        return note(create_for_go(thread, attr, start, arg));
    return note(create(epi_create_plain, thread, attr, start, arg, for_go));
}
#endif
