/* What can be told from instruction bytes and from the kernel's signal frames,
 * for linux/amd64. */
#include "code.h"
#include "peek.h"
#include "../base/base.h"

/* CALL rel32 is E8 and four bytes.  CALL r/m64 is FF /2: the ModRM byte has 2
 * in its middle three bits, and its other two fields say what follows, a SIB
 * byte or a displacement.  A REX prefix stands before all of that and needs no
 * look.  (Intel SDM 2A, 2.1.5.) */
EPI_SAFE bool epi_arch_after_call(uintptr_t pc)
{
    uint8_t b[8]; /* b[8 - n] is n bytes before PC */
    if (pc < sizeof b || !epi_peek(b, pc - sizeof b, sizeof b))
        return false;
    if (b[3] == 0xe8)
        return true;
    for (unsigned length = 2; length <= 7; length++) {
        const uint8_t *at = b + sizeof b - length;
        if (at[0] != 0xff || (at[1] >> 3 & 7) != 2)
            continue;
        unsigned mode = at[1] >> 6, base = at[1] & 7, follows = 0;
        if (mode != 3 && base == 4) {
            if (length < 3)
                continue;
            follows = 1;
            base = at[2] & 7; /* of the SIB byte: 5 with mode 0 is disp32 too */
        }
        if (mode == 1)
            follows += 1;
        else if (mode == 2 || (mode == 0 && base == 5))
            follows += 4;
        if (length == 2 + follows)
            return true;
    }
    return false;
}

/* libc gives the kernel the address of
 *     mov $15, %eax    (or %rax)
 *     syscall
 * as what a handler returns to.  glibc has CFI for it; musl and Go do not. */
EPI_SAFE bool epi_arch_at_sigreturn(uintptr_t pc)
{
    static const uint8_t rax[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    uint8_t b[sizeof rax];
    if (!epi_peek(b, pc, sizeof b))
        return false;
    static const uint8_t eax[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
    return epi_equal(b, rax, sizeof rax) || epi_equal(b, eax, sizeof eax);
}

static EPI_SAFE void from_gregs(struct epi_regs *regs, const greg_t *gregs)
{
    static const unsigned char from[EPI_NREGS] = {
        [EPI_RAX] = REG_RAX, [EPI_RDX] = REG_RDX, [EPI_RCX] = REG_RCX,
        [EPI_RBX] = REG_RBX, [EPI_RSI] = REG_RSI, [EPI_RDI] = REG_RDI,
        [EPI_RBP] = REG_RBP, [EPI_RSP] = REG_RSP, [EPI_R8] = REG_R8,
        [EPI_R9] = REG_R9,   [EPI_R10] = REG_R10, [EPI_R11] = REG_R11,
        [EPI_R12] = REG_R12, [EPI_R13] = REG_R13, [EPI_R14] = REG_R14,
        [EPI_R15] = REG_R15, [EPI_RIP] = REG_RIP,
    };
    for (unsigned i = 0; i < EPI_NREGS; i++)
        regs->r[i] = (uint64_t)gregs[from[i]];
    regs->known = (1u << EPI_NREGS) - 1;
}

EPI_SAFE void epi_arch_regs_from_context(struct epi_regs *regs, const ucontext_t *uc)
{
    from_gregs(regs, uc->uc_mcontext.gregs);
}

/* struct rt_sigframe of the kernel: the return address, which the handler's
 * RET popped, then the ucontext. */
EPI_SAFE bool epi_arch_sigreturn_regs(struct epi_regs *regs, uintptr_t sp)
{
    gregset_t gregs;
    if (!epi_peek(gregs, sp + offsetof(ucontext_t, uc_mcontext.gregs), sizeof gregs))
        return false;
    from_gregs(regs, gregs);
    return true;
}

EPI_SAFE void epi_arch_step_back(ucontext_t *uc, const siginfo_t *info)
{
    uint8_t byte;
    if (info->si_signo == SIGTRAP && info->si_code == SI_KERNEL &&
        epi_peek8(&byte, epi_arch_pc(uc) - 1) && byte == 0xcc)
        epi_arch_set_pc(uc, epi_arch_pc(uc) - 1);
    else if (info->si_signo == SIGSYS && info->si_code == EPI_SYS_SECCOMP)
        epi_arch_set_pc(uc, (uintptr_t)info->si_call_addr - 2); /* 0f 05 */
}

EPI_SAFE bool epi_arch_interrupted(const ucontext_t *uc)
{
    uint8_t code[2];
    return uc->uc_mcontext.gregs[REG_RAX] == -4 && /* EINTR */
           epi_peek(code, epi_arch_pc(uc) - 2, 2) && code[0] == 0x0f && code[1] == 0x05;
}
