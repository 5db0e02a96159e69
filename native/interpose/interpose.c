/* -Wl,-wrap, by which the objects of this link are served (create.c), renames
 * references inside the link.  A shared library's call goes through its own PLT, for
 * which the dynamic linker looks in the executable first: libstdc++'s std::thread,
 * Rust, Python and the JVM call what is defined here.
 *
 * In a static program a definition here takes the place of libc's, whose object is
 * then not linked.  Libc's is still needed, under its other name, and that needs a
 * reference that pulls in the object: mq_notify's is one in glibc, and in musl
 * pthread_exit is defined in the same.  In a dynamic program the other name is not exported,
 * and dlsym finds the next. */
#include "interpose.h"
#include "../base/base.h"
#include "../threads/create.h"
#include "../threads/threads_install.h"

#include <dlfcn.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

#ifdef EPI_INTERPOSES

#pragma weak dlsym
#pragma weak dlerror

static uintptr_t look_up(void *where, const char *name)
{
    if (dlsym == NULL || name == NULL)
        return 0;
    uintptr_t found = (uintptr_t)dlsym(where, name);
    if (found == 0 && dlerror != NULL)
        dlerror(); /* or the program's next call says that a name of ours is missing */
    return found;
}

/* The address that the linker has for a definition in a shared runtime may be a jump of the
 * program's own, which is bound lazily: so it comes behind dlsym's.  Threads that look a name
 * up at once find the same, and none sees a part of it.
 *
 * A library comes behind such a runtime, which calls what is defined here as its next one. */
uintptr_t epi_interpose_next(struct epi_next *next)
{
    if (next->known)
        return next->found;
    uintptr_t found = 0;
    if (next->second_name != NULL && epi_in_program()) {
        found = look_up(RTLD_NEXT, next->second_name);
        if (found == 0)
            found = (uintptr_t)next->linked;
    }
    if (found == 0)
        found = look_up(RTLD_NEXT, next->name);
    next->found = found;
    next->known = true;
    return found;
}

extern int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* What pthread_create means in this link (base/unwrapped.h). */
extern const uintptr_t __unwrapped_pthread_create __attribute__((visibility("hidden")));

/* A c-archive is in the program, too; its host's link has not the wrappers. */
bool epi_interpose_own(void)
{
    static _Atomic int known; /* 1: no, 2: yes */
    if (known == 0)
        known = 1 + (__unwrapped_pthread_create == (uintptr_t)__wrap_pthread_create &&
                     epi_in_program());
    return known == 2;
}

extern int __pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
    __attribute__((weak));

/* Before 2.34 mq_notify was in a library of its own, so that C11's threads of shared libraries
 * go without there. */
#if defined __GLIBC__ && __GLIBC__ == 2 && __GLIBC_MINOR__ < 34
#define PULL_IN __asm__ volatile("" : : "r"(thrd_create))
#else
#define DEFINES_THRD_CREATE
#define PULL_IN __asm__ volatile("" : : "r"(mq_notify), "r"(pthread_exit))
#endif

static _Atomic(epi_create_function) next;
EPI_NEXT(behind, pthread_create);

static int interposed(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                      void *arg);

/* In a c-archive __real_pthread_create is a jump to whatever wins. */
static bool wins(void)
{
    uintptr_t definition = (uintptr_t)interposed;
    return epi_interpose_wins((uintptr_t)__real_pthread_create, definition) ||
           __unwrapped_pthread_create == definition;
}

static epi_create_function find_next(void)
{
    epi_create_function found = next;
    PULL_IN;
    if (found != NULL)
        return found;
    if (!epi_in_program()) { /* what comes before a library calls this one as its next */
        found = (epi_create_function)epi_interpose_next(&behind);
        epi_create_by((epi_create_function)look_up(RTLD_DEFAULT, behind.second_name));
    } else {
        if (!wins())
            found = __real_pthread_create;
        else if (__pthread_create != NULL)
            found = __pthread_create;
        else
            found = (epi_create_function)epi_interpose_next(&behind);
        epi_create_by(found);
    }
    next = found;
    return found;
}

EPI_INTERPOSED_FIRST int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                                        void *(*start)(void *), void *arg)
    __attribute__((alias("interposed")));

static int interposed(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                      void *arg)
{
    epi_create_function libcs = find_next();
    if (!epi_interpose_own())
        return libcs(thread, attr, start, arg);
    return epi_create(libcs, thread, attr, start, arg);
}

#ifdef DEFINES_THRD_CREATE
EPI_NEXT(c11_behind, thrd_create);

EPI_INTERPOSED int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
    epi_create_function libcs = find_next();
    if (epi_interpose_own())
        return epi_create_c11(libcs, thread, start, arg);
    int (*found)(thrd_t *, thrd_start_t, void *);
    found = (int (*)(thrd_t *, thrd_start_t, void *))epi_interpose_next(&c11_behind);
    return found == NULL ? thrd_error : found(thread, start, arg);
}
#endif

/* Before main, since a constructor of a library may have made threads already; and before
 * the core makes its own, which come here by no other way. */
static __attribute__((constructor)) void prepare(void)
{
    find_next();
    epi_interpose_own();
}

#endif
