/* Is a step of the walk to be believed?  And a cursor's first position. */
#include "cursor.h"
#include "gostack.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../image/codemap.h"
#include "../image/modules.h"

EPI_SAFE bool epi_cursor_in_text(const struct epi_cursor *cursor, uintptr_t address)
{
    return epi_go_text(cursor->go, address) ||
           epi_modules_find_text(cursor->modules, address) != NULL ||
           epi_codemap_find(cursor->code, address) != NULL;
}

EPI_SAFE bool epi_cursor_plausible(const struct epi_cursor *cursor, uintptr_t pc)
{
    return epi_cursor_in_text(cursor, pc - 1) && epi_arch_after_call(pc);
}

EPI_SAFE void epi_cursor_start(struct epi_cursor *cursor,
                               const struct epi_modules *modules,
                               const struct epi_goruntime *go,
                               struct epi_rule_cache *cache,
                               const struct epi_regs *regs)
{
    epi_zero(cursor, sizeof *cursor);
    cursor->modules = modules;
    cursor->go = go;
    cursor->cache = cache;
    epi_copy_words(&cursor->regs, regs, sizeof *regs);
    cursor->how = EPI_HOW_CONTEXT;
    cursor->flags = EPI_FRAME_EXACT;
    cursor->stack.start = regs->r[EPI_REG_SP];
    cursor->stack.end = UINTPTR_MAX;
    cursor->mark_at = 1;
    cursor->code_work = EPI_CODE_SAMPLE;
    const epi_regset needed = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP);
    if ((regs->known & needed) != needed)
        cursor->stop = EPI_STOP_NO_RULE;
}

/* Going inwards on a stack is only believed of rules that work on certain
 * registers: code that switches stacks, and an SP that the crash destroyed,
 * look like that. */
#define SWITCHES_MAX 16

EPI_SAFE bool epi_cursor_accepts(const struct epi_cursor *cursor, uintptr_t pc,
                                 uintptr_t sp, bool exact)
{
    bool certain = cursor->how != EPI_HOW_FP && cursor->how != EPI_HOW_SCAN;
    if (exact)
        return true;
    /* A return address that is none was overwritten, which is worth a line, or
     * else the CFA is wrong, and the stack is better searched from where it
     * was.  Far away it is the latter. */
    bool near = sp - cursor->regs.r[EPI_REG_SP] <= EPI_FRAME_MAX;
    if (certain && near && epi_cursor_rises(cursor, sp))
        return true;
    return epi_cursor_plausible(cursor, pc) &&
           (epi_cursor_rises(cursor, sp) || (certain && cursor->switches < SWITCHES_MAX));
}

EPI_SAFE void epi_cursor_guess(struct epi_cursor *cursor, enum epi_how how, uintptr_t pc,
                               uintptr_t sp, epi_regset kept)
{
    struct epi_regs *regs = &cursor->regs;
    regs->known = (regs->known & kept) | EPI_BIT(EPI_REG_SP) | EPI_BIT(EPI_REG_PC);
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = sp;
    cursor->how = (uint8_t)how;
    cursor->flags = 0;
    cursor->unconfirmed = how == EPI_HOW_FP || how == EPI_HOW_SCAN;
}

/* The scheduler asks for the time deep on g0's stack, where frames of C lie later: only code of
 * the vDSO itself returns to such a call. */
static EPI_SAFE bool returns_from_vdso(const struct epi_cursor *cursor, uintptr_t pc)
{
    const struct epi_module *module =
        epi_modules_find(cursor->modules, cursor->regs.r[EPI_REG_PC]);
    return module != NULL && epi_module_is_vdso(module) &&
           epi_gostack_calls_vdso(cursor->go, pc);
}

EPI_SAFE bool epi_cursor_returns_oddly(const struct epi_cursor *cursor, uintptr_t pc)
{
    return epi_go_text(cursor->go, pc - 1) &&
           !epi_go_text(cursor->go, cursor->regs.r[EPI_REG_PC]) &&
           !epi_gostack_calls_c(cursor->go, pc - 1) && !returns_from_vdso(cursor, pc - 1);
}
