#include "healthy.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Thread_local sigjmp_buf back __attribute__((tls_model("initial-exec")));

static void install(int number, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags | SA_ONSTACK;
    sigaction(number, &action, NULL);
}

static void jump(int number) { siglongjmp(back, 1); }

void install_jump(void) { install(SIGSEGV, jump, 0); }

static volatile int *volatile nowhere = (volatile int *)8;

static void fault(void) {
    if (sigsetjmp(back, 1) == 0) {
        *nowhere = 1;
    }
}

static void on_thread(void *(*function)(void *), void *argument) {
    pthread_t thread;
    pthread_create(&thread, NULL, function, argument);
    pthread_join(thread, NULL);
}

// The clock of the vDSO: no system call, so the thread is never seen to sleep.
static void compute(double seconds) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) * 1e-9 < seconds);
}

static void *fault_and_compute(void *seconds) {
    fault();
    compute(*(double *)seconds);
    puts("has computed");
    return NULL;
}

void computes_after(double seconds) { on_thread(fault_and_compute, &seconds); }

static void *fault_and_sleep(void *seconds) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    fault();
    usleep((useconds_t)(*(double *)seconds * 1e6));
    puts("has slept");
    return NULL;
}

void sleeps_after(double seconds) { on_thread(fault_and_sleep, &seconds); }

static int ends[2];

static void *fault_and_read(void *seconds) {
    char c;
    fault();
    if (seconds != NULL) {
        compute(*(double *)seconds);
    }
    long n = read(ends[0], &c, 1);
    printf("read returns %ld%s%s\n", n, n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
    return NULL;
}

static void read_meanwhile(double *computes, useconds_t waits) {
    pthread_t thread;
    if (pipe(ends) != 0) {
        abort();
    }
    pthread_create(&thread, NULL, fault_and_read, computes);
    usleep(waits);
    if (write(ends[1], "x", 1) != 1) {
        abort();
    }
    pthread_join(thread, NULL);
}

void reads_after(void) { read_meanwhile(NULL, 1000000); }

// It is seen to run whenever it is looked at before the deadline.
void computes_and_reads_after(void) {
    double seconds = 1.33;
    read_meanwhile(&seconds, 3000000);
}

// The frame of this handler is where that of the fault was, and LINE where the core's
// handler had its own.
static void terminate(int number) {
    char line[3000];
    snprintf(line, sizeof line, "terminated\n");
    if (write(1, line, strlen(line)) < 0) {
        _exit(1);
    }
    _exit(0);
}

static void *fault_and_go_on(void *unused) {
    fault();
    compute(20);
    return NULL;
}

void ends_after(void) {
    pthread_t thread;
    install(SIGUSR2, terminate, 0);
    pthread_create(&thread, NULL, fault_and_go_on, NULL);
    usleep(300000);
    pthread_kill(thread, SIGUSR2);
    pthread_join(thread, NULL);
}

static void print_mask(void) {
    unsigned long mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    printf("the mask is %016lx\n", mask);
}

static jmp_buf plain;

static void long_jump(int number) { longjmp(plain, 1); }

void install_divide(void) { install(SIGFPE, long_jump, SA_NODEFER); }

void divides(void) {
    if (_setjmp(plain) == 0) {
        volatile int zero = 0, result = 7 / zero; // of 1 / zero a compiler makes no division
        (void)result;
    }
    print_mask();
}

void install_prompt(void) { install(SIGUSR2, long_jump, SA_NODEFER); }

static void *prompt(void *unused) {
    if (_setjmp(plain) == 0) {
        pthread_kill(pthread_self(), SIGUSR2);
    }
    print_mask();
    return NULL;
}

void prompts(void) { on_thread(prompt, NULL); }

static void *coroutine(void *unused) {
    static const unsigned char code[] = {0x48, 0x89, 0xfc, 0xeb, 0xfe}; // mov %rdi, %rsp; jmp .
    sigset_t faults;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &faults, NULL);
    int private = MAP_PRIVATE | MAP_ANONYMOUS;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, private, -1, 0);
    char *stack = mmap(NULL, 3 * 65536, PROT_NONE, private, -1, 0);
    memcpy(page, code, sizeof code);
    mprotect(stack + 65536, 65536, PROT_READ | PROT_WRITE);
    void (*run)(void *);
    memcpy(&run, &page, sizeof run);
    run(stack + 2 * 65536 - 256);
    return NULL;
}

void start_coroutine(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, coroutine, NULL);
    usleep(100000);
}

static void nothing(int number) {}

static pthread_t reader;

static void *read_for_ever(void *unused) {
    char c;
    long n = read(ends[0], &c, 1);
    printf("read returns %ld: %s\n", n, strerror(errno));
    return NULL;
}

void start_reader(void) {
    install(SIGUSR2, nothing, 0);
    if (pipe(ends) != 0) {
        abort();
    }
    pthread_create(&reader, NULL, read_for_ever, NULL);
}

void end_reader(void) {
    usleep(200000);
    pthread_kill(reader, SIGUSR2);
    pthread_join(reader, NULL);
}

// The kernel's, for which libc has no name.
struct action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void *restorer;
    unsigned long mask;
};

static struct action behind;

static void front(int number, siginfo_t *info, void *context) { behind.handler(number, info, context); }

void install_front(void) {
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, &behind, sizeof behind.mask);
    struct action action = behind;
    action.handler = front;
    syscall(SYS_rt_sigaction, SIGSEGV, &action, NULL, sizeof action.mask);
}

void install_blocking_front(void) {
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, &behind, sizeof behind.mask);
    struct action action = behind;
    action.handler = front;
    action.mask = ~0ul;
    syscall(SYS_rt_sigaction, SIGSEGV, &action, NULL, sizeof action.mask);
}

static void ask(int number) {
    unsigned long mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    puts((mask >> (SIGUSR1 - 1) & 1) != 0 ? "SIGUSR1 is blocked" : "SIGUSR1 is open");
    siglongjmp(back, 1);
}

void install_asking(void) { install(SIGSEGV, ask, 0); }

static volatile int *volatile page;

static void repair_late(int number) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    compute(1.5);
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

void install_late(void) { install(SIGSEGV, repair_late, 0); }

static void *write_page(void *unused) {
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 7;
    printf("has written %d\n", *page);
    return NULL;
}

void writes(void) { on_thread(write_page, NULL); }

static void *fault_and_reset(void *unused) {
    fault();
    install(SIGABRT, SIG_DFL, 0);
    puts("has reset");
    return NULL;
}

void resets_after(void) { on_thread(fault_and_reset, NULL); }

int front_is_there(void) {
    struct action now;
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, &now, sizeof now.mask);
    return now.handler == front;
}

static void *block(void *unused) {
    sigset_t fault;
    sigemptyset(&fault);
    sigaddset(&fault, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &fault, NULL);
    pause();
    return NULL;
}

void start_blocked(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, block, NULL);
    usleep(100000);
}

static void *fault_once(void *unused) {
    fault();
    puts("resolved");
    return NULL;
}

void faults(void) { on_thread(fault_once, NULL); }
