#define _GNU_SOURCE
#include "crash.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int *nowhere = (volatile int *)8;

struct library library = {library_begin, library_set, library_show};

int load_library(const char *path) {
    void *handle = dlopen(path, RTLD_NOW);
    if (handle == NULL) {
        fprintf(stderr, "victim: %s\n", dlerror());
        return -1;
    }
    library.begin = (void (*)(void))dlsym(handle, "library_begin");
    library.set = (int (*)(const char *, const char *, int))dlsym(handle, "library_set");
    library.show = (void (*)(int))dlsym(handle, "library_show");
    return library.begin != NULL && library.set != NULL && library.show != NULL ? 0 : -1;
}

void crash(const char *kind) {
    volatile int zero = 0, seven = 7;
    if (strcmp(kind, "null") == 0) {
        *nowhere = 1;
    } else if (strcmp(kind, "abort") == 0) {
        abort();
    } else if (strcmp(kind, "div") == 0) {
        seven = seven / zero;
    } else if (strcmp(kind, "ud2") == 0) {
        __asm__ volatile("ud2");
    } else if (strcmp(kind, "raise") == 0) {
        raise(SIGSEGV);
    }
}

static void *body(void *kind) {
    crash(kind);
    return NULL;
}

void crash_on_thread(const char *kind) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, (void *)kind);
    pthread_join(thread, NULL);
}

void library_do_begin(void) { library.begin(); }
int library_do_set(const char *how, const char *what, int number) { return library.set(how, what, number); }
void library_do_show(int number) { library.show(number); }
