/* Most words on a stack that look like return addresses are some: of the frames that
 * are searched for, and of calls that are long over, in memory that the frames of
 * today have not written yet.  A stale one is distinguished from a true one by
 *
 *   the call before it: it names its function, as a rule, and that has to be the one
 *     that the walk comes from, or one that can have jumped there (a tail call, a
 *     stub, the cold part of a function);
 *   the rules of the function that it is in: they say where the next return address
 *     is, and there has to be one, whose call has been of that function.
 *
 * Neither is sure of a call through a pointer, or of rules that need a register
 * which is lost.  So the nearest word is taken of which one of the two is sure;
 * without any the nearest of which neither knows better.  What the call before it
 * excludes is never taken, provided that the function that the walk comes from is
 * known for certain. */
#include "scan.h"
#include "cfi.h"
#include "gostack.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../image/codemap.h"
#include "../image/modules.h"
#include "../image/symbols.h"

#define WORD sizeof(uintptr_t)

/* Words looked at behind the first candidate, in the hope of a better one. */
#define BETTER_WORDS 64

/* Calls through pointers that a candidate's rules are followed over. */
#define FOLLOWED_CALLS 4

/* What is known of a candidate. */
enum doubt {
    CONFIRMED,
    POSSIBLE,
    UNLIKELY, /* only by a jump that cannot be followed */
    NO_RULES, /* there is no way to go on from it */
    CONTRADICTED,
    IMPOSSIBLE,
};

/* The C function at PC as far as its rules tell; empty when they do not. */
static EPI_SAFE struct epi_range function_at(const struct epi_cursor *cursor, uintptr_t pc)
{
    struct epi_cfi_entry entry;
    const struct epi_module *module = epi_modules_find_text(cursor->modules, pc);
    if (module == NULL || !epi_cfi_find(module, pc, &entry))
        return (struct epi_range){0, 0};
    return entry.pc;
}

/* The same, or as far as a symbol tells, where that is within what the walk may spend.  Who
 * asks may look for jumps in it. */
#define SYMBOL_COST 32
static EPI_SAFE struct epi_range symbol_at(struct epi_cursor *cursor, uintptr_t pc)
{
    const struct epi_module *module = epi_modules_find_text(cursor->modules, pc);
    struct epi_range known = function_at(cursor, pc), named;
    if (known.end != 0 || module == NULL || !epi_spend(&cursor->code_work, SYMBOL_COST))
        return known;
    return epi_symbols_function(module, pc, &named, &cursor->code_work) ? named : known;
}

/* Can the call before PC have led to FUNCTION?  What is not less doubtful than BEST need
 * not be told apart: that a function may jump out takes long to see. */
static EPI_SAFE enum doubt call_fits(struct epi_cursor *cursor, uintptr_t pc,
                                     struct epi_range function, enum doubt best)
{
    uintptr_t target;
    if (function.end == 0 || !epi_arch_call_target(pc, &target))
        return POSSIBLE;
    if (epi_in(function, target))
        return CONFIRMED;
    /* Bytes that only look like a call lead anywhere: to look there is a fault. */
    if (epi_modules_find_text(cursor->modules, target) == NULL)
        return UNLIKELY;
    if (epi_arch_stub_target(target, &target) && epi_in(function, target))
        return CONFIRMED;
    if (best <= UNLIKELY)
        return IMPOSSIBLE;
    struct epi_range called = symbol_at(cursor, target);
    uint32_t blocks = (uint32_t)((called.end - called.start) / 64); /* it looks at 4096 bytes */
    if (called.end == 0 || called.end == function.start /* it may go on there */ ||
        !epi_spend(&cursor->code_work, blocks < 64 ? blocks : 64) ||
        epi_arch_may_jump_out(called))
        return UNLIKELY;
    return IMPOSSIBLE;
}

EPI_SAFE bool epi_scan_call_fits(struct epi_cursor *cursor, uintptr_t pc,
                                 struct epi_range function)
{
    return call_fits(cursor, pc, function, NO_RULES) != IMPOSSIBLE;
}

/* If PC, the word at AT, is where a call of FUNCTION returns to: do the rules there
 * lead to another return address, of a call of that CALLER?  A call through a pointer
 * does not say whom it called, so the rules are followed up to a call that does: a
 * stale word hardly leads to words that are return addresses of each other.  RBP is
 * of no use for this: it may be one of the words that were overwritten. */
static EPI_SAFE enum doubt rules_fit(struct epi_cursor *cursor, uintptr_t pc, uintptr_t at,
                                     struct epi_range caller, enum doubt best)
{
    struct epi_cursor next;
    epi_copy_words(&next, cursor, sizeof next);
    epi_cursor_guess(&next, EPI_HOW_SCAN, pc, at + WORD, 0);
    next.stack.start = at + WORD;
    for (unsigned steps = 0; steps < FOLLOWED_CALLS && caller.end != 0; steps++) {
        enum epi_step step = epi_cfi_step(&next, epi_modules_find_text(cursor->modules, pc - 1));
        if (step == EPI_STEP_OUTERMOST)
            return CONFIRMED;
        if (step == EPI_STEP_STUCK)
            return steps == 0 ? CONTRADICTED : POSSIBLE;
        if (step != EPI_STEP_OK)
            return POSSIBLE;
        pc = next.regs.r[EPI_REG_PC];
        enum doubt doubt = call_fits(cursor, pc, caller, best);
        if (doubt == IMPOSSIBLE)
            return steps == 0 ? CONTRADICTED : POSSIBLE;
        if (doubt != POSSIBLE)
            return steps == 0 || doubt == CONFIRMED ? doubt : POSSIBLE;
        if (!epi_arch_after_call(pc))
            return POSSIBLE;
        caller = function_at(cursor, pc - 1);
    }
    return POSSIBLE;
}

/* How likely is it that PC, the word at AT, is where a call of FUNCTION returns to?  Of
 * interest only if that is less doubtful than BEST. */
static EPI_SAFE enum doubt judge(struct epi_cursor *cursor, uintptr_t pc, uintptr_t at,
                                 struct epi_range function, enum doubt best)
{
    if (epi_go_text(cursor->go, pc - 1))
        return !epi_arch_after_call(pc) || epi_cursor_returns_oddly(cursor, pc) ? IMPOSSIBLE
                                                                                : CONFIRMED;
    const struct epi_module *module = epi_modules_find_text(cursor->modules, pc - 1);
    bool code = module != NULL || epi_codemap_find(cursor->code, pc - 1) != NULL;
    if (!code || !epi_arch_after_call(pc))
        return IMPOSSIBLE;
    enum doubt call = call_fits(cursor, pc, function, best);
    if (call == CONFIRMED || (call == IMPOSSIBLE && !cursor->unconfirmed) ||
        (call >= UNLIKELY && best <= UNLIKELY))
        return call;
    struct epi_range caller = function_at(cursor, pc - 1);
    if (caller.end == 0)
        return NO_RULES;
    enum doubt rules = rules_fit(cursor, pc, at, caller, best);
    return call >= UNLIKELY && rules < UNLIKELY ? UNLIKELY : rules;
}

EPI_SAFE bool epi_scan_step(struct epi_cursor *cursor, unsigned words)
{
    uintptr_t sp = (cursor->regs.r[EPI_REG_SP] + WORD - 1) & ~(WORD - 1);
    uintptr_t end = cursor->crossed_asmcgocall ? UINTPTR_MAX : epi_gostack_c_end(cursor);
    struct epi_range function = symbol_at(cursor, epi_cursor_lookup_pc(cursor));
    uintptr_t first = 0, found_at = 0;
    uint64_t word;
    uintptr_t found_pc = 0;
    enum doubt best = IMPOSSIBLE;
    for (unsigned i = 0; i < words && best != CONFIRMED; i++) {
        uintptr_t at = sp + i * WORD;
        if (first != 0 && at - first > BETTER_WORDS * WORD)
            break;
        if (at >= end || !epi_peek64(&word, at))
            break;
        uintptr_t pc = epi_cursor_return(cursor, word);
        enum doubt doubt = judge(cursor, pc, at, function, best);
        if (doubt < best)
            best = doubt, found_at = at, found_pc = pc;
        if (first == 0 && best < CONTRADICTED) /* any word is better than a contradicted one */
            first = found_at;
    }
    if (found_at == 0)
        return false;
    epi_cursor_guess(cursor, EPI_HOW_SCAN, found_pc, found_at + WORD, EPI_BIT(EPI_REG_FP));
    cursor->unconfirmed = best != CONFIRMED;
    return true;
}
