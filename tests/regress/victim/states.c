#include "states.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

#define NOINLINE __attribute__((noinline, used))

static int *volatile bad = (int *)8;

NOINLINE void state_null(void) {
    *(volatile int *)bad = 1;
}

static NOINLINE void deep_one(unsigned left, unsigned random);
static NOINLINE void deep_two(unsigned left, unsigned random);

// In no regular order, or the report would say only how often it repeats.
static inline void deeper(unsigned left, unsigned random) {
    if (left == 0) {
        state_null();
    }
    random = random * 1103515245u + 12345u;
    if (random >> 31) {
        deep_one(left - 1, random);
    } else {
        deep_two(left - 1, random);
    }
    __asm__ volatile("");
}

static void deep_one(unsigned left, unsigned random) {
    deeper(left, random);
}

static void deep_two(unsigned left, unsigned random) {
    deeper(left, random);
}

void state_deep(void) {
    deeper(400, 1);
}

NOINLINE void state_no_fs(void) {
    machine_lose_thread_pointer();
    *(volatile int *)bad = 1;
}

NOINLINE void state_pending_abort(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    raise(SIGABRT);
    *(volatile int *)bad = 1;
}

// In assembly, since no compiler promises a tail call.
__asm__(".globl state_tail_null\n"
        ".type state_tail_null, %function\n"
        "state_tail_null:\n"
        "    .cfi_startproc\n"
        MACHINE_TAIL_CALL_NULL
        "    .cfi_endproc\n"
        ".size state_tail_null, .-state_tail_null\n");

extern char __ehdr_start[];

// As programs do that move their text to huge pages, and packers.
NOINLINE void state_remap(void) {
    char *first = __ehdr_start;
    char *copy = malloc(4096);
    memcpy(copy, first, 4096);
    if (mmap(first, 4096, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == first) {
        memcpy(first, copy, 4096);
        mprotect(first, 4096, PROT_READ);
        *(volatile int *)bad = 1;
    }
}

// Of the calling thread only: what the threads of Go's runtime make of a call
// that is refused is not the question.
NOINLINE void state_trap(int number) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        perror("seccomp");
        _exit(1);
    }
    *(volatile int *)bad = 1;
}

void state_kill_self(int signal) {
    kill(getpid(), signal);
}
