//go:build linux && (amd64 || arm64) && cgo

#include "words.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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

void words(const char *kind, const char *library)
{
    if (strcmp(kind, "write") == 0) {
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
