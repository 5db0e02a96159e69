/* What differs by machine, for linux/amd64: registers, what a call does to them, and what is
 * short enough to be inlined.  arch.h declares the rest. */
#ifndef EPI_ARCH_AMD64_H
#define EPI_ARCH_AMD64_H

/* Registers are numbered as DWARF numbers them (System V psABI for x86-64,
 * figure 3.36), so that CFI needs no translation.  The return address column
 * is 16. */
enum epi_reg {
    EPI_RAX, EPI_RDX, EPI_RCX, EPI_RBX, EPI_RSI, EPI_RDI, EPI_RBP, EPI_RSP,
    EPI_R8, EPI_R9, EPI_R10, EPI_R11, EPI_R12, EPI_R13, EPI_R14, EPI_R15,
    EPI_RIP,
    EPI_NREGS
};

/* The roles that the portable code knows.  RA is CFI's column for the return address: a
 * call leaves it in memory only, so the column is the PC. */
#define EPI_REG_SP EPI_RSP
#define EPI_REG_FP EPI_RBP
#define EPI_REG_PC EPI_RIP
#define EPI_REG_RA EPI_RIP

typedef uint32_t epi_regset; /* a bit for each */

/* Registers that a called C function must keep (psABI 3.2.1); the others are
 * unknown in a caller's frame. */
#define EPI_CALLEE_SAVED                                                    \
    (1u << EPI_RBX | 1u << EPI_RBP | 1u << EPI_RSP | 1u << EPI_R12 |        \
     1u << EPI_R13 | 1u << EPI_R14 | 1u << EPI_R15 | 1u << EPI_RIP)

/* Those whose places a cached rule holds, in the order of their numbers. */
#define EPI_RULE_REGISTERS EPI_RBX, EPI_RBP, EPI_R12, EPI_R13, EPI_R14, EPI_R15
#define EPI_RULE_SAVED 6

/* The psABI's red zone and the size of what a call pushes. */
#define EPI_RED_ZONE 128
#define EPI_CALL_PUSHES 8

/* From a handler's CFA to its ucontext: the kernel puts that behind the return address. */
#define EPI_BEFORE_CONTEXT 0

/* The most bytes that an instruction has. */
#define EPI_INSTRUCTION_LONGEST 15

/* The unit of the PC in Go's tables (internal/sys, PCQuantum). */
#define EPI_PC_QUANTUM 1

/* More bytes than package gort's getg has. */
#define EPI_GETG_SIZE 16

/* libc has CFI for what a signal handler returns to, and where it has none (musl, Go),
 * nothing else is found there. */
#define EPI_SIGRETURN_HAS_CFI true

/* The size of a page. */
#define EPI_PAGE_MOST 4096

/* User space ends here with four-level paging; five-level paging is opt-in by
 * address hint, so a PC or SP above this is never valid in practice. */
#define EPI_USER_END ((uintptr_t)1 << 47)

/* The part of a ucontext that the kernel fills in on the stack; libc's type
 * goes on with room for floating-point state that is elsewhere. */
#define EPI_CONTEXT_SIZE (offsetof(ucontext_t, uc_sigmask) + sizeof(uint64_t))

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

struct epi_jump {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
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

/* Return addresses are not signed. */
static inline EPI_SAFE uint64_t epi_arch_strip(uint64_t pc)
{
    return pc;
}

/* The caller's SP, where the frame record at FP says that the caller's is at OUTER: the
 * record is what the caller's frame ends at. */
static inline EPI_SAFE uintptr_t epi_arch_record_sp(uintptr_t fp, uintptr_t outer)
{
    (void)outer;
    return fp + 2 * sizeof(uintptr_t);
}

#endif
