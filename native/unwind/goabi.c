/* What the frames of Go have in common on all machines. */
#include "goabi.h"
#include "gostack.h"
#include "unwind.h"
#include "../base/base.h"
#include "../memory/peek.h"

EPI_SAFE bool epi_goabi_returns_to_go(const struct epi_gostep *s, uint64_t address)
{
    uint64_t pc;
    return epi_peek64(&pc, address) && epi_go_text(s->cursor->go, pc);
}

EPI_SAFE enum epi_step epi_goabi_arrive(struct epi_gostep *s, uint64_t pc, uint64_t sp,
                                        uint64_t fp, bool fp_known)
{
    struct epi_regs *regs = &s->cursor->regs;
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = sp;
    regs->r[EPI_REG_FP] = fp;
    regs->known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP) | (epi_regset)fp_known << EPI_REG_FP;
    s->cursor->how = EPI_HOW_GO;
    s->cursor->flags = 0;
    return EPI_STEP_OK;
}

/* g begins with stack.lo, stack.hi (runtime2.go). */
EPI_SAFE bool epi_goabi_stack_of(uint64_t g, uint64_t *low, uint64_t *high)
{
    return epi_peek64(low, g) && epi_peek64(high, g + 8) && *low < *high;
}

EPI_SAFE bool epi_goabi_on_stack_of(const struct epi_gostep *s, uint64_t g)
{
    uint64_t low, high;
    return epi_goabi_stack_of(g, &low, &high) && s->sp >= low && s->sp < high;
}

EPI_SAFE bool epi_goabi_below_top(uint64_t g, uint64_t depth, uint64_t *sp)
{
    uint64_t low, high;
    if (!epi_goabi_stack_of(g, &low, &high) || depth > high - low)
        return false;
    *sp = high - depth;
    return true;
}
