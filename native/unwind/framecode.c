/* One step from a C frame to its caller by the instructions of its function.
 *
 * The rule that they give is certain as far as the function is known: a symbol says where
 * it begins.  The cold part of a function has a symbol, too, and begins in the middle of
 * a frame; so the rule counts only if it leads to the return address of a call, and that
 * call can have been of this function. */
#include "framecode.h"
#include "cfi.h"
#include "scan.h"
#include "../base/base.h"
#include "../image/symbols.h"
#include "../memory/peek.h"

/* Each try costs at least this: where there is no rule, a recursion would look for one again
 * for each frame. */
#define TRY 16

static EPI_SAFE bool by_function(struct epi_cursor *cursor, const struct epi_module *module,
                                 struct epi_cfi_row *row)
{
    struct epi_range function;
    bool exact = (cursor->flags & EPI_FRAME_EXACT) != 0;
    uintptr_t pc = epi_cursor_lookup_pc(cursor);
    if (!epi_spend(&cursor->code_work, TRY) ||
        !epi_symbols_function(module, pc, &function, &cursor->code_work) ||
        !epi_framecode_row(function, pc, exact, row, &cursor->code_work) ||
        !epi_known(&cursor->regs, row->cfa_reg))
        return false;
    uint64_t word = cursor->regs.r[EPI_REG_RA];
    uintptr_t cfa = cursor->regs.r[row->cfa_reg] + (uintptr_t)(intptr_t)row->cfa_value;
    bool found = row->kind[EPI_REG_RA] == EPI_CFI_OFFSET
                     ? epi_peek64(&word, cfa + (uintptr_t)(intptr_t)row->value[EPI_REG_RA])
                     : epi_known(&cursor->regs, EPI_REG_RA);
    return found && epi_scan_call_fits(cursor, epi_cursor_return(cursor, word), function);
}

EPI_SAFE enum epi_step epi_framecode_step(struct epi_cursor *cursor,
                                          const struct epi_module *module)
{
    struct epi_cfi_row row;
    if ((module != NULL && by_function(cursor, module, &row)) ||
        ((cursor->flags & EPI_FRAME_EXACT) != 0 &&
         epi_arch_bare_row(cursor->regs.r[EPI_REG_PC], &row)))
        return epi_cfi_step_row(cursor, &row);
    return EPI_STEP_NO_RULE;
}
