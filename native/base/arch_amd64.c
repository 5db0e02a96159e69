/* The assembly of linux/amd64: setjmp, the change of stacks, and the loads
 * that may fault.  All in one asm block each, so that the compiler has no say
 * in what stands between the labels. */
#include "base.h"
#include "system.h"

#include <sys/syscall.h>

__asm__(".text\n"
        ".globl epi_arch_setjmp\n"
        ".hidden epi_arch_setjmp\n"
        ".type epi_arch_setjmp, @function\n"
        "epi_arch_setjmp:\n"
        "    movq %rbx, 0(%rdi)\n"
        "    movq %rbp, 8(%rdi)\n"
        "    movq %r12, 16(%rdi)\n"
        "    movq %r13, 24(%rdi)\n"
        "    movq %r14, 32(%rdi)\n"
        "    movq %r15, 40(%rdi)\n"
        "    leaq 8(%rsp), %rax\n"
        "    movq %rax, 48(%rdi)\n"
        "    movq (%rsp), %rax\n"
        "    movq %rax, 56(%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".size epi_arch_setjmp, .-epi_arch_setjmp\n"

        ".globl epi_arch_longjmp\n"
        ".hidden epi_arch_longjmp\n"
        ".type epi_arch_longjmp, @function\n"
        "epi_arch_longjmp:\n"
        "    movl %esi, %eax\n"
        "    movq 0(%rdi), %rbx\n"
        "    movq 8(%rdi), %rbp\n"
        "    movq 16(%rdi), %r12\n"
        "    movq 24(%rdi), %r13\n"
        "    movq 32(%rdi), %r14\n"
        "    movq 40(%rdi), %r15\n"
        "    movq 48(%rdi), %rsp\n"
        "    cld\n"
        "    jmpq *56(%rdi)\n"
        ".size epi_arch_longjmp, .-epi_arch_longjmp\n");

__asm__(".text\n"
        ".globl epi_syscall6\n"
        ".hidden epi_syscall6\n"
        ".globl epi_arch_syscall_end\n"
        ".hidden epi_arch_syscall_end\n"
        ".type epi_syscall6, @function\n"
        "epi_syscall6:\n"
        "    .cfi_startproc\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        "epi_arch_syscall_end:\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size epi_syscall6, .-epi_syscall6\n");

/* CFI through RBP, so that a debugger and the core itself can unwind from the
 * new stack to the old one. */
__asm__(".text\n"
        ".globl epi_arch_call_on\n"
        ".hidden epi_arch_call_on\n"
        ".type epi_arch_call_on, @function\n"
        "epi_arch_call_on:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    movq %rdi, %rsp\n"
        "    andq $-16, %rsp\n"
        "    movq %rdx, %rdi\n"
        "    callq *%rsi\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size epi_arch_call_on, .-epi_arch_call_on\n");

/* The kernel expects SP where a handler's return has left it, behind the address
 * that it popped (arch/x86/kernel/signal_64.c, rt_sigreturn); that is where the
 * context stands. */
__asm__(".text\n"
        ".globl epi_arch_sigreturn\n"
        ".hidden epi_arch_sigreturn\n"
        ".type epi_arch_sigreturn, @function\n"
        "epi_arch_sigreturn:\n"
        "    movq %rdi, %rsp\n"
        "    movl $15, %eax\n"
        "    syscall\n"
        "    hlt\n"
        ".size epi_arch_sigreturn, .-epi_arch_sigreturn\n");

/* Leaf functions without a frame: when a load faults, the handler sets the PC
 * to epi_arch_load_failed, and SP is that of the entry. */
__asm__(".text\n"
        ".globl epi_arch_load8, epi_arch_load, epi_arch_touch\n"
        ".globl epi_arch_load_begin, epi_arch_load_end, epi_arch_load_failed\n"
        ".hidden epi_arch_load8, epi_arch_load, epi_arch_touch\n"
        ".hidden epi_arch_load_begin, epi_arch_load_end, epi_arch_load_failed\n"
        ".type epi_arch_load8, @function\n"
        ".type epi_arch_load, @function\n"
        ".type epi_arch_touch, @function\n"
        "epi_arch_load8:\n"
        "epi_arch_load_begin:\n"
        "    movq (%rsi), %rax\n"
        "    movq %rax, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".size epi_arch_load8, .-epi_arch_load8\n"
        "epi_arch_touch:\n"
        "    lock addb $0, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".size epi_arch_touch, .-epi_arch_touch\n"
        "epi_arch_load:\n"
        "    movq %rdx, %rcx\n"
        "    rep movsb\n"
        "epi_arch_load_end:\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "epi_arch_load_failed:\n"
        "    movl $1, %eax\n"
        "    ret\n"
        ".size epi_arch_load, .-epi_arch_load\n");

EPI_SAFE void epi_arch_regs_from_jump(struct epi_regs *regs, const struct epi_jump *jump)
{
    epi_zero(regs, sizeof *regs);
    regs->r[EPI_RBX] = jump->rbx;
    regs->r[EPI_RBP] = jump->rbp;
    regs->r[EPI_R12] = jump->r12;
    regs->r[EPI_R13] = jump->r13;
    regs->r[EPI_R14] = jump->r14;
    regs->r[EPI_R15] = jump->r15;
    regs->r[EPI_RSP] = jump->rsp;
    regs->r[EPI_RIP] = jump->rip;
    regs->known = EPI_CALLEE_SAVED;
}

EPI_SAFE bool epi_arch_shown_register(const ucontext_t *uc, unsigned i, const char **name,
                                      uint64_t *value)
{
    static const struct {
        char name[7];
        unsigned char reg;
    } shown[] = {
        {"rip", REG_RIP}, {"rsp", REG_RSP}, {"rbp", REG_RBP}, {"rax", REG_RAX},
        {"rbx", REG_RBX}, {"rcx", REG_RCX}, {"rdx", REG_RDX}, {"rsi", REG_RSI},
        {"rdi", REG_RDI}, {"r8", REG_R8},   {"r9", REG_R9},   {"r10", REG_R10},
        {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13}, {"r14", REG_R14},
        {"r15", REG_R15}, {"eflags", REG_EFL}, {"trapno", REG_TRAPNO}, {"err", REG_ERR},
        {"cr2", REG_CR2},
    };
    if (i >= EPI_COUNT(shown))
        return false;
    *name = shown[i].name;
    *value = (uint64_t)uc->uc_mcontext.gregs[shown[i].reg];
    return true;
}

/* REG_R8 to REG_RIP; what follows are flags, of which the kernel sets one when
 * an instruction is repeated, and the fault itself. */
EPI_SAFE bool epi_arch_same_registers(const ucontext_t *a, const ucontext_t *b)
{
    return epi_equal(a->uc_mcontext.gregs, b->uc_mcontext.gregs,
                     (REG_RIP + 1) * sizeof a->uc_mcontext.gregs[0]);
}

/* Not the rest: behind them is the pointer to the floating-point state in the frame. */
EPI_SAFE void epi_arch_go_on_at(ucontext_t *uc, const ucontext_t *from)
{
    epi_copy(uc->uc_mcontext.gregs, from->uc_mcontext.gregs, sizeof uc->uc_mcontext.gregs);
    epi_copy(&uc->uc_sigmask, &from->uc_sigmask, sizeof(uint64_t));
}

EPI_SAFE uint64_t epi_arch_mix_registers(const ucontext_t *uc, uint64_t hash)
{
    for (int i = 0; i <= REG_RIP; i++)
        hash = epi_mix(hash, (uint64_t)uc->uc_mcontext.gregs[i]);
    return hash;
}

/* The x87's control word and MXCSR, where the kernel has saved them for the handler. */
EPI_SAFE uint64_t epi_arch_float_control(const ucontext_t *uc)
{
    const fpregset_t state = uc->uc_mcontext.fpregs;
    return state == NULL ? 0 : (uint64_t)state->cwd << 32 | state->mxcsr;
}

/* Intel SDM volume 3, 4.7: the error code of a page fault (exception 14). */
EPI_SAFE enum epi_access epi_arch_access(const ucontext_t *uc)
{
    if (uc->uc_mcontext.gregs[REG_TRAPNO] != 14)
        return EPI_ACCESS_UNKNOWN;
    greg_t error = uc->uc_mcontext.gregs[REG_ERR];
    if (error & 16)
        return EPI_ACCESS_EXEC;
    return error & 2 ? EPI_ACCESS_WRITE : EPI_ACCESS_READ;
}

EPI_SAFE bool epi_arch_repeats(const siginfo_t *info)
{
    /* A hardware single step or watchpoint does not. */
    return info->si_code > 0 &&
           !(info->si_signo == SIGTRAP && info->si_code != SI_KERNEL);
}

EPI_SAFE void epi_arch_return(ucontext_t *uc, uint64_t value)
{
    greg_t *gregs = uc->uc_mcontext.gregs;
    gregs[REG_RIP] = (greg_t) * (const uint64_t *)gregs[REG_RSP];
    gregs[REG_RSP] += EPI_CALL_PUSHES;
    gregs[REG_RAX] = (greg_t)value;
}

EPI_SAFE void epi_arch_fail_syscall(ucontext_t *uc)
{
    uc->uc_mcontext.gregs[REG_RAX] = -38; /* ENOSYS */
}

void epi_arch_learn_thread(void)
{
    /* They are the same, and libc has made them so (psABI, 3.4.6). */
}

EPI_SAFE uintptr_t epi_arch_thread_pointer(void)
{
    enum { GET_FS = 0x1003 }; /* ARCH_GET_FS of asm/prctl.h, which musl's wrapper does not find */
    uintptr_t base = 0;
    epi_syscall6(SYS_arch_prctl, GET_FS, (long)&base, 0, 0, 0, 0);
    return base;
}
