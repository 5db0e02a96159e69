/* Traps and single steps on arm64: brk, and a tracer, for a process cannot ask the processor for
 * single steps of its own.  The tracer is a process that shares this one's memory and handlers: it
 * has the kernel step the thread, and walks its stack in between from the registers that ptrace
 * tells.  A signal's handler is not stepped through, as on amd64, where the kernel clears
 * the trap flag for it. */
#include "capture.h"

#include "base/system.h"
#include "unwind/pclntab.h"
#include "memory/peek.h"

#include <elf.h>
#include <asm/ptrace.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

extern const char capture_trap_here[];

EPI_NOINLINE void capture_leaf(void)
{
    __asm__ volatile(".globl capture_trap_here\n"
                     "capture_trap_here: brk #0" ::: "memory");
}

void capture_trap(ucontext_t *uc)
{
    if (epi_arch_pc(uc) != (uintptr_t)capture_trap_here)
        return;
    epi_arch_set_pc(uc, epi_arch_pc(uc) + EPI_INSTRUCTION_LONGEST);
    capture_walk_here(uc);
}

/* The tracer may not use libc: errno is the traced thread's. */
static char tracer_stack[256 << 10] __attribute__((aligned(16)));
static pid_t tracer;
static volatile pid_t stepped;
static volatile int tracing; /* 0 before and after; 1: steps; -errno */

static long trace(long request, long address, long data)
{
    return epi_syscall6(SYS_ptrace, request, stepped, address, data, 0, 0);
}

/* Goes on as REQUEST says, with signal SIG; the status of the next stop, or -1 for an end. */
static int next_stop(long request, int sig)
{
    int status = 0;
    if (trace(request, 0, sig) != 0 ||
        epi_syscall6(SYS_wait4, stepped, (long)&status, __WALL, 0, 0, 0) != stepped ||
        !WIFSTOPPED(status))
        return -1;
    return status;
}

static void read_registers(ucontext_t *uc)
{
    struct user_regs_struct registers;
    struct iovec into = {&registers, sizeof registers};
    trace(PTRACE_GETREGSET, NT_PRSTATUS, (long)&into);
    epi_copy(uc->uc_mcontext.regs, registers.regs, sizeof registers.regs);
    uc->uc_mcontext.sp = registers.sp;
    uc->uc_mcontext.pc = registers.pc;
}

/* The entry of a function of the runtime's, found when PC is there. */
static bool enters(uintptr_t pc, const char *name, uintptr_t *entry)
{
    struct epi_func func;
    if (*entry == 0 && epi_pclntab_find(&capture_go, pc, &func) &&
        pc == capture_go.text.start + func.entry &&
        epi_streq(epi_pclntab_function(&capture_go, &func), name))
        *entry = pc;
    return *entry == pc;
}

/* Is FUNCTION, a func value, runtime.recovery? */
static bool calls_recovery(uintptr_t function)
{
    struct epi_func func;
    uint64_t pc;
    return epi_peek64(&pc, function) && epi_pclntab_find(&capture_go, pc, &func) &&
           epi_streq(epi_pclntab_function(&capture_go, &func), "runtime.recovery");
}

/* Does the thread leave its goroutine's stack?  Then the scheduler runs, or the stack is copied,
 * until that goroutine, which is locked to the thread, goes on: where mcall was called, or where
 * the function begins that called morestack.  0: it does not. */
static uintptr_t leaves_for(const ucontext_t *uc)
{
    static uintptr_t mcall, morestack, newstack, again;
    uintptr_t pc = uc->uc_mcontext.pc, lr = uc->uc_mcontext.regs[30];
    if (enters(pc, "runtime.morestack", &morestack))
        again = lr;
    if (enters(pc, "runtime.newstack", &newstack))
        return again;
    if (!enters(pc, "runtime.mcall", &mcall))
        return 0;
    /* A recovered panic goes on somewhere else. */
    return calls_recovery(uc->uc_mcontext.regs[0]) ? 0 : lr;
}

/* Sets the first of the thread's own breakpoints of the processor, or clears it. */
static long break_at(uintptr_t pc)
{
    enum { EXECUTE_IN_USER_SPACE = 0x1e5 };
    struct user_hwdebug_state state;
    struct iovec into = {&state, offsetof(struct user_hwdebug_state, dbg_regs[1])};
    epi_zero(&state, sizeof state);
    state.dbg_regs[0].addr = pc;
    state.dbg_regs[0].ctrl = pc == 0 ? 0 : EXECUTE_IN_USER_SPACE;
    return trace(PTRACE_SETREGSET, NT_ARM_HW_BREAK, (long)&into);
}

/* Lets the thread run on to there, through the handlers of the signals that come. */
static int run_to_breakpoint(void)
{
    int sig = 0, status;
    do {
        status = next_stop(PTRACE_CONT, sig);
        sig = status < 0 ? SIGTRAP : WSTOPSIG(status);
    } while (sig != SIGTRAP);
    break_at(0);
    return status;
}

/* Has the thread handle a signal, to the end of the handler's sigreturn, and signals that come
 * meanwhile. */
static int handle(int sig)
{
    static ucontext_t uc;
    for (;;) {
        int status = next_stop(PTRACE_SYSCALL, sig);
        if (status < 0)
            return status;
        sig = WSTOPSIG(status);
        if (sig != (SIGTRAP | 0x80))
            continue;
        sig = 0;
        read_registers(&uc);
        if (uc.uc_mcontext.regs[8] == SYS_rt_sigreturn)
            return next_stop(PTRACE_SYSCALL, 0);
    }
}

/* The first instruction of glibc's _dl_runtime_resolve, whose CFI begins with the second. */
static bool without_cfi(const ucontext_t *uc)
{
    enum { NOP = 0xd503201f, STP_X8_X9 = 0xa9b327e8 };
    uint32_t code[2];
    return epi_peek(code, uc->uc_mcontext.pc, sizeof code) && code[0] == NOP &&
           code[1] == STP_X8_X9;
}

static int run_tracer(void *unused)
{
    static ucontext_t uc;
    int status = 0;
    const uint64_t blocked = ~(UINT64_C(1) << (SIGSEGV - 1));
    (void)unused;
    /* Each stop of the thread sends SIGCHLD, for which Go's handler wants a stack of Go's.  A walk
     * may read what is not there. */
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&blocked, 0, sizeof blocked, 0, 0);
    long error = trace(PTRACE_SEIZE, 0, PTRACE_O_TRACESYSGOOD);
    if (error == 0)
        error = trace(PTRACE_INTERRUPT, 0, 0);
    if (error == 0)
        epi_syscall6(SYS_wait4, stepped, (long)&status, __WALL, 0, 0, 0);
    tracing = error == 0 ? 1 : (int)error;
    while (tracing == 1 && status >= 0) {
        status = next_stop(PTRACE_SINGLESTEP, 0);
        if (status < 0)
            break;
        if (WSTOPSIG(status) != SIGTRAP) {
            status = handle(WSTOPSIG(status));
        } else if (tracing == 1) {
            read_registers(&uc);
            if (!without_cfi(&uc))
                capture_step(&uc);
            uintptr_t back = leaves_for(&uc);
            if (back != 0 && break_at(back) == 0) {
                status = run_to_breakpoint();
                read_registers(&uc);
                capture_step(&uc);
            }
        }
    }
    trace(PTRACE_DETACH, 0, 0);
    epi_syscall6(SYS_exit, 0, 0, 0, 0, 0, 0);
    return 0;
}

EPI_NOINLINE int capture_steps_on(void)
{
    stepped = (pid_t)syscall(SYS_gettid);
    tracing = 0;
    tracer = clone(run_tracer, tracer_stack + sizeof tracer_stack,
                   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, NULL);
    if (tracer < 0)
        return errno;
    while (tracing == 0) {
    }
    return tracing < 0 ? -tracing : 0;
}

EPI_NOINLINE void capture_steps_off(void)
{
    tracing = 0;
    while (waitpid(tracer, NULL, __WALL) < 0 && errno == EINTR) {
    }
}

/* What a compiler may do when it aligns the stack: the CFA hangs on a register
 * that crosscall2 has to have kept. */
__asm__(".macro capture_by reg next\n"
        "    .type capture_by_\\reg, %function\n"
        "capture_by_\\reg:\n"
        "    .cfi_startproc\n"
        "    stp \\reg, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset \\reg, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov \\reg, sp\n"
        "    .cfi_def_cfa_register \\reg\n"
        "    sub x9, sp, #80\n"
        "    and sp, x9, #-64\n"
        "    bl \\next\n"
        "    mov sp, \\reg\n"
        "    .cfi_def_cfa_register sp\n"
        "    ldp \\reg, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore \\reg\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size capture_by_\\reg, . - capture_by_\\reg\n"
        ".endm\n"
        ".text\n"
        "capture_by x19, capture_by_x21\n"
        "capture_by x21, capture_by_x24\n"
        "capture_by x24, capture_by_x27\n"
        "capture_by x27, capture_by_x28\n"
        "capture_by x28, capture_call_go\n");

capture_function capture_by_x19, capture_by_x21, capture_by_x24, capture_by_x27, capture_by_x28;
capture_function *const capture_by[] = {capture_by_x28, capture_by_x27, capture_by_x24,
                                        capture_by_x21, capture_by_x19};
