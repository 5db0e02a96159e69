// A library for LD_PRELOAD that ends the process when the crash handler calls
// what may allocate, lock, or be bound lazily. A thread is in the handler when
// its signal mask is the handler's, which no other code has: everything is
// blocked but the seven fatal signals and one real-time signal.
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

#define STATUS 77

static void trip(const char *name) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    uint64_t mask = 0, open;
    machine_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, 8);
    // The kernel never blocks the first two, and the core not the one of setgid and its kin.
    open = ~mask & ~(UINT64_C(1) << (SIGKILL - 1)) & ~(UINT64_C(1) << (SIGSTOP - 1)) & ~(UINT64_C(1) << (33 - 1));
    for (int i = 0; i < 7; i++) {
        if ((open >> (fatal[i] - 1) & 1) == 0) {
            return;
        }
        open &= ~(UINT64_C(1) << (fatal[i] - 1));
    }
    if (open >> 32 == 0 || (open & (open - 1)) != 0) {
        return;
    }
    size_t length = 0;
    while (name[length] != '\0') {
        length++;
    }
    machine_call(SYS_write, 2, (long)"tripwire: ", 10, 0);
    machine_call(SYS_write, 2, (long)name, (long)length, 0);
    machine_call(SYS_write, 2, (long)"\n", 1, 0);
    machine_call(SYS_exit_group, STATUS, 0, 0, 0);
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

void *malloc(size_t size) {
    trip("malloc");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    trip("calloc");
    return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size) {
    trip("realloc");
    return __libc_realloc(p, size);
}

void free(void *p) {
    trip("free");
    __libc_free(p);
}

// Those of glibc are resolved at the first call, by code that takes locks. Ours
// need no real one behind them.
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    trip("memcpy");
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    trip("memset");
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = (char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    trip("memcmp");
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

size_t strlen(const char *s) {
    trip("strlen");
    size_t n = 0;
    while (((const volatile char *)s)[n] != '\0') {
        n++;
    }
    return n;
}

// The rest is looked up before main, where that is allowed.
static int (*real_lock)(pthread_mutex_t *);
static int (*real_unlock)(pthread_mutex_t *);
static void *(*real_getspecific)(pthread_key_t);
static int (*real_iterate)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
static int (*real_addr)(const void *, Dl_info *);
static int (*real_vsnprintf)(char *, size_t, const char *, va_list);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);

__attribute__((constructor)) static void look_up(void) {
    real_lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
    real_unlock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    real_getspecific = (void *(*)(pthread_key_t))dlsym(RTLD_NEXT, "pthread_getspecific");
    real_iterate = (int (*)(int (*)(struct dl_phdr_info *, size_t, void *), void *))dlsym(RTLD_NEXT, "dl_iterate_phdr");
    real_addr = (int (*)(const void *, Dl_info *))dlsym(RTLD_NEXT, "dladdr");
    real_vsnprintf = (int (*)(char *, size_t, const char *, va_list))dlsym(RTLD_NEXT, "vsnprintf");
    real_write = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    real_sigaction = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    trip("pthread_mutex_lock");
    return real_lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    trip("pthread_mutex_unlock");
    return real_unlock(mutex);
}

void *pthread_getspecific(pthread_key_t key) {
    trip("pthread_getspecific");
    return real_getspecific(key);
}

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) {
    trip("dl_iterate_phdr");
    return real_iterate(callback, data);
}

int dladdr(const void *address, Dl_info *info) {
    trip("dladdr");
    return real_addr(address, info);
}

int vsnprintf(char *to, size_t size, const char *format, va_list list) {
    trip("vsnprintf");
    return real_vsnprintf(to, size, format, list);
}

int snprintf(char *to, size_t size, const char *format, ...) {
    va_list list;
    trip("snprintf");
    va_start(list, format);
    int n = real_vsnprintf(to, size, format, list);
    va_end(list);
    return n;
}

ssize_t write(int fd, const void *data, size_t size) {
    trip("write");
    return real_write(fd, data, size);
}

int sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
    trip("sigaction");
    return real_sigaction(signal, action, old);
}
