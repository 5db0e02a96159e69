/* What can be read from instruction bytes and from the kernel's signal frames,
 * for linux/arm64. */
#include "code.h"
#include "decode_arm64.h"
#include "peek.h"
#include "../base/base.h"
#include "../base/fetch.h"

EPI_SAFE bool epi_arch_after_call(uintptr_t pc)
{
    uint32_t code;
    return pc % 4 == 0 && epi_peek32(&code, pc - 4) && (epi_a64_is_bl(code) || epi_a64_is_blr(code));
}

EPI_SAFE bool epi_arch_return_word(const struct epi_regs *regs, uint64_t *word)
{
    *word = regs->r[EPI_LR];
    return (regs->known & EPI_BIT(EPI_LR)) != 0;
}

EPI_SAFE EPI_ON_FAULT bool epi_arch_return_address(const ucontext_t *uc, uint64_t *pc)
{
    *pc = epi_arch_strip(uc->uc_mcontext.regs[30]);
    return true;
}

EPI_SAFE bool epi_arch_call_target(uintptr_t pc, uintptr_t *target)
{
    uint32_t code;
    if (pc % 4 != 0 || !epi_peek32(&code, pc - 4) || !epi_a64_is_bl(code))
        return false;
    *target = epi_a64_relative(pc - 4, code, 0, 26);
    return true;
}

/* [bti c]; adrp x16, PAGE; ldr x17, [x16, #OFFSET]; add x16, x16, #OFFSET; br x17 (AAELF64,
 * sample PLT).  Or the linker's way to what is far: adrp x16, PAGE; add x16, x16, #OFFSET;
 * br x16. */
EPI_SAFE bool epi_arch_stub_target(uintptr_t at, uintptr_t *target)
{
    enum { BTI_C = 0xd503245f, BR_X16 = 0xd61f0200 };
    uint32_t code[3];
    uint64_t word;
    if (!epi_peek(code, at, sizeof code))
        return false;
    if (code[0] == BTI_C && !epi_peek(code, at += 4, sizeof code))
        return false;
    if ((code[0] & 0x9f00001f) != 0x90000010) /* adrp x16 */
        return false;
    uint32_t pages = (code[0] >> 5 & 0x7ffff) << 2 | (code[0] >> 29 & 3);
    uintptr_t page = (at & ~(uintptr_t)4095) + ((uintptr_t)epi_a64_signed(pages, 0, 21) << 12);
    uintptr_t offset = code[1] >> 10 & 0xfff;
    if ((code[1] & 0xffc003ff) == 0x91000210 && code[2] == BR_X16) { /* add x16, x16, # */
        *target = page + offset;
        return true;
    }
    if ((code[1] & 0xffc003ff) != 0xf9400211 || !epi_peek64(&word, page + offset * 8))
        return false; /* ldr x17, [x16, #] */
    *target = word;
    return true;
}

/* A larger function surely has some branch that leaves it. */
#define CODE_MAX 4096

/* Does CODE, which stands at AT, branch out of FUNCTION?  BR is also the table of a switch. */
static EPI_SAFE bool branches_out(uint32_t code, uintptr_t at, struct epi_range function)
{
    uintptr_t to;
    if (epi_a64_is_jump(code, at, &to) || epi_a64_is_branch(code, at, &to))
        return !epi_in(function, to);
    return epi_a64_is_br(code);
}

EPI_SAFE bool epi_arch_may_jump_out(struct epi_range function)
{
    uint32_t code;
    if (function.end - function.start > CODE_MAX)
        return true;
    for (uintptr_t at = function.start; at < function.end; at += 4)
        if (!epi_peek32(&code, at) || branches_out(code, at, function))
            return true;
    return false;
}

/* mov x8, #139 (rt_sigreturn); svc #0: in the vDSO, and in musl's restorer. */
EPI_SAFE bool epi_arch_at_sigreturn(uintptr_t pc)
{
    uint32_t code[2];
    return pc % 4 == 0 && epi_peek(code, pc, sizeof code) && code[0] == 0xd2801168 &&
           code[1] == 0xd4000001;
}

/* mov x8, #93 (exit); svc #0 */
EPI_SAFE bool epi_arch_at_thread_end(uintptr_t pc)
{
    uint32_t code[2];
    return pc % 4 == 0 && epi_peek(code, pc, sizeof code) && code[0] == 0xd2800ba8 &&
           code[1] == 0xd4000001;
}

/* The words of the kernel's struct sigcontext: the fault's address, then X0 to X30, SP and PC,
 * which is how enum epi_reg has them. */
#define CONTEXT_WORDS (1 + EPI_NREGS)

static EPI_SAFE void from_words(struct epi_regs *regs, const uint64_t *words)
{
    epi_copy_words(regs->r, words + 1, sizeof regs->r);
    regs->known = EPI_BIT(EPI_NREGS) - 1;
}

EPI_SAFE void epi_arch_regs_from_context(struct epi_regs *regs, const ucontext_t *uc)
{
    from_words(regs, (const uint64_t *)&uc->uc_mcontext);
}

/* struct rt_sigframe of the kernel: siginfo_t, of 128 bytes, then the ucontext. */
EPI_SAFE bool epi_arch_sigreturn_regs(struct epi_regs *regs, uintptr_t sp)
{
    uint64_t words[CONTEXT_WORDS];
    if (!epi_peek(words, sp + 128 + offsetof(ucontext_t, uc_mcontext), sizeof words))
        return false;
    from_words(regs, words);
    return true;
}

/* brk leaves the PC where it is. */
EPI_SAFE void epi_arch_step_back(ucontext_t *uc, const siginfo_t *info)
{
    if (info->si_signo == SIGSYS && info->si_code == EPI_SYS_SECCOMP)
        epi_arch_set_pc(uc, (uintptr_t)info->si_call_addr - 4);
}

EPI_SAFE bool epi_arch_interrupted(const ucontext_t *uc)
{
    enum { SVC = 0xd4000001 };
    uint32_t code;
    return uc->uc_mcontext.regs[0] == (uint64_t)-4 && /* EINTR */
           epi_peek32(&code, epi_arch_pc(uc) - 4) && code == SVC;
}
