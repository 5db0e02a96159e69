/* pthread_create and thrd_create, as the program's threads come by it. */
#ifndef EPI_CREATE_H
#define EPI_CREATE_H

#include "../base/base.h"

#include <pthread.h>

typedef int (*epi_create_function)(pthread_t *thread, const pthread_attr_t *attr,
                                   void *(*start)(void *), void *arg);

/* From now on new threads get an alternate stack. */
void epi_create_start(void);

/* As pthread_create, by way of NEXT, which is libc's; the thread gets an alternate
 * stack.  Safe on any thread of a healthy process, before main too. */
int epi_create(epi_create_function next, pthread_t *thread, const pthread_attr_t *attr,
               void *(*start)(void *), void *arg);

/* As thrd_create, the same way; in glibc and musl its thread is a pthread_t. */
int epi_create_c11(epi_create_function next, pthread_t *thread, int (*start)(void *),
                   void *arg);

/* Libc's pthread_create, for a thread that is to be as libc makes it. */
int epi_create_plain(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                     void *arg);

#ifndef EPI_NOWRAP
/* pthread_create, as the objects of this link call it. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
#endif

/* Where this program defines pthread_create itself: libc's is another function, which only
 * the definition knows. */
void epi_create_by(epi_create_function next);

/* The last thread that could not be made. */
struct epi_create_failure {
    int tid;       /* who wanted it; 0: no thread */
    int error;     /* what pthread_create returned */
    uint64_t when; /* monotonic */
};
extern struct epi_create_failure epi_create_failure __attribute__((visibility("hidden")));

#endif
