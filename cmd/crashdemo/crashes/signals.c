//go:build linux && cgo

// Signals that somebody sent or blocked, and the one that a sandbox makes of a system call.
#include "crash.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The kernel kills a thread that faults with the signal blocked: no handler is ever asked.
CRASH_FN void crash_blocked(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    volatile int *p = crash_hide(NULL);
    *p = 1;
}

CRASH_FN void crash_raise(void) {
    raise(SIGSEGV);
    CRASH_KEEP_FRAME();
}

// To the process, not to this thread: the kernel gives it to whichever thread does not block it, the main one first, so
// that the wait is needed.
CRASH_FN void crash_kill_self(void) {
    struct timespec patience = {.tv_sec = 1, .tv_nsec = 0};
    kill(getpid(), SIGSEGV);
    nanosleep(&patience, NULL);
    CRASH_KEEP_FRAME();
}

// The filter is this thread's alone and traps one system call that neither Go nor a C library makes. With these
// arguments the call only asks, should the filter not be there.
CRASH_FN void crash_seccomp(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 || prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program) != 0) {
        crash_unavailable("this system allows no seccomp filter");
    }
    crash_sink = (int)syscall(SYS_personality, 0xffffffffUL);
}
