/* What differs by architecture, for linux/amd64.  Another architecture
 * provides the same names in a header of its own. */
#ifndef EPI_ARCH_AMD64_H
#define EPI_ARCH_AMD64_H

#include <signal.h>
#include <ucontext.h>

/* Registers are numbered as DWARF numbers them (System V psABI for x86-64,
 * figure 3.36), so that CFI needs no translation.  The return address column
 * is 16. */
enum epi_reg {
    EPI_RAX, EPI_RDX, EPI_RCX, EPI_RBX, EPI_RSI, EPI_RDI, EPI_RBP, EPI_RSP,
    EPI_R8, EPI_R9, EPI_R10, EPI_R11, EPI_R12, EPI_R13, EPI_R14, EPI_R15,
    EPI_RIP,
    EPI_NREGS
};

/* The roles that the portable code knows. */
#define EPI_REG_SP EPI_RSP
#define EPI_REG_FP EPI_RBP
#define EPI_REG_PC EPI_RIP

/* Registers that a called C function must keep (psABI 3.2.1); the others are
 * unknown in a caller's frame. */
#define EPI_CALLEE_SAVED                                                    \
    (1u << EPI_RBX | 1u << EPI_RBP | 1u << EPI_RSP | 1u << EPI_R12 |        \
     1u << EPI_R13 | 1u << EPI_R14 | 1u << EPI_R15 | 1u << EPI_RIP)

/* The psABI's red zone and the size of what a call pushes. */
#define EPI_RED_ZONE 128
#define EPI_CALL_PUSHES 8

/* User space ends here with four-level paging; five-level paging is opt-in by
 * address hint, so a PC or SP above this is never valid in practice. */
#define EPI_USER_END ((uintptr_t)1 << 47)

/* The part of a ucontext that the kernel fills in on the stack; libc's type
 * goes on with room for floating-point state that is elsewhere. */
#define EPI_CONTEXT_SIZE (offsetof(ucontext_t, uc_sigmask) + sizeof(uint64_t))

struct epi_regs {
    uint64_t r[EPI_NREGS];
    uint32_t known; /* bit N: r[N] holds what the frame had in register N */
};

/* Raw system call: -errno on failure.  libc's wrappers write errno, may be
 * cancellation points, and are bound lazily.  Not inlined, so that the handler
 * knows a SIGSYS of the core's own calls by the PC: to ask which thread it is on
 * would be another such call. */
EPI_SAFE long epi_syscall6(long number, long a, long b, long c, long d, long e, long f);
extern const char epi_arch_syscall_end[];

/* String instructions instead of loops: the compiler would turn a loop back
 * into a call of memcpy or memset. */
static inline EPI_SAFE void epi_copy(void *to, const void *from, size_t n)
{
    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(n)
                     :
                     : "memory");
}

static inline EPI_SAFE void epi_zero(void *to, size_t n)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}

/* Own setjmp: libc's siglongjmp may abort under _FORTIFY_SOURCE when the
 * stack changed, and mangles pointers with a key from the TLS, which the
 * fault may have damaged.  Saves no signal mask: all handlers of the core run
 * with the same one, so there is none to restore. */
struct epi_jump {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};
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

/* HASH with the same registers mixed in. */
EPI_SAFE uint64_t epi_arch_mix_registers(const ucontext_t *uc, uint64_t hash);

/* The words that say which floating-point exceptions trap, in one; 0 without such state. */
EPI_SAFE uint64_t epi_arch_float_control(const ucontext_t *uc);

/* si_code of the SIGSYS of seccomp; libc headers do not all have it. */
#define EPI_SYS_SECCOMP 1

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

/* pthread_self(), asked of the kernel. */
EPI_SAFE uintptr_t epi_arch_thread_pointer(void);

/* rt_sigaction's own structure; libc's sigaction is not for use after a fault,
 * and the restorer must be libc's, which debuggers know. */
struct epi_sigaction {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

static inline EPI_SAFE uintptr_t epi_arch_pc(const ucontext_t *uc)
{
    return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
}

static inline EPI_SAFE uintptr_t epi_arch_sp(const ucontext_t *uc)
{
    return (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
}

static inline EPI_SAFE void epi_arch_set_pc(ucontext_t *uc, uintptr_t pc)
{
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

static inline EPI_SAFE uintptr_t epi_arch_current_sp(void)
{
    uintptr_t sp;
    __asm__ volatile("movq %%rsp, %0" : "=r"(sp));
    return sp;
}

#endif
