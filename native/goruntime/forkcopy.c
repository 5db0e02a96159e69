/* A copy of the process, made by a bare fork when Go has died, in which the goroutine that
 * died goes on in a Go function: there it formats the value of a panic. */
#include "forkcopy.h"
#include "goside.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../unwind/gostack.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../record/box.h"
#include "../signals/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

/* A fork copies page tables, which nothing can interrupt: for each GiB in small pages
 * that has taken 20 to 60 ms in a virtual machine, in huge ones 0.5 ms. */
#define LARGEST_KIB ((uint64_t)8 << 20)

/* Address space that the copy may add.  Go's heap grows by 64 MiB of it. */
#define ROOM ((uint64_t)256 << 20)

/* The copy's own alarm, should the process be gone before it kills it. */
#define OVERTIME (100 * EPI_MS)

/* A copy that was killed gets so long to be gone.  Else whoever inherits the children
 * of this process, init or a supervisor, has one to wait for that it knows nothing of. */
#define FUNERAL (100 * EPI_MS)

#ifndef SYS_close_range /* old headers */
#define SYS_close_range 436
#endif

struct epi_forkcopy_area *epi_forkcopy_prepare(uintptr_t entry)
{
    struct epi_forkcopy *forkcopy = &epi_goside.forkcopy;
    if (forkcopy->area == NULL) {
        struct epi_forkcopy_area *area = mmap(NULL, sizeof *area, PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            return NULL;
        forkcopy->entry = entry;
        forkcopy->area = area;
    }
    return forkcopy->area;
}

/* The function at the PC has no frame, so the stack is that of its caller, as a
 * call of another function would find it. */
EPI_SAFE bool epi_forkcopy_fits(const ucontext_t *uc)
{
    uintptr_t pc = epi_arch_pc(uc);
    const struct epi_goruntime *go = epi_go_at(epi_program.go, pc);
    struct epi_func function;
    struct epi_spdelta delta;
    return epi_goside.forkcopy.area != NULL && epi_go_text(go, pc) && go->tables &&
           epi_pclntab_find(go, pc, &function) &&
           epi_streq(epi_pclntab_function(go, &function), "runtime.raise") &&
           epi_pclntab_spdelta(go, &function, pc, &delta) && delta.bytes == 0;
}

/* What is mapped, what of that is in memory, and what of that in turn is a file's or
 * shared with others; in KiB.  False when /proc does not tell. */
static EPI_SAFE bool read_sizes(uint64_t *mapped, uint64_t *resident, uint64_t *shared)
{
    char text[96];
    uint64_t *sizes[] = {mapped, resident, shared};
    long fd = epi_fd_open(AT_FDCWD, "/proc/self/statm", O_RDONLY, 0);
    if (fd < 0)
        return false;
    long size = epi_syscall6(SYS_read, fd, (long)text, sizeof text, 0, 0, 0), at = 0;
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    for (size_t i = 0; i < EPI_COUNT(sizes); i++) {
        uint64_t pages = 0;
        for (; at < size && text[at] >= '0' && text[at] <= '9'; at++)
            pages = pages * 10 + (uint64_t)(text[at] - '0');
        *sizes[i] = pages * 4;
        at++; /* a space */
    }
    return *mapped > 0;
}

/* Of files and of shared memory a fork copies no page tables (mm/memory.c,
 * vma_needs_copy), and a database may have mapped a lot.  The peak that getrusage
 * knows counts both, and what the program had that made this process and called
 * exec (fs/exec.c, exec_mmap): it is asked only where there is no /proc. */
static EPI_SAFE bool too_large(void)
{
    uint64_t mapped, resident, shared;
    struct rusage usage;
    if (read_sizes(&mapped, &resident, &shared))
        return resident > shared && resident - shared > LARGEST_KIB;
    epi_zero(&usage, sizeof usage);
    epi_syscall6(SYS_getrusage, RUSAGE_SELF, (long)&usage, 0, 0, 0, 0);
    return (uint64_t)usage.ru_maxrss > LARGEST_KIB;
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
        const struct epi_sigaction *go = epi_action_next(panics[i]);
        if (go->handler == epi_actions.go.handler && go->handler != 0)
            epi_sigaction(panics[i], go, NULL);
    }
}

/* More are not closed one by one, which takes some ms. */
#define MANY_FILES 65536

/* What the copy does must not reach anybody: neither standard error, nor what a
 * method of the value might write to.  Nothing is shut down by that: the process
 * still has all of it. */
static EPI_SAFE void close_all(void)
{
    if (epi_syscall6(SYS_close_range, 0, (long)~0u, 0, 0, 0, 0) == 0)
        return;
    /* Before Linux 5.9, or where a filter does not know the call.  The core's own have
    * high numbers, and only the core writes to them. */
    struct rlimit limit = {.rlim_cur = MANY_FILES, .rlim_max = MANY_FILES};
    epi_syscall6(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
    for (uint64_t fd = 0; fd < limit.rlim_cur && fd < MANY_FILES; fd++)
        epi_syscall6(SYS_close, (long)fd, 0, 0, 0, 0, 0);
    epi_syscall6(SYS_close, epi_goside.crash_output.file.fd, 0, 0, 0, 0, 0);
}

/* A method of the value may run wild; that must not take the memory of others. */
static EPI_SAFE void limit_memory(void)
{
    uint64_t mapped, resident, shared;
    if (!read_sizes(&mapped, &resident, &shared))
        return;
    uint64_t most = mapped * 1024 + ROOM;
    struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    epi_syscall6(SYS_prlimit64, 0, RLIMIT_AS, (long)&limit, 0, 0, 0);
}

/* Copy and process are of one size, and where there is no memory left for both the
 * kernel may end either (mm/oom_kill.c, oom_badness). */
static EPI_SAFE void offer_to_oom_killer(void)
{
    long fd = epi_syscall6(SYS_openat, AT_FDCWD, (long)"/proc/self/oom_score_adj",
                           O_WRONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return;
    epi_syscall6(SYS_write, fd, (long)"1000", 4, 0, 0, 0);
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
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
    epi_box_after_fork(); /* a method of the value may leave a breadcrumb */
    reset_signals();
    epi_syscall6(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0, 0, 0);
    close_all();
    limit_memory();
    offer_to_oom_killer();
    /* No core dump; last, because /proc belongs to root then. */
    epi_syscall6(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
    epi_zero(&uc->uc_sigmask, sizeof(uint64_t));
    epi_arch_set_pc(uc, epi_goside.forkcopy.entry);
    epi_arch_sigreturn(uc);
}

static EPI_SAFE enum epi_forkcopy_answer answer(void)
{
    return (enum epi_forkcopy_answer)__atomic_load_n(&epi_goside.forkcopy.area->answer,
                                                    __ATOMIC_SEQ_CST);
}

/* The copy is no child that the program's wait() could come across, and its end no
 * SIGCHLD: its exit signal is none.  True when it has ended; where a filter refuses the
 * call that is not known. */
static EPI_SAFE bool ended(long pid)
{
    long result = epi_syscall6(SYS_wait4, pid, 0, __WALL | WNOHANG, 0, 0, 0);
    return result == pid || result == -ECHILD;
}

EPI_SAFE void epi_forkcopy_end(void)
{
    int pid = epi_goside.forkcopy.pid;
    if (pid == 0)
        return;
    epi_syscall6(SYS_kill, pid, SIGKILL, 0, 0, 0, 0);
    uint64_t until = epi_now() + FUNERAL, pause = EPI_MS / 32;
    bool gone = ended(pid);
    for (; !gone && epi_now() < until; gone = ended(pid))
        epi_pause_longer(&pause, EPI_MS);
    if (gone)
        epi_goside.forkcopy.pid = 0;
}

/* How long the copy has waited for a processor so far, in ns: the second number of
 * /proc/PID/schedstat (kernel/sched/stats.h, run_delay).  0 where the kernel does not
 * tell. */
static EPI_SAFE uint64_t time_in_queue(long pid)
{
    char path[48] = "/proc/", digits[20], text[64];
    size_t at = sizeof "/proc/" - 1;
    const char *first = epi_decimal(digits + sizeof digits, (uint64_t)pid);
    size_t count = (size_t)(digits + sizeof digits - first);
    epi_copy(path + at, first, count);
    epi_copy(path + at + count, "/schedstat", sizeof "/schedstat");
    long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0)
        return 0;
    long size = epi_syscall6(SYS_read, fd, (long)text, sizeof text, 0, 0, 0);
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    long i = 0;
    uint64_t waited = 0;
    while (i < size && text[i] != ' ')
        i++;
    for (i++; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        waited = waited * 10 + (uint64_t)(text[i] - '0');
    return waited;
}

/* On a machine with too much to do the copy stands in the queue while its time goes by. */
static EPI_SAFE bool over(long pid, uint64_t end, uint64_t latest)
{
    uint64_t now = epi_now();
    return now >= latest || (now >= end && now >= end + time_in_queue(pid));
}

/* The helper may jump out of the stage as soon as there is a copy, so the kernel has to
 * write down which one that is. */
static EPI_SAFE long clone_process(void)
{
    return epi_syscall6(SYS_clone, CLONE_PARENT_SETTID, 0, (long)&epi_goside.forkcopy.pid, 0, 0,
                        0);
}

EPI_SAFE struct epi_forkcopy_result epi_forkcopy_ask(ucontext_t *uc, enum epi_forkcopy_task task,
                                                     uint64_t end, uint64_t latest)
{
    struct epi_forkcopy_area *area = epi_goside.forkcopy.area;
    struct epi_forkcopy_result result = {EPI_FORKCOPY_NONE, 0, false, false};
    if (too_large()) {
        result.too_large = true;
        return result;
    }
    area->task = task;
    __atomic_store_n(&area->answer, EPI_FORKCOPY_NONE, __ATOMIC_SEQ_CST);
    long pid = clone_process();
    if (pid == 0)
        go_on(uc, latest);
    if (pid < 0) {
        result.error = (int)-pid;
        return result;
    }
#ifdef EPI_TEST
    while (epi_streq(epi_incidents.trouble_stage, "copy"))
        epi_syscall6(SYS_ppoll, 0, 0, 0, 0, 0, 0);
#endif
    uint64_t pause = EPI_MS / 32;
    while (answer() == EPI_FORKCOPY_NONE && !result.ended && !over(pid, end, latest)) {
        epi_pause_longer(&pause, EPI_MS);
        result.ended = ended(pid);
    }
    if (result.ended)
        epi_goside.forkcopy.pid = 0;
    epi_forkcopy_end();
    result.answer = answer();
    return result;
}
