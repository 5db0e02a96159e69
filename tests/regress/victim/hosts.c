#include "hosts.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *volatile page;
static volatile int handled;
static sigjmp_buf back;

static struct sigaction action_of(void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    return action;
}

static void install(void (*handler)(int, siginfo_t *, void *), struct sigaction *old) {
    struct sigaction action = action_of(handler);
    sigaction(SIGSEGV, &action, old);
}

static void repair(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if ((char *)info->si_addr != page) {
        _exit(77);
    }
    handled++;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void jump(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    handled++;
    siglongjmp(back, 1);
}

// As the constructor of a library does, before Go's runtime has installed its
// own handler.
__attribute__((constructor)) static void early(void) {
    const char *name = getenv("VICTIM_EARLY");
    if (name != NULL) {
        install(strcmp(name, "jump") == 0 ? jump : repair, NULL);
    }
}

__attribute__((noinline)) static void touch(void) {
    *(volatile char *)page = 1;
}

// Past the program's wrapper of sigaction.
void host_install_repair(void) {
    struct sigaction action = action_of(repair);
    int (*libcs)(int, const struct sigaction *, struct sigaction *) =
        (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
    libcs(SIGSEGV, &action, NULL);
}

int host_early_fault(void) {
    int before = handled;
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sigsetjmp(back, 1) == 0) {
        touch();
    }
    return handled > before ? handled : -1;
}

static struct sigaction behind;
static volatile int depth, deepest;

static void in_front(int signal, siginfo_t *info, void *context) {
    if (++depth > deepest) {
        deepest = depth;
    }
    if (depth > 50) {
        _exit(78);
    }
    if (behind.sa_flags & SA_SIGINFO) {
        behind.sa_sigaction(signal, info, context);
    }
    depth--;
}

void host_install_in_front(void) {
    install(in_front, &behind);
}

int host_in_front_depth(void) {
    return deepest;
}

void host_ignore_a_while(int number) {
    struct sigaction action, old;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    sigaction(number, &action, &old);
    sigaction(number, &old, NULL);
}

static void *ignore_again_and_again(void *number) {
    for (;;) {
        host_ignore_a_while((int)(intptr_t)number);
    }
    return NULL;
}

void host_ignore_again_and_again(int number) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, ignore_again_and_again, (void *)(intptr_t)number) != 0) {
        _exit(1);
    }
}

void host_default_like_a_handler(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(number, &action, NULL);
}

void host_set_action(int number, int ignore) {
    signal(number, ignore ? SIG_IGN : SIG_DFL);
}
