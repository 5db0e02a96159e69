#include "threads.h"

#include "states.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

static void *nothing(void *arg) {
    return arg;
}

static pthread_t start(void *(*function)(void *), void *arg) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, arg) != 0) {
        _exit(1);
    }
    return thread;
}

void threads_come_and_go(int count) {
    for (int i = 0; i < count; i++) {
        pthread_join(start(nothing, NULL), NULL);
    }
}

static pthread_barrier_t together;

static void *crash_together(void *arg) {
    pthread_barrier_wait(&together);
    state_null();
    return arg;
}

void threads_crowd(int count) {
    pthread_barrier_init(&together, NULL, (unsigned)count);
    for (int i = 0; i < count; i++) {
        start(crash_together, NULL);
    }
    pause();
}

// The test has seen that the other thread reports.
static void wait_for_word(void) {
    char byte;
    if (read(0, &byte, 1) != 1) {
        _exit(1);
    }
}

// The one that crashes is not the parent of the one whose end is to be told:
// by then it may be dead.
static void *fork_on_word(void *arg) {
    int status;
    wait_for_word();
    if (fork() == 0) {
        pid_t child = fork();
        if (child == 0) {
            state_null();
        }
        if (waitpid(child, &status, 0) == child) {
            dprintf(1, "child: status %#x\n", status);
        }
        _exit(0);
    }
    dprintf(1, "forked\n");
    return arg;
}

void threads_fork_late(void) {
    start(fork_on_word, NULL);
    state_null();
}

static int crashing;

static void *abort_on_word(void *arg) {
    wait_for_word();
    syscall(SYS_tgkill, getpid(), crashing, SIGABRT);
    dprintf(1, "sent\n");
    return arg;
}

void threads_abort_late(void) {
    crashing = (int)syscall(SYS_gettid);
    start(abort_on_word, NULL);
    state_null();
}

struct waiting {
    int tid;
    long number;
};

static void *crash_when_waiting(void *arg) {
    const struct waiting *waiting = arg;
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", waiting->tid);
    for (;;) {
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        text[n > 0 ? n : 0] = '\0';
        if (n > 0 && strtol(text, NULL, 10) == waiting->number) {
            state_null();
        }
    }
    return NULL;
}

void threads_wait(const char *call) {
    int polls = strcmp(call, "poll") == 0;
    struct waiting waiting = {(int)syscall(SYS_gettid), polls ? MACHINE_POLL : MACHINE_PAUSE};
    start(crash_when_waiting, &waiting);
    if (polls) {
        poll(NULL, 0, 30000);
    } else {
        pause();
    }
}

void threads_lost(void);
__attribute__((visibility("hidden"))) volatile int threads_lost_signal; // that it is to send itself
__asm__(".text\n"
        "threads_lost:\n" MACHINE_LOST("threads_lost_signal"));

static void *lose(void *arg) {
    threads_lost();
    return arg;
}

void threads_without_frames(void) {
    start(lose, NULL);
}

void threads_signal_without_frames(int signal) {
    threads_lost_signal = signal;
    while (threads_lost_signal != 0) {
        usleep(100);
    }
}
