/* Instructions that explain a fault, for linux/arm64.
 *
 * A fault of memory comes with its address, and with what was done to it (epi_arch_access).
 * What is left is that which the kernel reports by a code for several causes: an instruction
 * that is not allowed (ILL_ILLOPC), and brk (TRAP_BRKPT).  The class of the exception in ESR_EL1
 * would tell some of them, but the kernel gives it for faults of memory only. */
#include "instruction.h"
#include "peek.h"
#include "../base/base.h"

static EPI_SAFE void is(struct epi_instruction *to, enum epi_instruction_kind kind,
                        const char *name)
{
    to->kind = kind;
    to->name = name;
}

/* BRK and its number.  gcc's __builtin_trap has 1000, clang's 1; clang's checks have 'U' in the
 * upper half and their own in the lower (AArch64InstrInfo.td, ubsantrap). */
static EPI_SAFE void trap(struct epi_instruction *to, uint32_t number)
{
    if (number == 1000 || number == 1) {
        is(to, EPI_INSTRUCTION_TRAP, "brk");
    } else if (number >> 8 == 'U') {
        is(to, EPI_INSTRUCTION_CHECK, "brk");
        to->value = number & 0xff;
    } else {
        is(to, EPI_INSTRUCTION_BREAKPOINT, "brk");
        to->value = number;
    }
}

/* What only the kernel may do; Arm Architecture Reference Manual, C4.1.66: exception
 * generation, and the system instructions whose op1 keeps user space out. */
static EPI_SAFE void system_instruction(struct epi_instruction *to, uint32_t code)
{
    if ((code & 0xffe0001f) == 0xd4000002) {
        is(to, EPI_INSTRUCTION_PRIVILEGED, "hvc");
    } else if ((code & 0xffe0001f) == 0xd4000003) {
        is(to, EPI_INSTRUCTION_PRIVILEGED, "smc");
    } else if ((code & 0xffe0001f) == 0xd4400000) {
        is(to, EPI_INSTRUCTION_HALT, "hlt");
    } else if (code == 0xd69f03e0) {
        is(to, EPI_INSTRUCTION_PRIVILEGED, "eret");
    } else if ((code & 0xffc00000) == 0xd5000000) {
        unsigned op0 = code >> 19 & 3, op1 = code >> 16 & 7;
        bool reads = (code & 1u << 21) != 0;
        if (op0 >= 2 && op1 != 3)
            is(to, EPI_INSTRUCTION_PRIVILEGED, reads ? "mrs" : "msr");
        else if (op0 == 1 && op1 != 3)
            is(to, EPI_INSTRUCTION_PRIVILEGED, "sys");
    }
}

EPI_SAFE void epi_arch_instruction(struct epi_instruction *to, const ucontext_t *uc)
{
    uint32_t code;
    epi_zero(to, sizeof *to);
    if (!epi_peek32(&code, epi_arch_pc(uc)))
        return;
    if (code >> 16 == 0)
        is(to, EPI_INSTRUCTION_TRAP, "udf");
    else if ((code & 0xffe0001f) == 0xd4200000)
        trap(to, code >> 5 & 0xffff);
    else
        system_instruction(to, code);
}

/* The top byte may be a tag that the processor does not look at; of the next eight bits a user's
 * pointer has none, and the kernel's all. */
EPI_SAFE bool epi_arch_canonical(uintptr_t address)
{
    unsigned bits = address >> 48 & 0xff;
    return bits == 0 || bits == 0xff;
}
