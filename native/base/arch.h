/* What differs by machine.  A header arch_MACHINE.h has the registers and what is inlined, a
 * file arch_MACHINE.c the functions that are declared here.  Nothing else asks for the machine by
 * the preprocessor: files whose names end in _MACHINE are chosen by their names. */
#ifndef EPI_ARCH_H
#define EPI_ARCH_H

#include <signal.h>
#include <ucontext.h>

#if defined(__x86_64__) && defined(__linux__)
#include "arch_amd64.h"
#elif defined(__aarch64__) && defined(__linux__)
#include "arch_arm64.h"
#else
#error "epitaph: the C core is ported to linux/amd64 and linux/arm64 only"
#endif

#define EPI_BIT(reg) ((epi_regset)1 << (reg))

struct epi_regs {
    uint64_t r[EPI_NREGS];
    epi_regset known; /* bit N: r[N] holds what the frame had in register N */
};

static inline EPI_SAFE bool epi_known(const struct epi_regs *regs, uint64_t reg)
{
    return (regs->known >> reg & 1) != 0;
}

/* Raw system call: -errno on failure.  libc's wrappers write errno, may be
 * cancellation points, and are bound lazily.  Not inlined, so that the handler
 * knows a SIGSYS of the core's own calls by the PC: to ask which thread it is on
 * would be another such call. */
EPI_SAFE long epi_syscall6(long number, long a, long b, long c, long d, long e, long f);
extern const char epi_arch_syscall_end[];

/* Own setjmp: libc's siglongjmp may abort under _FORTIFY_SOURCE when the
 * stack changed, and mangles pointers with a key from the TLS, which the
 * fault may have damaged.  Saves no signal mask: all handlers of the core run
 * with the same one, so there is none to restore. */
EPI_SAFE int epi_arch_setjmp(struct epi_jump *jump) __attribute__((returns_twice));
EPI_SAFE _Noreturn void epi_arch_longjmp(const struct epi_jump *jump, int value);

/* The caller's registers as epi_arch_setjmp kept them. */
EPI_SAFE void epi_arch_regs_from_jump(struct epi_regs *regs, const struct epi_jump *jump);

/* Calls FN(ARG) with the stack pointer at TOP and comes back to the old stack. */
EPI_SAFE void epi_arch_call_on(void *top, void (*fn)(void *), void *arg);

/* Returns from the signal handler whose frame, pushed by the kernel, UC is in. */
EPI_SAFE _Noreturn void epi_arch_sigreturn(const ucontext_t *uc);

/* The loads of peek.c: 0, or 1 when the memory could not be read.  They stand
 * between the two labels, which is how the handler knows their faults. */
EPI_SAFE int epi_arch_load8(void *to, uintptr_t from);
EPI_SAFE int epi_arch_load(void *to, uintptr_t from, size_t n);
EPI_SAFE int epi_arch_touch(uintptr_t at); /* adds zero, atomically */
extern const char epi_arch_load_begin[], epi_arch_load_end[];
extern const char epi_arch_load_failed[];

/* A register as the report shows it: its name and value, or false after the
 * last. */
EPI_SAFE bool epi_arch_shown_register(const ucontext_t *uc, unsigned i,
                                      const char **name, uint64_t *value);

/* Are the general registers, SP and PC the same in both? */
EPI_SAFE bool epi_arch_same_registers(const ucontext_t *a, const ucontext_t *b);

/* What UC interrupted goes on where FROM was, with its mask; the floating-point state stays. */
EPI_SAFE void epi_arch_go_on_at(ucontext_t *uc, const ucontext_t *from);

/* HASH with the same registers mixed in. */
EPI_SAFE uint64_t epi_arch_mix_registers(const ucontext_t *uc, uint64_t hash);

/* The words that say which floating-point exceptions trap, in one; 0 without such state. */
EPI_SAFE uint64_t epi_arch_float_control(const ucontext_t *uc);

/* si_code of the SIGSYS of seccomp, and of PR_SET_SYSCALL_USER_DISPATCH; libc headers do not
 * all have them. */
#define EPI_SYS_SECCOMP       1
#define EPI_SYS_USER_DISPATCH 2

/* What the faulting instruction did, as far as the CPU's error code tells. */
enum epi_access { EPI_ACCESS_UNKNOWN, EPI_ACCESS_READ, EPI_ACCESS_WRITE, EPI_ACCESS_EXEC };
EPI_SAFE enum epi_access epi_arch_access(const ucontext_t *uc);

/* Continues as if the function whose first instructions are at the PC had
 * returned VALUE. */
EPI_SAFE void epi_arch_return(ucontext_t *uc, uint64_t value);

/* Continues as if the system call before the PC had failed with ENOSYS. */
EPI_SAFE void epi_arch_fail_syscall(ucontext_t *uc);

/* Will the instruction at the PC raise the same signal when it runs again? */
EPI_SAFE bool epi_arch_repeats(const siginfo_t *info);

/* pthread_self(), asked of the kernel or the processor. */
EPI_SAFE uintptr_t epi_arch_thread_pointer(void);

/* Looks how far libc's thread is from the thread pointer.  For a healthy process. */
void epi_arch_learn_thread(void);

/* rt_sigaction's own structure; libc's sigaction is not for use after a fault,
 * and the restorer must be libc's, which debuggers know. */
struct epi_sigaction {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

#endif
