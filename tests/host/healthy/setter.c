// A library's thread that changes its handler all the time.
#include "healthy.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool over;
static long lost;
static pthread_t setter;

static void one(int number) { (void)number; }
static void another(int number) { (void)number; }

static void (*handler_now(void))(int) {
    struct sigaction now;
    sigaction(SIGFPE, NULL, &now);
    return now.sa_handler;
}

// What is set for a moment only, while the core comes or goes, is not lost.
static void *set_handlers(void *unused) {
    for (bool first = true; !over; first = !first) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = first ? one : another;
        action.sa_flags = SA_ONSTACK;
        sigaction(SIGFPE, &action, NULL);
        if (handler_now() != action.sa_handler) {
            usleep(5000);
            lost += handler_now() != action.sa_handler;
        }
    }
    return unused;
}

void start_setter(void) { pthread_create(&setter, NULL, set_handlers, NULL); }

void end_setter(void) {
    over = true;
    pthread_join(setter, NULL);
    printf("%ld handlers are lost\n", lost);
}
