//go:build linux && (amd64 || arm64) && cgo

#include "words.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void say(const char *text)
{
    errno = 4711;
    if (write(STDERR_FILENO, text, strlen(text)) < 0 || errno != 4711)
        _exit(1);
}

static void *says(void *text)
{
    say(text);
    return NULL;
}

static int cleaned;

static void clean(void *unused)
{
    (void)unused;
    cleaned = 1;
}

static void *blocks(void *unused)
{
    pthread_cleanup_push(clean, NULL);
    if (write(STDERR_FILENO, "there is no room for this", 25) != 0)
        printf("the pipe is not full\n");
    pthread_cleanup_pop(0);
    return unused;
}

static void nothing(int signal)
{
    (void)signal;
}

static _Atomic bool interrupted;

/* Again and again: the first signal may come before the write. */
static void *interrupts(void *thread)
{
    struct timespec pause = {0, 10 * 1000 * 1000};
    while (!interrupted) {
        pthread_kill(*(pthread_t *)thread, SIGALRM);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void attempt(const char *what, const void *text, size_t size)
{
    errno = 0;
    ssize_t n = write(STDERR_FILENO, text, size);
    printf("%s: %zd, errno %d\n", what, n, errno);
}

/* Prints what becomes of writes to standard error that do not just succeed. */
static void odd_writes(void)
{
    int ends[2];
    pthread_t thread;
    void *result = NULL;
    struct sigaction action = {.sa_handler = nothing}; /* without SA_RESTART */
    if (pipe(ends) != 0)
        _exit(1);
    dup2(ends[1], STDERR_FILENO);
    fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
    while (write(STDERR_FILENO, "x", 1) == 1) {
    }
    fcntl(STDERR_FILENO, F_SETFL, 0);
    pthread_create(&thread, NULL, blocks, NULL);
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d, cleaned %d\n", result == PTHREAD_CANCELED, cleaned);
    sigaction(SIGALRM, &action, NULL);
    pthread_t self = pthread_self();
    pthread_create(&thread, NULL, interrupts, &self);
    attempt("full pipe", "x", 1);
    interrupted = true;
    pthread_join(thread, NULL);
    fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
    attempt("nonblocking", "x", 1);
    attempt("bad address", (void *)16, 1);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    attempt("no reader", "x", 1);
    close(STDERR_FILENO);
    attempt("closed", "x", 1);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    attempt("null device, bad address", (void *)16, 100);
    attempt("null device", "x", 1);
    fflush(stdout);
    _exit(0);
}

/* Prints what a write of 16 bytes to FD costs, the least of many rounds. */
static void time_writes(int fd)
{
    enum { ROUNDS = 200, WRITES = 1000 };
    double least = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (int j = 0; j < WRITES; j++)
            if (write(fd, "sixteen bytes .\n", 16) != 16)
                _exit(1);
        clock_gettime(CLOCK_MONOTONIC, &to);
        double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
        if (ns / WRITES < least)
            least = ns / WRITES;
    }
    printf("%.2f\n", least);
    fflush(stdout);
    _exit(0);
}

/* Puts a file on descriptor 2, and perhaps on descriptor 1. */
static void redirect(const char *path, int flags, bool both)
{
    int fd = open(path, O_CREAT | flags, 0600);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || (both && dup2(fd, STDOUT_FILENO) < 0))
        _exit(1);
    close(fd);
}

void words(const char *kind, const char *library)
{
    if (strcmp(kind, "log") == 0) {
        redirect(library, O_WRONLY | O_APPEND, true);
        say("lib: in the log\n");
    } else if (strcmp(kind, "journal") == 0) {
        redirect(library, O_WRONLY | O_APPEND, false);
        say("a secret\n");
    } else if (strcmp(kind, "data") == 0) {
        redirect(library, O_RDWR, true);
        say("a secret\n");
    } else if (strcmp(kind, "write") == 0) {
        say("lib: the ");
        say("table is \"full\"\nlib: giving up\n");
    } else if (strcmp(kind, "writev") == 0) {
        struct iovec part[] = {{"lib: ", 5}, {"by parts\n", 9}};
        if (writev(STDERR_FILENO, part, 2) != 14)
            _exit(1);
    } else if (strcmp(kind, "long") == 0) {
        say("lib: why\n");
        for (int i = 0; i < 1000; i++)
            say("a line of a backtrace\n");
        say("lib: the end\n");
    } else if (strcmp(kind, "other") == 0) { // another thread's, and another descriptor's
        pthread_t thread;
        pthread_create(&thread, NULL, says, "not mine\n");
        pthread_join(thread, NULL);
        if (write(STDOUT_FILENO, "not there\n", 10) != 10)
            _exit(1);
    } else if (strcmp(kind, "fault") == 0) {
        say("lib: still fine\n");
        *(volatile int *volatile)8 = 1;
    } else if (strcmp(kind, "odd") == 0) {
        odd_writes();
    } else if (strcmp(kind, "time-null") == 0) {
        time_writes(open("/dev/null", O_WRONLY));
    } else if (strcmp(kind, "time-stderr") == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        time_writes(STDERR_FILENO);
    } else if (strcmp(kind, "library") == 0) {
        void *handle = dlopen(library, RTLD_NOW);
        if (handle == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            _exit(1);
        }
        ((void (*)(void))dlsym(handle, "rust_words"))();
    }
    abort();
}
