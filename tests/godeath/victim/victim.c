#define _GNU_SOURCE

#include "victim.h"

#include "_cgo_export.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

__attribute__((noinline)) void *victim_sleeps(void *tid)
{
    *(_Atomic int *)tid = (int)syscall(SYS_gettid);
    for (;;)
        pause();
    return NULL;
}

int victim_sleeper(void)
{
    static _Atomic int tid;
    pthread_t thread;
    pthread_create(&thread, NULL, victim_sleeps, (void *)&tid);
    while (tid == 0)
        sched_yield();
    return tid;
}

static void *calls_go(void *unused)
{
    victimPanics();
    return unused;
}

void victim_callback(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, calls_go, NULL);
    pthread_join(thread, NULL);
}

__attribute__((noinline)) void victim_null(void)
{
    *(volatile int *)8 = 1;
}

static void *crashes(void *unused)
{
    victim_null();
    return unused;
}

void victim_null_on_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, crashes, NULL);
    pthread_join(thread, NULL);
}

static void *crashes_later(void *unused)
{
    usleep(300 * 1000);
    victim_null();
    return unused;
}

void victim_null_later(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, crashes_later, NULL);
}

static void filter_calls(struct sock_filter *filter, unsigned short count)
{
    struct sock_fprog program = {count, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        perror("seccomp");
        _exit(1);
    }
}

void victim_refuse_fork(bool kill)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, kill ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    filter_calls(filter, sizeof filter / sizeof *filter);
}

void victim_refuse(int call, int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    filter_calls(filter, sizeof filter / sizeof *filter);
}

static ucontext_t caller, coroutine;

void victim_coroutine(void)
{
    size_t size = 256 * 1024;
    getcontext(&coroutine);
    /* Below all stacks of threads: the runtime finds that this one has no room left. */
    coroutine.uc_stack.ss_sp =
        mmap((void *)0x7000000000, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    coroutine.uc_stack.ss_size = size;
    coroutine.uc_link = &caller;
    makecontext(&coroutine, victimGrows, 0);
    swapcontext(&caller, &coroutine);
}
