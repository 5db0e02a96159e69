/* One load instruction at a known address, whose fault our own handler skips.
 *
 * Rejected: process_vm_readv and /proc/self/mem (forbidden by common seccomp
 * profiles, 400-700 ns), a probe by rt_sigprocmask or write (150-800 ns, and
 * another thread may unmap between probe and load), setjmp around each load.
 * This costs about 2 ns when the memory is there and 2 us when it is not.
 *
 * Only two go by process_vm_readv: a dump in a healthy process, while the program has
 * put a handler of its own in front of ours, which would take such a fault for one of
 * the program's; and all of a process under a debugger, which stops at each fault. */
#include "peek.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <fcntl.h>
#include <sys/uio.h>

static _Atomic bool by_call; /* faults do not come to us */
static _Atomic bool traced;

static EPI_SAFE EPI_NOINLINE bool load_by_call(void *to, uintptr_t from, size_t n)
{
    struct iovec here = {to, n}, there = {(void *)from, n};
    return epi_syscall6(SYS_process_vm_readv, epi_getpid(), (long)&here, 1, (long)&there, 1,
                        0) == (long)n;
}

static EPI_SAFE EPI_NOINLINE bool load_word_by_call(uint64_t *to, uintptr_t from)
{
    return load_by_call(to, from, sizeof *to);
}

EPI_SAFE bool epi_peek(void *to, uintptr_t from, size_t n)
{
    if (from + n < from)
        return false;
    if (by_call)
        return load_by_call(to, from, n);
    return epi_arch_load(to, from, n) == 0;
}

EPI_SAFE EPI_ON_FAULT bool epi_peek64(uint64_t *to, uintptr_t from)
{
    if (__builtin_expect(atomic_load_explicit(&by_call, memory_order_relaxed), 0))
        return load_word_by_call(to, from);
    return epi_arch_load8(to, from) == 0;
}

EPI_SAFE bool epi_peek32(uint32_t *to, uintptr_t from)
{
    return epi_peek(to, from, sizeof *to);
}

EPI_SAFE bool epi_peek8(uint8_t *to, uintptr_t from)
{
    return epi_peek(to, from, 1);
}

EPI_SAFE bool epi_peek_use_calls(void)
{
    char from = 1, to = 0;
    by_call = load_by_call(&to, (uintptr_t)&from, 1) && to == from;
    return by_call;
}

EPI_SAFE bool epi_peek_writable(uintptr_t address)
{
    return epi_arch_touch(address) == 0;
}

EPI_SAFE bool epi_peek_string(char *to, size_t size, uintptr_t from)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte;
        if (!epi_peek8(&byte, from + i)) {
            to[i] = '\0';
            return false;
        }
        to[i] = (char)byte;
        if (byte == '\0')
            return true;
    }
    if (size > 0)
        to[size - 1] = '\0';
    return false;
}

EPI_SAFE EPI_ON_FAULT bool epi_peek_fixup(const siginfo_t *info, ucontext_t *uc)
{
    uintptr_t pc = epi_arch_pc(uc);
    if (info->si_code <= 0 || pc < (uintptr_t)epi_arch_load_begin || pc >= (uintptr_t)epi_arch_load_end)
        return false;
    epi_arch_set_pc(uc, (uintptr_t)epi_arch_load_failed);
    return true;
}

EPI_SAFE bool epi_peek_uses_calls(void)
{
    return by_call;
}

EPI_SAFE void epi_peek_use_loads(void)
{
    by_call = traced;
}

/* The number behind "TracerPid:", within the first lines (proc_pid_status). */
static EPI_SAFE bool has_tracer(void)
{
    static const char key[] = "\nTracerPid:\t";
    char text[512];
    long fd = epi_fd_open(AT_FDCWD, "/proc/thread-self/status", O_RDONLY, 0);
    if (fd < 0)
        return false;
    long size = epi_syscall6(SYS_read, fd, (long)text, sizeof text, 0, 0, 0);
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    for (long i = 0; i + (long)sizeof key <= size; i++)
        if (epi_equal(text + i, key, sizeof key - 1))
            return text[i + (long)sizeof key - 1] != '0';
    return false;
}

EPI_SAFE void epi_peek_mind_tracer(void)
{
    bool there = has_tracer();
    if (there && !traced)
        there = epi_peek_use_calls();
    traced = there; /* gone: whoever uses loads next ends the calls */
}
