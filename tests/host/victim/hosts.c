#include "hosts.h"

#include "_cgo_export.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "machine.h"

#define NOINLINE __attribute__((noinline, used))

static atomic_int calls;
static struct sigaction before; // what was there before the handler

// A thread's own place to come back to, and its page.
static _Thread_local sigjmp_buf back __attribute__((tls_model("initial-exec")));
static _Thread_local volatile int *page __attribute__((tls_model("initial-exec")));

// Writes to the address 8, or to the page. Each has no frame, so that the handler can
// return from it.
void write_null(void);
void write_page(volatile int *to);
__asm__(".text\n"
        ".type write_null, %function\n"
        "write_null: " MACHINE_WRITE_8 "\n"
        ".size write_null, . - write_null\n"
        ".type write_page, %function\n"
        "write_page: " MACHINE_WRITE_ARGUMENT "\n"
        ".size write_page, . - write_page\n");

static void set_default(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
}

static void say(const char *text) {
    if (write(2, text, strlen(text)) < 0) {
        _exit(1);
    }
}

typedef void way_function(int number, siginfo_t *info, void *context);

static void context(int number, siginfo_t *info, void *context) { machine_return(context); }

static void repair(int number, siginfo_t *info, void *context) {
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void jump(int number, siginfo_t *info, void *context) { siglongjmp(back, 1); }

static void dfl(int number, siginfo_t *info, void *context) { signal(number, SIG_DFL); }

static void dfl_jump(int number, siginfo_t *info, void *context) {
    signal(number, SIG_DFL);
    siglongjmp(back, 1);
}

static void raise_again(int number, siginfo_t *info, void *context) {
    signal(number, SIG_DFL);
    raise(number);
}

static void tgkill_again(int number, siginfo_t *info, void *context) {
    set_default(number);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
}

static void kill_again(int number, siginfo_t *info, void *context) {
    set_default(number);
    kill(getpid(), number);
    for (;;) { // another thread may get it
        pause();
    }
}

// As glog does it.
static void kill_and_return(int number, siginfo_t *info, void *context) {
    set_default(number);
    kill(getpid(), number);
}

// Another process sends the same signal while the first one is handled, and nothing is changed.
static void killed_from_outside(int number, siginfo_t *info, void *context) {
    static atomic_int sent;
    if (atomic_fetch_add(&sent, 1) > 0) {
        return;
    }
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        syscall(SYS_kill, getppid(), number);
        syscall(SYS_exit_group, 0);
    }
    syscall(SYS_wait4, child, NULL, 0, NULL);
    syscall(SYS_ppoll, NULL, 0, &(struct timespec){.tv_nsec = 50000000}, NULL, 8); // for the thread that gets it
}

// The same, and the signal is pending until the handler returns.
static void killed_afterwards(int number, siginfo_t *info, void *context) {
    static atomic_int sent;
    if (atomic_fetch_add(&sent, 1) > 0) {
        return;
    }
    pid_t thread = (pid_t)syscall(SYS_gettid);
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        syscall(SYS_tgkill, getppid(), thread, number);
        syscall(SYS_exit_group, 0);
    }
    syscall(SYS_wait4, child, NULL, 0, NULL);
}

static void give_abort(int number, siginfo_t *info, void *context) { abort(); }

static void end_at_once(int number, siginfo_t *info, void *context) { _exit(77); }

static void end(int number, siginfo_t *info, void *context) { exit(78); }

static void murder(int number, siginfo_t *info, void *context) { kill(getpid(), SIGKILL); }

static void execute(int number, siginfo_t *info, void *context) {
    char *const none[] = {"sh", "-c", "exit 79", NULL};
    execve("/bin/sh", none, none + 3);
}

static void hang(int number, siginfo_t *info, void *context) {
    for (volatile int forever = 1; forever;) {
    }
}

static void sleep_for_ever(int number, siginfo_t *info, void *context) {
    for (;;) {
        pause();
    }
}

static void hang_blocked(int number, siginfo_t *info, void *context) {
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
    for (;;) {
        pause();
    }
}

// Computes, and falls asleep in the end.
static void spin_blocked(int number, siginfo_t *info, void *context) {
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begin.tv_sec < 2);
    for (;;) {
        pause();
    }
}

// The same, having computed with all signals blocked.
static void late_blocked(int number, siginfo_t *info, void *context) {
    uint64_t all = ~UINT64_C(0);
    struct timespec begin, now;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 700);
}

// Returns after the deadline, and has changed nothing.
static void late(int number, siginfo_t *info, void *context) { usleep(700000); }

// An emulator's: it has set a result when it meets what it cannot do.
static void touch(void *context) { machine_set_result(context, machine_result(context) ^ 1); }

static void fault(int number, siginfo_t *info, void *context) {
    volatile int *to = (volatile int *)16;
    __asm__("" : "+r"(to));
    *to = 1;
}

static void divide(int number, siginfo_t *info, void *context) {
    volatile int zero = 0, result = 7 / zero;
    (void)result;
}

static void touch_and_fault(int number, siginfo_t *info, void *context) {
    touch(context);
    fault(number, info, context);
}

static void touch_and_end(int number, siginfo_t *info, void *context) {
    touch(context);
    end_at_once(number, info, context);
}

static void touch_and_sleep(int number, siginfo_t *info, void *context) {
    touch(context);
    sleep_for_ever(number, info, context);
}

static void print(int number, siginfo_t *info, void *context) { say("host: a fault\n"); }

static void print_and_end(int number, siginfo_t *info, void *context) {
    print(number, info, context);
    end_at_once(number, info, context);
}

static void call_go(int number, siginfo_t *info, void *context) {
    hostLog(number);
    _exit(77);
}

// A library that was loaded when Go had its handlers in place, and gives back what is not its own.
static void hand_on(int number, siginfo_t *info, void *context) {
    before.sa_sigaction(number, info, context);
}

// Reads memory that is not there in its handler, and resolves that, too.
static void nested(int number, siginfo_t *info, void *context) {
    static _Thread_local int depth;
    if (++depth == 1) {
        write_null();
    }
    depth--;
    machine_return(context);
}

static const struct {
    const char *name;
    way_function *function;
} ways[] = {
    {"context", context}, {"repair", repair}, {"jump", jump}, {"dfl", dfl},
    {"dfljump", dfl_jump}, {"raise", raise_again}, {"tgkill", tgkill_again},
    {"kill", kill_again}, {"killreturn", kill_and_return}, {"outside", killed_from_outside}, {"afterwards", killed_afterwards}, {"abort", give_abort}, {"_exit", end_at_once}, {"exit", end},
    {"sigkill", murder}, {"exec", execute}, {"hang", hang}, {"sleep", sleep_for_ever},
    {"blocked", hang_blocked}, {"fault", fault}, {"divide", divide}, {"print", print},
    {"printexit", print_and_end}, {"nested", nested}, {"spinblocked", spin_blocked}, {"late", late}, {"lateblocked", late_blocked},
    {"touchfault", touch_and_fault}, {"touchexit", touch_and_end}, {"touchsleep", touch_and_sleep},
    {"gocall", call_go}, {"handon", hand_on},
};

static way_function *way;
static int fault_signal = SIGSEGV;

void host_divides(void) { fault_signal = SIGFPE; }

void host_traps(void) { fault_signal = SIGTRAP; }

static void handler(int number, siginfo_t *info, void *context) {
    calls++;
    way(number, info, context);
}

// Of a library that came later, and hands on.
static void front(int number, siginfo_t *info, void *context) {
    before.sa_sigaction(number, info, context);
}

static void plain_handler(int number) {
    calls++;
    way(number, NULL, NULL);
}

int host_does(const char *name) {
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, name) == 0) {
            way = ways[i].function;
            return 0;
        }
    }
    return EINVAL;
}

// The kernel's structure.
struct kernels {
    way_function *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

// With libc's restorer if there is one, as another action has it.
static int install_raw(unsigned flags, way_function *function) {
    struct kernels old;
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, &old, sizeof old.mask);
    struct kernels action = {function, flags | (old.flags & 0x04000000), old.restorer, 0};
    before.sa_sigaction = old.handler;
    return syscall(SYS_rt_sigaction, SIGSEGV, &action, NULL, sizeof action.mask) == 0 ? 0 : errno;
}

int host_install(const char *name, unsigned flags, int raw) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    if (flags & SA_SIGINFO) {
        action.sa_sigaction = handler;
    } else {
        action.sa_handler = plain_handler;
    }
    action.sa_flags = (int)flags;
    if (host_does(name) != 0) {
        return EINVAL;
    }
    if (!raw) {
        return sigaction(fault_signal, &action, &before) == 0 ? 0 : errno;
    }
    return install_raw(flags | SA_SIGINFO, handler);
}

int host_install_in_front(void) { return install_raw(SA_SIGINFO | SA_ONSTACK, front); }

int host_is_in_front(void) {
    struct kernels now;
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, &now, sizeof now.mask);
    return now.handler == front;
}

int host_calls(void) { return calls; }

static NOINLINE void fault_once(void) {
    if (fault_signal == SIGFPE) {
        divide(0, NULL, NULL);
    } else if (fault_signal == SIGTRAP) {
        machine_trap();
    } else if (way == repair) {
        mprotect((void *)page, 4096, PROT_NONE);
        write_page(page);
    } else {
        write_null();
    }
}

int host_fault(int n) {
    if (page == NULL) {
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    for (volatile int i = 0; i < n; i++) {
        if (way != jump && way != dfl_jump) {
            fault_once();
        } else if (sigsetjmp(back, 1) == 0) {
            fault_once();
        }
    }
    return 0;
}

static void *run(void *n) {
    host_fault((int)(intptr_t)n);
    if (page != NULL) {
        munmap((void *)page, 4096);
    }
    return NULL;
}

int host_fault_on_threads(int count, int n) {
    pthread_t thread[64];
    for (int i = 0; i < count; i++) {
        int error = pthread_create(&thread[i], NULL, run, (void *)(intptr_t)n);
        if (error != 0) {
            return error;
        }
    }
    for (int i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
    }
    return 0;
}
