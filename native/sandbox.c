#include "sandbox.h"

#include "pclntab.h"
#include "state.h"
#include "system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

/* A fork copies page tables, which nothing can interrupt: for each GiB in small pages
 * that has taken 20 to 60 ms in a virtual machine, in huge ones 0.5 ms. */
#define LARGEST_KIB ((long)8 << 20)

/* Address space that the copy may add.  Go's heap grows by 64 MiB of it. */
#define ROOM ((uint64_t)256 << 20)

/* The copy's own alarm, should the process be gone before it kills it. */
#define OVERTIME (100 * EPI_MS)

#ifndef SYS_close_range /* old headers */
#define SYS_close_range 436
#endif

struct epi_sandbox_area *epi_sandbox_prepare(uintptr_t entry)
{
    struct epi_sandbox *sandbox = &epi_state.sandbox;
    if (sandbox->area == NULL) {
        struct epi_sandbox_area *area = mmap(NULL, sizeof *area, PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            return NULL;
        sandbox->entry = entry;
        sandbox->area = area;
    }
    return sandbox->area;
}

/* The function at the PC has no frame, so the stack is that of its caller, as a
 * call of another function would find it. */
EPI_SAFE bool epi_sandbox_fits(const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_state.go;
    struct epi_func function;
    struct epi_spdelta delta;
    uintptr_t pc = epi_arch_pc(uc);
    return epi_state.sandbox.area != NULL && epi_go_text(go, pc) && go->tables &&
           epi_pclntab_find(go, pc, &function) &&
           epi_streq(epi_pclntab_function(go, &function), "runtime.raise") &&
           epi_pclntab_spdelta(go, &function, pc, &delta) && delta.bytes == 0;
}

static EPI_SAFE bool too_large(void)
{
    struct rusage usage;
    epi_zero(&usage, sizeof usage);
    epi_syscall6(SYS_getrusage, RUSAGE_SELF, (long)&usage, 0, 0, 0, 0);
    return usage.ru_maxrss > LARGEST_KIB;
}

/* Every signal does what it does to a program that knows none, but for the faults
 * that Go makes panics of: a method of the value may have one, and recover it. */
static EPI_SAFE void reset_signals(void)
{
    struct epi_sigaction action;
    epi_zero(&action, sizeof action);
    for (int signal = 1; signal <= EPI_SIGNALS; signal++)
        if (signal != SIGKILL && signal != SIGSTOP)
            epi_sigaction(signal, &action, NULL);
    static const int panics[] = {SIGSEGV, SIGBUS, SIGFPE};
    for (size_t i = 0; i < EPI_COUNT(panics); i++) {
        const struct epi_sigaction *go = &epi_state.previous[epi_fatal_index(panics[i])];
        if (go->handler == epi_state.go_handler && go->handler != 0)
            epi_sigaction(panics[i], go, NULL);
    }
}

/* What the copy does must not reach anybody: neither standard error, nor what a
 * method of the value might write to.  Nothing is shut down by that: the process
 * still has all of it. */
static EPI_SAFE void close_all(void)
{
    if (epi_syscall6(SYS_close_range, 0, (long)~0u, 0, 0, 0, 0) == 0)
        return;
    for (int fd = 0; fd < 3; fd++) /* before Linux 5.9 */
        epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    epi_syscall6(SYS_close, epi_state.gotext.file.fd, 0, 0, 0, 0, 0);
}

/* A method of the value may run wild; that must not take the memory of others. */
static EPI_SAFE void limit_memory(void)
{
    char text[32];
    long fd = epi_syscall6(SYS_openat, AT_FDCWD, (long)"/proc/self/statm",
                           O_RDONLY | O_CLOEXEC, 0, 0, 0);
    long size = fd < 0 ? fd : epi_syscall6(SYS_read, fd, (long)text, sizeof text, 0, 0, 0);
    uint64_t pages = 0; /* the first number is how much is mapped */
    for (long i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        pages = pages * 10 + (uint64_t)(text[i] - '0');
    struct rlimit limit = {.rlim_cur = pages * 4096 + ROOM, .rlim_max = pages * 4096 + ROOM};
    if (pages > 0)
        epi_syscall6(SYS_prlimit64, 0, RLIMIT_AS, (long)&limit, 0, 0, 0);
}

/* In the copy. */
static EPI_SAFE _Noreturn void go_on(ucontext_t *uc, uint64_t end)
{
    uint64_t now = epi_now(), left = (end > now ? end - now : 0) + OVERTIME;
    struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(left / EPI_SECOND),
                     .tv_usec = (suseconds_t)(left % EPI_SECOND / 1000)},
    };
    epi_syscall6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
    epi_syscall6(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0); /* no core dump */
    reset_signals();
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0, 0, 0);
    close_all();
    limit_memory();
    epi_zero(&uc->uc_sigmask, sizeof(uint64_t));
    epi_arch_set_pc(uc, epi_state.sandbox.entry);
    epi_arch_sigreturn(uc);
}

static EPI_SAFE enum epi_sandbox_answer answer(void)
{
    return (enum epi_sandbox_answer)__atomic_load_n(&epi_state.sandbox.area->answer,
                                                    __ATOMIC_SEQ_CST);
}

/* The copy is no child that the program's wait() could come across, and its end no
 * SIGCHLD: its exit signal is none.  True when it has ended. */
static EPI_SAFE bool ended(long pid)
{
    return epi_syscall6(SYS_wait4, pid, 0, __WALL | WNOHANG, 0, 0, 0) != 0;
}

EPI_SAFE struct epi_sandbox_result epi_sandbox_ask(ucontext_t *uc, uint64_t end)
{
    struct epi_sandbox_area *area = epi_state.sandbox.area;
    struct epi_sandbox_result result = {EPI_SANDBOX_NONE, 0, false, false};
    if (too_large()) {
        result.too_large = true;
        return result;
    }
    __atomic_store_n(&area->answer, EPI_SANDBOX_NONE, __ATOMIC_SEQ_CST);
    long pid = epi_syscall6(SYS_clone, 0, 0, 0, 0, 0, 0);
    if (pid == 0)
        go_on(uc, end);
    if (pid < 0) {
        result.error = (int)-pid;
        return result;
    }
    uint64_t pause = EPI_MS / 32;
    while (answer() == EPI_SANDBOX_NONE && !result.ended && epi_now() < end) {
        struct timespec time = epi_timespec(pause);
        epi_syscall6(SYS_ppoll, 0, 0, (long)&time, 0, 0, 0);
        if (pause < EPI_MS)
            pause *= 2;
        result.ended = ended(pid);
    }
    if (!result.ended) {
        epi_syscall6(SYS_kill, pid, SIGKILL, 0, 0, 0, 0);
        ended(pid); /* or init takes it, after this process */
    }
    result.answer = answer();
    return result;
}
