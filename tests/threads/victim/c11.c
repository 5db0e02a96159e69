#include "c11.h"
#include "stacks.h"

#include <dlfcn.h>
#include <stddef.h>
#include <threads.h>

static int make(int (*body)(void *), void *arg) {
    thrd_t thread;
    int result = -1;
    thrd_create(&thread, body, arg);
    thrd_join(thread, &result);
    return result;
}

static int (*maker)(int (*)(void *), void *) = make;

int c11_by_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    if (library != NULL)
        *(void **)&maker = dlsym(library, "make_c11_thread");
    return library != NULL && maker != NULL;
}

static int minus(void *arg) { return -*(int *)arg; }

int c11_result(void) {
    int number = 42;
    return maker(minus, &number);
}

static int overflow(void *arg) {
    volatile char first[16] = "";
    (void)arg;
    return stacks_recurse(first) + 1;
}

void c11_overflow(void) { maker(overflow, NULL); }
