#include "forks.h"

#include "states.h"

#include "../../../native/install/epitaph.h"
#include "../../../native/ondemand/timers.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void tell_end_of(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) == child) {
        dprintf(1, "child: status %#x\n", status & ~0x80); // 0x80: a core dump
    }
}

static void pass(int milliseconds) {
    usleep((useconds_t)milliseconds * 1000);
}

static void enable(void) {
    struct epi_config config;
    memset(&config, 0, sizeof config);
    config.deadline = UINT64_C(5000000000);
    config.output = STDERR_FILENO;
    config.program = config.executable = config.build = config.note = "";
    config.box = -1;
    if (epi_enable(&config, NULL) != 0) {
        _exit(8);
    }
}

int forks_stage;

void forks_enable(int until_fork, int until_enable, int until_end) {
    __atomic_store_n(&forks_stage, 1, __ATOMIC_SEQ_CST);
    pass(until_fork);
    pid_t child = fork();
    if (child == 0) {
        alarm(12);
        pass(until_enable);
        enable();
        pass(until_end);
        _exit(0);
    }
    tell_end_of(child);
    __atomic_store_n(&forks_stage, 2, __ATOMIC_SEQ_CST);
}

void forks_ignore(int number) {
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action;
        char line[40];
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_IGN;
        sigaction(number, &action, NULL);
        snprintf(line, sizeof line, "kill -%d $$", number);
        execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(9);
    }
    tell_end_of(child);
}

static pthread_t older;
static volatile int pause_of_child;

static void arm(void) {
    struct epi_timer_config config;
    memset(&config, 0, sizeof config);
    config.dump.kind = EPI_DUMP_TIMEOUT;
    config.dump.output = epi_fd_of(STDERR_FILENO);
    config.dump.timeout = config.dump.patience = UINT64_C(2000000000);
    config.dump.passed = UINT64_C(3600000000000);
    if (epi_dump_later(&config) != 0) {
        _exit(9);
    }
}

static sem_t look;
static _Atomic int has_stack;

// The helper thread gives a stack to one that it has found asleep twice, a second
// apart, in a call that goes on after a signal.
static void *fork_with_stack(void *arg) {
    stack_t stack = {.ss_flags = SS_DISABLE};
    while (pause_of_child == 0 || (stack.ss_flags & SS_DISABLE) != 0) {
        while (sem_wait(&look) != 0) {
        }
        sigaltstack(NULL, &stack);
    }
    has_stack = 1;
    pid_t child = fork();
    if (child == 0) {
        alarm(12);
        arm();
        pass(pause_of_child);
        state_null();
    }
    tell_end_of(child);
    return arg;
}

void forks_start_thread(void) {
    sem_init(&look, 0, 0);
    if (pthread_create(&older, NULL, fork_with_stack, NULL) != 0) {
        _exit(1);
    }
}

static pthread_key_t last;

static void crash_at_the_end(void *milliseconds) {
    pass((int)(intptr_t)milliseconds);
    state_null();
}

static void *fork_and_end(void *milliseconds) {
    pid_t child = fork();
    if (child == 0) {
        alarm(12);
        arm();
        pthread_setspecific(last, milliseconds);
        pthread_exit(NULL);
    }
    tell_end_of(child);
    return NULL;
}

void forks_end(int milliseconds) {
    pthread_t thread;
    if (pthread_key_create(&last, crash_at_the_end) != 0 || // behind the core's
        pthread_create(&thread, NULL, fork_and_end, (void *)(intptr_t)milliseconds) != 0) {
        _exit(1);
    }
    pthread_join(thread, NULL);
}

void forks_on_thread(int milliseconds) {
    struct timespec turn = {.tv_sec = 3};
    pause_of_child = milliseconds;
    while (!has_stack) {
        nanosleep(&turn, NULL);
        sem_post(&look);
    }
    pthread_join(older, NULL);
}
