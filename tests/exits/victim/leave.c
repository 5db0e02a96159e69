#define _GNU_SOURCE
#include "leave.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(int ms) {
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

static void start(void *(*body)(void *), void *arg) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, arg) != 0) {
        abort();
    }
}

static int *volatile nowhere = (int *)8;
static volatile int ready;

static __attribute__((noinline)) void crash_on_thread(void) {
    ready = 1;
    *nowhere = 1;
}

static void *crash_after(void *ms) {
    pause_ms((int)(intptr_t)ms);
    crash_on_thread();
    return NULL;
}

void start_crash(int after_ms) {
    start(crash_after, (void *)(intptr_t)after_ms);
}

int about_to_crash(void) {
    return ready;
}

void leave(const char *how, int status) {
    if (strcmp(how, "c-exit") == 0) {
        exit(status);
    } else if (strcmp(how, "c-quick") == 0) {
        quick_exit(status);
    } else if (strcmp(how, "c-now") == 0) {
        _exit(status);
    }
    abort();
}

struct how {
    char name[16];
    int status;
};

static void *leave_there(void *arg) {
    struct how *how = arg;
    leave(how->name, how->status);
    return NULL;
}

void leave_on_thread(const char *name, int status) {
    static struct how how;
    strncpy(how.name, name, sizeof how.name - 1);
    how.status = status;
    start(leave_there, &how);
    for (;;) {
        pause();
    }
}

static void *bring_about(void *what) {
    if (strcmp(what, "pipe") == 0) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[1]) == 0 && write(ends[0], "x", 1) < 0) {
            abort();
        }
    } else if (strcmp(what, "fsize") == 0) {
        struct rlimit limit = {4 << 20, 4 << 20};
        int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
        setrlimit(RLIMIT_FSIZE, &limit);
        if (fd < 0 || pwrite(fd, "x", 1, 4 << 20) < 0) {
            abort();
        }
    } else if (strcmp(what, "term") == 0) {
        kill(getpid(), SIGTERM);
    }
    return NULL;
}

void bring_about_on_thread(const char *what) {
    start(bring_about, (void *)what);
    for (;;) {
        pause();
    }
}

const char *load(const char *path) {
    return dlopen(path, RTLD_NOW) == NULL ? dlerror() : NULL;
}

static char *page;
static int host_exits, host_after_ms;

static void host(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    ready = 1;
    pause_ms(host_after_ms);
    if (host_exits) {
        exit(7);
    }
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

void start_host(int exits, int after_ms) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = host;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    host_exits = exits;
    host_after_ms = after_ms;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGSEGV, &action, NULL);
}

static void *touch(void *unused) {
    *page = 1;
    return unused;
}

int touch_protected(void) {
    start(touch, NULL);
    return 0;
}
