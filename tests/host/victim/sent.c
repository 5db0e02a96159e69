#include "sent.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static atomic_int calls;
static int (*library_calls)(void);

static void returns(int number) { calls++; }

int sent_handle(int number) { return signal(number, returns) == SIG_ERR ? errno : 0; }

int sent_ignore(int number) { return signal(number, SIG_IGN) == SIG_ERR ? errno : 0; }

int sent_handle_in(const char *library, int number) {
    void *found = dlopen(library, RTLD_NOW);
    if (found == NULL) {
        return ENOENT;
    }
    int (*install)(int) = (int (*)(int))dlsym(found, "returns_install");
    library_calls = (int (*)(void))dlsym(found, "returns_calls");
    return install(number);
}

int sent_calls(void) { return calls + (library_calls != NULL ? library_calls() : 0); }

static void from_outside(int number) {
    pid_t parent = getpid(), child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        syscall(SYS_kill, parent, number);
        syscall(SYS_exit_group, 0);
    }
    syscall(SYS_wait4, child, NULL, 0, NULL);
    syscall(SYS_ppoll, NULL, 0, &(struct timespec){.tv_nsec = 100000000}, NULL, 8); // for the thread that gets it
}

static NOINLINE void deeper(void) {
    abort();
}

static NOINLINE void send_it(const char *by, int number) {
    if (strcmp(by, "raise") == 0) {
        raise(number);
    } else if (strcmp(by, "pthread_kill") == 0) {
        pthread_kill(pthread_self(), number);
    } else if (strcmp(by, "tgkill") == 0) {
        syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
    } else if (strcmp(by, "kill") == 0) {
        kill(getpid(), number);
        syscall(SYS_ppoll, NULL, 0, &(struct timespec){.tv_nsec = 100000000}, NULL, 8);
    } else if (strcmp(by, "outside") == 0) {
        from_outside(number);
    } else if (strcmp(by, "assert") == 0) {
        assert(number == 0);
    } else {
        deeper();
    }
}

struct order {
    const char *by;
    int number;
};

static void *run(void *order) {
    send_it(((struct order *)order)->by, ((struct order *)order)->number);
    return NULL;
}

int sent_send(const char *by, int number, int thread) {
    struct order order = {by, number};
    pthread_t started;
    if (!thread) {
        run(&order);
        return 0;
    }
    int error = pthread_create(&started, NULL, run, &order);
    return error != 0 ? error : pthread_join(started, NULL);
}
