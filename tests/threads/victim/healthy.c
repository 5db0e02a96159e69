#define _GNU_SOURCE
#include "healthy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static atomic_int ready, go;

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void *block_and_exec(void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)(intptr_t)arg);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    ready = 1;
    while (!go)
        pause_ms(1);
    execl("/proc/self/exe", "victim", "pending", (char *)NULL);
    return NULL;
}

void healthy_exec_start(int signal) {
    pthread_t thread;
    pthread_create(&thread, NULL, block_and_exec, (void *)(intptr_t)signal);
    while (!ready)
        pause_ms(1);
}

void healthy_exec(void) {
    go = 1;
    for (;;)
        pause_ms(1000);
}

int healthy_pending(void) {
    sigset_t pending;
    int n = 0;
    sigpending(&pending);
    for (int signal = 35; signal <= 64; signal++)
        n += sigismember(&pending, signal);
    return n;
}

void healthy_reset(int signal) {
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action;
    memset(&action, 0, sizeof action);
    syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
}

static int start_bare(int (*run)(void *)) {
    char *stack = malloc(65536);
    return clone(run, stack + 65536,
                 CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
                 NULL);
}

static int ends[2];

static int reader(void *arg) {
    char c;
    for (;;)
        if (read(ends[0], &c, 1) <= 0)
            _exit(7); /* of the program: the read was not restarted */
    (void)arg;
}

void healthy_start_reader(void) {
    if (pipe(ends) != 0 || start_bare(reader) < 0)
        _exit(6);
}

static int gates[2];
static atomic_int taken = -1;

static void *take(void *arg) {
    sigset_t all;
    siginfo_t info;
    struct timespec none = {0, 0};
    char c;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    ready = 1;
    if (read(gates[0], &c, 1) != 1)
        _exit(7);
    int signal = sigtimedwait(&all, &info, &none);
    taken = signal < 0 ? 0 : signal;
    return arg;
}

void healthy_start_taker(void) {
    pthread_t thread;
    if (pipe(gates) != 0 || pthread_create(&thread, NULL, take, NULL) != 0)
        _exit(6);
    while (!ready)
        pause_ms(1);
}

int healthy_taken(void) {
    if (write(gates[1], "x", 1) != 1)
        _exit(6);
    while (taken < 0)
        pause_ms(1);
    return taken;
}

static atomic_long interrupted;
static int poll_ms;

static void *poller(void *arg) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        for (volatile int i = 0; i < 100000; i++)
            ;
        if (poll(NULL, 0, 1) < 0 && errno == EINTR)
            interrupted++;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
             poll_ms);
    return arg;
}

long healthy_polls(int rounds, int n, int ms) {
    poll_ms = ms;
    for (int round = 0; round < rounds; round++) {
        pthread_t threads[64];
        for (int i = 0; i < n; i++)
            pthread_create(&threads[i], NULL, poller, NULL);
        for (int i = 0; i < n; i++)
            pthread_join(threads[i], NULL);
    }
    return interrupted;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked, done;

static struct timespec in_ms(int ms) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    return t;
}

static void *worker(void *arg) {
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (!asked) {
            struct timespec end = in_ms(60000);
            pthread_cond_timedwait(&changed, &mutex, &end);
        }
        asked = 0;
        done = 1;
        pthread_cond_broadcast(&changed);
    }
    return arg;
}

void healthy_start_worker(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
}

int healthy_work(int ms) {
    struct timespec end = in_ms(ms);
    pthread_mutex_lock(&mutex);
    asked = 1;
    pthread_cond_broadcast(&changed);
    for (int error = 0; !done && error == 0;)
        error = pthread_cond_timedwait(&changed, &mutex, &end);
    int result = done;
    pthread_mutex_unlock(&mutex);
    return result;
}

static atomic_int traps;

static void count_trap(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ucontext_t *uc = context;
#if defined(__x86_64__)
    uc->uc_mcontext.gregs[REG_RAX] = -EPERM;
#else
    uc->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#endif
    traps++;
}

static int filter(struct sock_filter *code, unsigned short size) {
    struct sock_fprog program = {size, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return errno;
    return 0;
}

int healthy_kill_for_listing(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getdents64, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return filter(code, sizeof code / sizeof *code);
}

static int pauser(void *arg) {
    for (;;)
        pause();
    (void)arg;
}

int healthy_trap_looks(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)AT_FDCWD, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return filter(code, sizeof code / sizeof *code);
}

static void count_traps(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = count_trap;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSYS, &action, NULL);
}

/* Past libc: the core stays in front of a handler that it sees the program install, and takes
 * its own calls that are refused.  The kernel's structure, with the restorer that is there. */
static void count_traps_of_the_core(void) {
    struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action;
    if (syscall(SYS_rt_sigaction, SIGSYS, NULL, &action, sizeof action.mask) != 0)
        _exit(6);
    action.handler = count_trap;
    if (syscall(SYS_rt_sigaction, SIGSYS, &action, NULL, sizeof action.mask) != 0)
        _exit(6);
}

int healthy_looks(int ms) {
    count_traps_of_the_core();
    if (start_bare(pauser) < 0)
        _exit(6);
    pause_ms(ms);
    return traps;
}

int healthy_trap_openat(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    count_traps();
    return filter(code, sizeof code / sizeof *code);
}

int healthy_trapped(void) { return traps; }
