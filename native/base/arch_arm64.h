/* What differs by machine, for linux/arm64: registers, what a call does to them, and what is
 * short enough to be inlined.  arch.h declares the rest. */
#ifndef EPI_ARCH_ARM64_H
#define EPI_ARCH_ARM64_H

/* Atomic operations are to be instructions.  gcc makes calls of libgcc's functions out of them, which
 * choose by the processor; cgo does not allow the option for this. */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
#pragma GCC target("no-outline-atomics")
#endif

/* Registers are numbered as DWARF numbers them (AADWARF64, 4.1), so that CFI needs no
 * translation.  X19 to X28 are what a function keeps besides the frame pointer. */
enum epi_reg {
    EPI_X0 = 0, EPI_X2 = 2, EPI_X3 = 3, EPI_X5 = 5, EPI_X19 = 19, EPI_X20 = 20, EPI_X28 = 28,
    EPI_X29 = 29, /* the frame pointer */
    EPI_LR = 30,
    EPI_SP = 31,
    EPI_PC = 32,
    EPI_NREGS
};

/* The roles that the portable code knows.  RA is CFI's column for the return address: LR, in
 * which a call leaves it. */
#define EPI_REG_SP EPI_SP
#define EPI_REG_FP EPI_X29
#define EPI_REG_PC EPI_PC
#define EPI_REG_RA EPI_LR

typedef uint64_t epi_regset; /* a bit for each */

/* X19 to X29 and SP, which a called C function must keep (AAPCS64, 6.1.1), and the PC; the
 * others are unknown in a caller's frame.  LR as well: the call has written it. */
#define EPI_CALLEE_SAVED \
    (UINT64_C(0x7ff) << EPI_X19 | UINT64_C(1) << EPI_SP | UINT64_C(1) << EPI_PC)

/* Those whose places a cached rule holds, in the order of their numbers. */
#define EPI_RULE_REGISTERS 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
#define EPI_RULE_SAVED 11

/* There is no red zone, and a call pushes nothing. */
#define EPI_RED_ZONE 0
#define EPI_CALL_PUSHES 0

/* From a handler's CFA to its ucontext: the kernel puts the siginfo_t before it. */
#define EPI_BEFORE_CONTEXT 128

/* The most bytes that an instruction has. */
#define EPI_INSTRUCTION_LONGEST 4

/* The unit of the PC in Go's tables (internal/sys, PCQuantum). */
#define EPI_PC_QUANTUM 4

/* More bytes than package gort's getg has. */
#define EPI_GETG_SIZE 32

/* A signal handler returns into the vDSO.  Old kernels have CFI there that loses the PC, new
 * ones have none, so that debuggers look at the instructions (arch/arm64/kernel/vdso/sigreturn.S);
 * and the address before it, where a return address is looked up, is another function's. */
#define EPI_SIGRETURN_HAS_CFI false

/* The largest size of a page that a kernel may be built with. */
#define EPI_PAGE_MOST 65536

/* User space ends here; 52-bit addresses are opt-in by address hint. */
#define EPI_USER_END ((uintptr_t)1 << 48)

/* All of it: behind the registers are the kernel's records of floating-point state and of the
 * fault (asm/sigcontext.h).  One of them may point to more state elsewhere in the kernel's frame
 * (SVE), so no signal returns through a copy. */
#define EPI_CONTEXT_SIZE sizeof(ucontext_t)

/* The compiler must not make a call of memcpy or memset out of the loops: hence the empty asm.
 * Words may stand anywhere: normal memory is not checked for alignment. */
typedef uint64_t __attribute__((may_alias, aligned(1))) epi_any_word;

static inline EPI_SAFE void epi_copy(void *to, const void *from, size_t n)
{
    unsigned char *x = to;
    const unsigned char *y = from;
    for (; n >= sizeof(epi_any_word); n -= sizeof(epi_any_word)) {
        *(epi_any_word *)x = *(const epi_any_word *)y;
        x += sizeof(epi_any_word);
        y += sizeof(epi_any_word);
        __asm__ volatile("" ::: "memory");
    }
    for (; n > 0; n--) {
        *x++ = *y++;
        __asm__ volatile("" ::: "memory");
    }
}

static inline EPI_SAFE void epi_zero(void *to, size_t n)
{
    unsigned char *x = to;
    for (; n >= sizeof(epi_any_word); n -= sizeof(epi_any_word)) {
        *(epi_any_word *)x = 0;
        x += sizeof(epi_any_word);
        __asm__ volatile("" ::: "memory");
    }
    for (; n > 0; n--) {
        *x++ = 0;
        __asm__ volatile("" ::: "memory");
    }
}

struct epi_jump {
    uint64_t x19_29[11], pc, sp, d8_15[8]; /* in the order of arch_arm64.c's stores */
};

static inline EPI_SAFE uintptr_t epi_arch_pc(const ucontext_t *uc)
{
    return (uintptr_t)uc->uc_mcontext.pc;
}

static inline EPI_SAFE uintptr_t epi_arch_sp(const ucontext_t *uc)
{
    return (uintptr_t)uc->uc_mcontext.sp;
}

/* BTYPE says that the instruction at the PC was reached by an indirect branch.  A new PC is not,
 * and would be refused in code that is guarded (BTI). */
static inline EPI_SAFE void epi_arch_set_pc(ucontext_t *uc, uintptr_t pc)
{
    uc->uc_mcontext.pstate &= ~(UINT64_C(3) << 10);
    uc->uc_mcontext.pc = pc;
}

static inline EPI_SAFE uintptr_t epi_arch_current_sp(void)
{
    uintptr_t sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    return sp;
}

/* A return address without the signature that it may have (pointer authentication).  xpaclri
 * works on LR; processors without signatures take it for a nop. */
static inline EPI_SAFE uint64_t epi_arch_strip(uint64_t pc)
{
    register uint64_t lr __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(lr));
    return lr;
}

/* The caller's SP, where the frame record at FP says that the caller's is at OUTER.  The record is
 * at the bottom of gcc's frames, and somewhere in clang's: the place of the next one is the best
 * guess. */
static inline EPI_SAFE uintptr_t epi_arch_record_sp(uintptr_t fp, uintptr_t outer)
{
    enum { LARGEST_FRAME = 1 << 20 };
    return outer > fp && outer - fp < LARGEST_FRAME ? outer : fp + 2 * sizeof(uintptr_t);
}

#endif
