#include "hosts.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "machine.h"

struct host_seen host_seen;
static int *page;
static sigjmp_buf back;

static void see(int signal, siginfo_t *info, void *context) {
    host_seen.calls++;
    host_seen.signal = signal;
    host_seen.code = info->si_code;
    host_seen.frame = (uintptr_t)context;
    host_seen.address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
}

// What most of them do.
static void host_log(int signal, siginfo_t *info, void *context) {
    char line[] = "host: signal 00, code 0x00, address 0x0000000000000000\n";
    see(signal, info, context);
    line[13] = (char)('0' + signal / 10 % 10);
    line[14] = (char)('0' + signal % 10);
    for (int i = 0; i < 2; i++) {
        line[24 + 1 - i] = "0123456789abcdef"[(unsigned)host_seen.code >> 4 * i & 15];
    }
    for (int i = 0; i < 16; i++) {
        line[38 + 15 - i] = "0123456789abcdef"[host_seen.address >> 4 * i & 15];
    }
    if (write(2, line, sizeof line - 1) < 0) {
        _exit(1);
    }
}

// Returns from the function that faulted, which has no frame.
static void host_skip(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    machine_return(context);
}

static void host_repair(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

// While the program goes on to something else.
static void host_repair_late(int signal, siginfo_t *info, void *context) {
    struct timespec rest = {.tv_nsec = 700 * 1000 * 1000};
    see(signal, info, context);
    while (nanosleep(&rest, &rest) != 0) {
    }
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void host_jump(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    siglongjmp(back, 1);
}

static void host_end_thread(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    syscall(SYS_exit, 0);
}

static void host_hang(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    for (volatile int forever = 1; forever;) {
    }
}

static void host_malloc(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    void *volatile p = malloc(17);
    free(p);
}

// What well-behaved libraries do that come later: the one before gets its turn.
static struct sigaction before;

static void host_forward(int signal, siginfo_t *info, void *context) {
    see(signal, info, context);
    before.sa_sigaction(signal, info, context);
}

// What programs do that want a core dump.
static void host_default(int signal, siginfo_t *info, void *context) {
    struct sigaction action;
    host_log(signal, info, context);
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, NULL);
}

int host_install(const char *name, int signal) {
    static const struct {
        const char *name;
        void (*handler)(int, siginfo_t *, void *);
    } handlers[] = {
        {"log", host_log},       {"skip", host_skip},
        {"repair", host_repair}, {"jump", host_jump},
        {"end", host_end_thread}, {"hang", host_hang},
        {"malloc", host_malloc}, {"default", host_default},
        {"forward", host_forward}, {"repair_late", host_repair_late},
    };
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strcmp(handlers[i].name, name) == 0) {
            action.sa_sigaction = handlers[i].handler;
            if (handlers[i].handler == host_malloc) { // with the signal mask of the core's handler
                const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
                action.sa_flags |= SA_NODEFER;
                memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
                for (size_t j = 0; j < sizeof open / sizeof open[0]; j++) {
                    sigdelset(&action.sa_mask, open[j]);
                }
            }
            return sigaction(signal, &action, &before);
        }
    }
    return -1;
}

int *host_page(void) {
    if (page == NULL) {
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    mprotect(page, 4096, PROT_NONE);
    return page;
}

int host_guarded(victim_function crash) {
    if (sigsetjmp(back, 1) != 0) {
        return 1;
    }
    victim_call(crash);
    return 0;
}
