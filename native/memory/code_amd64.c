/* What can be read from instruction bytes and from the kernel's signal frames,
 * for linux/amd64. */
#include "code.h"
#include "peek.h"
#include "../base/base.h"
#include "../base/fetch.h"

#define BEFORE 8 /* bytes that are looked at */

/* CALL rel32 is E8 and four bytes. */
static EPI_SAFE bool direct_call(const uint8_t *b)
{
    return b[BEFORE - 5] == 0xe8;
}

/* CALL r/m64 is FF /2: the ModRM byte has 2 in its middle three bits, and its other
 * two fields say what follows, a SIB byte or a displacement.  A REX prefix stands
 * before all of that and needs no look.  (Intel SDM 2A, 2.1.5.) */
static EPI_SAFE bool indirect_call(const uint8_t *b)
{
    for (unsigned length = 2; length <= 7; length++) {
        const uint8_t *at = b + BEFORE - length;
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

EPI_SAFE bool epi_arch_after_call(uintptr_t pc)
{
    uint8_t b[BEFORE];
    return pc >= sizeof b && epi_peek(b, pc - sizeof b, sizeof b) &&
           (direct_call(b) || indirect_call(b));
}

EPI_SAFE bool epi_arch_return_word(const struct epi_regs *regs, uint64_t *word)
{
    return epi_peek64(word, regs->r[EPI_REG_SP]);
}

EPI_SAFE EPI_ON_FAULT bool epi_arch_return_address(const ucontext_t *uc, uint64_t *pc)
{
    return epi_peek64(pc, epi_arch_sp(uc));
}

static EPI_SAFE uintptr_t relative(const uint8_t *displacement, uintptr_t next)
{
    int32_t distance;
    epi_copy(&distance, displacement, sizeof distance);
    return next + (uintptr_t)(intptr_t)distance;
}

/* Bytes that are both kinds of call are one, but which is not known. */
EPI_SAFE bool epi_arch_call_target(uintptr_t pc, uintptr_t *target)
{
    uint8_t b[BEFORE];
    if (pc < sizeof b || !epi_peek(b, pc - sizeof b, sizeof b) || !direct_call(b) ||
        indirect_call(b))
        return false;
    *target = relative(b + BEFORE - 4, pc);
    return true;
}

/* [endbr64] [bnd] jmp *disp32(%rip) */
EPI_SAFE bool epi_arch_stub_target(uintptr_t at, uintptr_t *target)
{
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    uint8_t b[12];
    uint64_t word;
    unsigned i = 0;
    if (!epi_peek(b, at, sizeof b))
        return false;
    if (epi_equal(b, endbr64, sizeof endbr64))
        i += sizeof endbr64;
    if (b[i] == 0xf2)
        i++;
    if (b[i] != 0xff || b[i + 1] != 0x25 ||
        !epi_peek64(&word, relative(b + i + 2, at + i + 6)))
        return false;
    *target = word;
    return true;
}

/* A larger function surely has some byte that looks like a jump. */
#define CODE_MAX 4096

/* Is there a jump at B, which stands at AT, that leaves CODE?  JMP and Jcc to a
 * distance, JMP r/m64 (FF /4), and the end of an indirect branch that no
 * speculation follows (mov %reg, (%rsp); ret). */
static EPI_SAFE bool jumps_out(const uint8_t *b, uintptr_t at, struct epi_range code)
{
    if (b[0] == 0xe9)
        return !epi_in(code, relative(b + 1, at + 5));
    if (b[0] == 0x0f && (b[1] & 0xf0) == 0x80)
        return !epi_in(code, relative(b + 2, at + 6));
    if (b[0] == 0xeb || (b[0] & 0xf0) == 0x70)
        return !epi_in(code, at + 2 + (uintptr_t)(intptr_t)(int8_t)b[1]);
    if (b[0] == 0xff)
        return (b[1] >> 3 & 7) == 4;
    return (b[0] == 0x48 || b[0] == 0x4c) && b[1] == 0x89 && (b[2] & 0xc7) == 0x04 &&
           b[3] == 0x24 && b[4] == 0xc3;
}

/* At every byte: where instructions begin is not known, and what only looks like
 * a jump counts as one. */
EPI_SAFE bool epi_arch_may_jump_out(struct epi_range code)
{
    enum { BLOCK = 64, LONGEST = 6 };
    uint8_t b[BLOCK + LONGEST];
    if (code.end - code.start > CODE_MAX)
        return true;
    for (uintptr_t at = code.start; at < code.end; at += BLOCK) {
        size_t n = code.end - at < sizeof b ? code.end - at : sizeof b;
        epi_zero(b, sizeof b);
        if (!epi_peek(b, at, n))
            return true;
        for (size_t i = 0; i < n && i < BLOCK; i++)
            if (jumps_out(b + i, at + i, code))
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

/* mov %eax, %edi; xor %eax, %eax; mov $60, %al (exit); syscall */
EPI_SAFE bool epi_arch_at_thread_end(uintptr_t pc)
{
    static const uint8_t exits[] = {0x89, 0xc7, 0x31, 0xc0, 0xb0, 0x3c, 0x0f, 0x05};
    uint8_t b[sizeof exits];
    return epi_peek(b, pc, sizeof b) && epi_equal(b, exits, sizeof exits);
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
