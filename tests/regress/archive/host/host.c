// host: waits in a read, which a signal does not end, until its main thread has an
// alternate stack, 8 s at most; and overflows the stack.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

extern void ArchiveNothing(void);
void (*volatile reference)(void) = ArchiveNothing;

static int ends[2];

static void *wake(void *arg) {
    while (write(ends[1], "x", 1) == 1) {
        usleep(10000);
    }
    return arg;
}

__attribute__((noinline)) int recurse(volatile char *above) {
    volatile char room[4096];
    room[0] = above[0];
    room[1] = (char)(recurse(room) + 1);
    return room[1];
}

int main(void) {
    pthread_t thread;
    stack_t stack = {.ss_flags = SS_DISABLE};
    volatile char first[16] = "";
    char c;
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, wake, NULL) != 0) {
        return 1;
    }
    for (int i = 0; i < 800 && (stack.ss_flags & SS_DISABLE) != 0; i++) {
        if (read(ends[0], &c, 1) != 1) {
            return 2;
        }
        sigaltstack(NULL, &stack);
    }
    puts((stack.ss_flags & SS_DISABLE) != 0 ? "no stack" : "a stack");
    fflush(stdout);
    return recurse(first);
}
