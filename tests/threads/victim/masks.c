#define _GNU_SOURCE
#include "masks.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
    int (*thread)(int, const sigset_t *, sigset_t *);
    int (*process)(int, const sigset_t *, sigset_t *);
    int (*timed)(const sigset_t *, siginfo_t *, const struct timespec *);
    int (*wait)(const sigset_t *, int *);
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*fd)(int, const sigset_t *, int);
} use;

static void choose(int shared) {
    use.thread = pthread_sigmask;
    use.process = sigprocmask;
    use.timed = sigtimedwait;
    use.wait = sigwait;
    use.create = pthread_create;
    use.fd = signalfd;
    if (shared) {
        *(void **)&use.thread = dlsym(RTLD_DEFAULT, "pthread_sigmask");
        *(void **)&use.process = dlsym(RTLD_DEFAULT, "sigprocmask");
        *(void **)&use.timed = dlsym(RTLD_DEFAULT, "sigtimedwait");
        *(void **)&use.wait = dlsym(RTLD_DEFAULT, "sigwait");
        *(void **)&use.create = dlsym(RTLD_DEFAULT, "pthread_create");
        *(void **)&use.fd = dlsym(RTLD_DEFAULT, "signalfd");
    }
}

static void show(const char *what, const sigset_t *set) {
    printf("%s:", what);
    for (int signal = 1; signal <= 64; signal++)
        if (sigismember(set, signal) == 1)
            printf(" %d", signal);
    printf("\n");
    fflush(stdout);
}

static void show_mask(const char *what) {
    sigset_t now;
    use.thread(SIG_BLOCK, NULL, &now);
    show(what, &now);
}

static void show_pending(const char *what) {
    sigset_t now;
    sigpending(&now);
    show(what, &now);
}

static sigset_t set_of(int a, int b) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    sigaddset(&set, b);
    return set;
}

static void *inherit(void *arg) {
    show_mask("a new thread's mask");
    return arg;
}

static void run(void *(*start)(void *)) {
    pthread_t thread;
    use.create(&thread, NULL, start, NULL);
    pthread_join(thread, NULL);
}

static void *steps(void *arg) {
    sigset_t set, old;
    siginfo_t info;
    const struct timespec none = {0, 0};
    int signal;
    sigfillset(&set);
    sigemptyset(&old);
    printf("set all: %d\n", use.thread(SIG_SETMASK, &set, &old));
    show("before", &old);
    show_mask("after");
    run(inherit);
    set = set_of(SIGSEGV, SIGUSR1);
    use.process(SIG_UNBLOCK, &set, &old);
    show("before unblock", &old);
    show_mask("after unblock");
    use.thread(SIG_BLOCK, &set, &old);
    show("before block", &old);
    set = set_of(SIGBUS, SIGUSR2);
    use.thread(SIG_SETMASK, &set, &old);
    show("before another", &old);
    show_mask("another");
    run(inherit);
    errno = 0;
    printf("no such change: %d, %d", use.thread(77, &set, NULL), use.process(77, &set, NULL));
    printf(", errno %d\n", errno);
    /* One that is sent stays pending. */
    pthread_kill(pthread_self(), SIGBUS);
    pthread_kill(pthread_self(), SIGBUS);
    show_pending("pending");
    show_mask("mask then");
    sigset_t usr = set_of(SIGUSR1, SIGUSR1);
    use.thread(SIG_BLOCK, &usr, NULL);
    show_mask("one more");
    show_pending("pending still");
    info.si_code = 0;
    signal = use.timed(&set, &info, &none);
    printf("taken: %d, code %d, own %d\n", signal, info.si_code, info.si_pid == getpid());
    printf("again: %d, errno %d\n", use.timed(&set, &info, &none), errno);
    show_pending("pending no more");
    pthread_kill(pthread_self(), SIGBUS);
    printf("waited: %d", use.wait(&set, &signal));
    printf(", for %d\n", signal);
    set = set_of(SIGILL, SIGFPE);
    use.thread(SIG_BLOCK, &set, NULL);
    int fd = use.fd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo got;
    pthread_kill(pthread_self(), SIGILL);
    memset(&got, 0, sizeof got);
    long size = read(fd, &got, sizeof got);
    printf("from the descriptor: %d, signal %u\n", (int)(size == sizeof got), got.ssi_signo);
    show_mask("at last");
    if (fork() == 0) {
        show_mask("a child's mask");
        _exit(0);
    }
    wait(NULL);
    return arg;
}

static void got(int signal, siginfo_t *info, void *context)
{
    (void)context;
    printf("signal %d, code %d\n", signal, info->si_code);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int blocks)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    if (blocks != 0)
        sigaddset(&action.sa_mask, blocks);
    sigaction(signal, &action, NULL);
}

/* A handler of another signal, which changes the mask for itself. */
static void interrupts(int signal, siginfo_t *info, void *context)
{
    sigset_t more = set_of(SIGTERM, SIGILL), old;
    (void)info, (void)context;
    printf("signal %d\n", signal);
    show_mask("in the handler");
    pthread_kill(pthread_self(), SIGFPE);
    show_pending("pending in the handler");
    show_mask("in the handler then");
    use.thread(SIG_BLOCK, &more, &old);
    show("before a change in the handler", &old);
    show_mask("behind it");
    if (signal == SIGUSR1)
        raise(SIGHUP);
    use.thread(SIG_SETMASK, &old, NULL);
    show_mask("set back");
}

static void *under_handlers(void *arg)
{
    sigset_t set = set_of(SIGSEGV, SIGFPE), usr = set_of(SIGUSR2, SIGUSR2),
             fpe = set_of(SIGFPE, SIGFPE);
    handle(SIGUSR1, interrupts, SIGALRM);
    handle(SIGHUP, interrupts, SIGQUIT);
    handle(SIGFPE, got, 0);
    use.thread(SIG_BLOCK, &set, NULL);
    use.thread(SIG_BLOCK, &usr, NULL);
    for (int i = 0; i < 2; i++) {
        raise(SIGUSR1);
        show_mask("behind the handlers");
        show_pending("pending behind them");
        use.thread(SIG_UNBLOCK, &fpe, NULL);
        show_mask("unblocked");
        use.thread(SIG_BLOCK, &fpe, NULL);
    }
    return arg;
}

/* A child of vfork that sets its mask, and executes a program, has not changed its parent's. */
static void *under_vfork(void *arg)
{
    sigset_t set = set_of(SIGSEGV, SIGFPE), none = set_of(SIGHUP, SIGHUP),
             segv = set_of(SIGSEGV, SIGSEGV);
    handle(SIGSEGV, got, 0);
    use.thread(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++) {
        fflush(stdout);
        pid_t child = vfork();
        if (child == 0) {
            use.process(i == 0   ? SIG_SETMASK
                        : i == 1 ? SIG_BLOCK
                                 : SIG_UNBLOCK,
                        i == 2 ? &segv : &none, NULL);
            execlp("grep", "grep", "SigBlk", "/proc/self/status", NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
        show_mask("behind vfork");
    }
    pthread_kill(pthread_self(), SIGSEGV);
    show_pending("pending");
    use.thread(SIG_UNBLOCK, &segv, NULL);
    return arg;
}

/* What the kernel would have written, or read, where there is no memory. */
static void *without_memory(void *arg)
{
    sigset_t *volatile nowhere = (sigset_t *)8, set = set_of(SIGUSR1, SIGUSR1);
    const struct timespec none = {0, 0};
    int signal;
    for (int i = 0; i < 2; i++) {
        printf("nowhere to write: %d", use.thread(SIG_BLOCK, &set, nowhere));
        errno = 0;
        printf(", %d", use.process(SIG_BLOCK, NULL, nowhere));
        printf(", errno %d\n", errno);
        show_mask("but done");
        set = set_of(SIGFPE, SIGUSR2);
    }
    errno = 0;
    printf("nowhere to read: %d", use.timed(nowhere, NULL, &none));
    printf(", errno %d, %d", errno, use.wait(nowhere, &signal));
    errno = 0;
    printf(", %d", use.fd(-1, nowhere, SFD_CLOEXEC));
    printf(", errno %d\n", errno);
    return arg;
}

void masks_show(int shared) {
    choose(shared);
    run(under_handlers);
    run(under_vfork);
    run(without_memory);
    run(steps);
}

__attribute__((noinline)) int masks_recurse(volatile char *above) {
    volatile char room[4096];
    room[0] = above[0];
    room[1] = (char)(masks_recurse(room) + 1);
    return room[1];
}

static volatile int zero;

static void *fault(void *arg) {
    volatile char first[16] = "";
    int kind = *(int *)arg;
    prctl(PR_SET_NAME, "blocked");
    if (kind == 0)
        *(volatile int *)8 = 1;
    if (kind == 1)
        zero = 77 / zero;
    return masks_recurse(first) ? arg : NULL;
}

void masks_crash(int kind) {
    pthread_t thread;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_create(&thread, NULL, fault, &kind);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_join(thread, NULL);
}

void masks_crash_in_create(void) {
    enum { SIZE = 1 << 20 };
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all;
    void *stack = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_create(&thread, &attr, fault, NULL);
}

static int go_on[2];
static int *nowhere = (int *)8;

static void *fault_later(void *arg) {
    sigset_t blocked = set_of(SIGSEGV, SIGUSR2), now;
    char byte;
    prctl(PR_SET_NAME, "blocked");
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    *(volatile int *)arg = (int)syscall(SYS_gettid);
    if (read(go_on[0], &byte, 1) != 1)
        return arg;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    printf("SIGSEGV blocked %d\n", sigismember(&now, SIGSEGV));
    fflush(stdout);
    *(volatile int *)nowhere = 1;
    return arg;
}

int masks_begin_older(void) {
    static volatile int tid;
    pthread_t thread;
    if (pipe(go_on) != 0 || pthread_create(&thread, NULL, fault_later, (void *)&tid) != 0)
        return -1;
    while (tid == 0)
        sched_yield();
    return tid;
}

void masks_end_older(void) {
    if (write(go_on[1], "", 1) == 1)
        pause();
}

static void change_and_back(int signal) {
    sigset_t all, old;
    (void)signal;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static timer_t interrupt_often(void) {
    struct sigaction action = {.sa_handler = change_and_back, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    struct itimerspec often = {{0, 17001}, {0, 17001}};
    timer_t timer;
    event._sigev_un._tid = (int)syscall(SYS_gettid);
    sigaction(SIGUSR1, &action, NULL);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &often, NULL);
    return timer;
}

static void *interrupted(void *arg) {
    struct stress *stress = arg;
    sigset_t none, faults = set_of(SIGSEGV, SIGBUS), now;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    timer_t timer = interrupt_often();
    time_t end = time(NULL) + stress->seconds;
    for (long n = 0; n % 1024 != 0 || time(NULL) < end; n++) {
        pthread_sigmask(SIG_BLOCK, &faults, NULL);
        pthread_sigmask(SIG_SETMASK, NULL, &now);
        stress->lost += !sigismember(&now, SIGSEGV);
        pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
        pthread_sigmask(SIG_SETMASK, NULL, &now);
        stress->left += sigismember(&now, SIGSEGV);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
    }
    timer_delete(timer);
    return NULL;
}

struct stress masks_stress(int seconds) {
    struct stress stress = {.seconds = seconds};
    pthread_t thread;
    pthread_create(&thread, NULL, interrupted, &stress);
    pthread_join(thread, NULL);
    return stress;
}
