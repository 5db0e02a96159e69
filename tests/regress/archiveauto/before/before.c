// before: a library that is loaded before all others, as a sanitizer's runtime is: what it
// defines calls the next definitions.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                   void *arg)
{
    return NEXT(pthread_create)(thread, attr, start, arg);
}

int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return NEXT(sigaction)(signal, action, old);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return NEXT(pthread_sigmask)(how, set, old);
}

ssize_t write(int fd, const void *text, size_t size)
{
    return NEXT(write)(fd, text, size);
}

void _exit(int status)
{
    NEXT(_exit)(status);
    for (;;) {
    }
}
