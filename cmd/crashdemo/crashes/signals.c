//go:build linux && cgo

// Signals that are sent or blocked, and the one that a sandbox makes of a system call.
#include "crash.h"

#include <stdint.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The kernel kills a thread that faults with the signal blocked: no handler is ever asked.
// By the system call itself, since of libc's functions Epitaph leaves faults open.
CRASH_FN void crash_blocked(void) {
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
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

// What linux/filter.h and linux/seccomp.h define: the compiler wrapper of musl does not find the kernel's headers.
struct bpf_instruction {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t operand;
};

struct bpf_program {
    unsigned short length;
    struct bpf_instruction *instructions;
};

enum {
    BPF_LOAD_WORD = 0x20,
    BPF_JUMP_IF_EQUAL = 0x15,
    BPF_RETURN = 0x06,
    OFFSET_OF_CALL_NUMBER = 0, // in struct seccomp_data
    MODE_FILTER = 2,
};

static const uint32_t filter_trap = 0x00030000;
static const uint32_t filter_allow = 0x7fff0000;

// The filter is this thread's alone and traps one system call that neither Go nor a C library makes. With these
// arguments the call only asks, should the filter not be there.
CRASH_FN void crash_seccomp(void) {
    struct bpf_instruction filter[] = {
        {BPF_LOAD_WORD, 0, 0, OFFSET_OF_CALL_NUMBER},
        {BPF_JUMP_IF_EQUAL, 0, 1, SYS_personality},
        {BPF_RETURN, 0, 0, filter_trap},
        {BPF_RETURN, 0, 0, filter_allow},
    };
    struct bpf_program program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 || prctl(PR_SET_SECCOMP, (long)MODE_FILTER, &program) != 0) {
        crash_unavailable("this system allows no seccomp filter");
    }
    crash_sink = (int)syscall(SYS_personality, 0xffffffffUL);
}
