/* One step from a C frame to its caller by call frame information.
 *
 * A stack of N frames is unwound by N such steps, and most return addresses
 * are met again and again (in recursion, in the next thread's stack, in the
 * next dump), so the rules of a PC are kept in a small cache if they are of
 * the common kind: the CFA is SP or FP plus a constant, registers are saved at
 * constant distances from it.  A hit costs a few loads; without one the CIE
 * and the FDE are parsed and their instructions run. */
#include "cfi.h"
#include "dwarf_expr.h"
#include "dwarf_reader.h"
#include "../base/base.h"
#include "../memory/peek.h"
#include "../image/modules.h"

/* In the order of epi_rule.saved. */
static const uint8_t saved_registers[] = {EPI_RULE_REGISTERS};
_Static_assert(EPI_COUNT(saved_registers) ==
                   EPI_COUNT(((struct epi_rule *)0)->saved),
               "one slot for each register");

enum {
    RULE_OUTERMOST = 1, /* the return address is undefined */
    RULE_CODE = 2,      /* the code says so, not its author */
};

static EPI_SAFE struct epi_rule *rule_slot(struct epi_rule_cache *cache, uintptr_t pc)
{
    /* Fibonacci hashing: return addresses are aligned to nothing. */
    return &cache->rule[pc * 0x9e3779b97f4a7c15u >> 55];
}
_Static_assert(EPI_RULES == 1 << (64 - 55), "the hash gives an index");

/* Loads [AT] into register REG of NEXT. */
static EPI_SAFE bool load(struct epi_regs *next, unsigned reg, uintptr_t at)
{
    return epi_peek64(&next->r[reg], at);
}

/* Is the return address of RULE in memory?  Always, where the machine has no register for it. */
static EPI_SAFE bool in_memory(const struct epi_rule *rule)
{
    return EPI_REG_RA == EPI_REG_PC || rule->ra != 0;
}

static EPI_SAFE enum epi_step apply_rule(struct epi_cursor *cursor,
                                         const struct epi_rule *rule)
{
    struct epi_regs *regs = &cursor->regs;
    if ((rule->flags & RULE_OUTERMOST) != 0)
        return EPI_STEP_OUTERMOST;
    if (!epi_known(regs, rule->cfa_reg))
        return EPI_STEP_NO_RULE;
    uintptr_t cfa = regs->r[rule->cfa_reg] + (uintptr_t)(intptr_t)rule->cfa_offset;
    uint64_t saved[EPI_COUNT(saved_registers)], ra = regs->r[EPI_REG_RA];
    if (in_memory(rule) ? !epi_peek64(&ra, cfa + (uintptr_t)(intptr_t)rule->ra)
                        : !epi_known(regs, EPI_REG_RA))
        return in_memory(rule) ? EPI_STEP_UNREADABLE : EPI_STEP_NO_RULE;
    for (size_t i = 0; i < EPI_COUNT(saved_registers); i++)
        if (rule->saved[i] != 0 &&
            !epi_peek64(&saved[i], cfa + (uintptr_t)(intptr_t)rule->saved[i]))
            return EPI_STEP_UNREADABLE;
    uintptr_t pc = epi_cursor_return(cursor, ra);
    bool code = (rule->flags & RULE_CODE) != 0;
    if (code && (!epi_cursor_plausible(cursor, pc) || epi_cursor_returns_oddly(cursor, pc)))
        return EPI_STEP_NO_RULE;
    if (!epi_cursor_accepts(cursor, pc, cfa, false))
        return EPI_STEP_STUCK;
    for (size_t i = 0; i < EPI_COUNT(saved_registers); i++)
        if (rule->saved[i] != 0) {
            regs->r[saved_registers[i]] = saved[i];
            regs->known |= EPI_BIT(saved_registers[i]);
        }
    regs->r[EPI_REG_SP] = cfa;
    regs->r[EPI_REG_PC] = pc;
    regs->known = (regs->known & EPI_CALLEE_SAVED) | EPI_BIT(EPI_REG_SP) |
                  EPI_BIT(EPI_REG_PC);
    cursor->how = code ? EPI_HOW_CODE : EPI_HOW_CFI;
    cursor->flags = 0;
    return EPI_STEP_OK;
}

/* Is ROW of the common kind?  Then RULE says the same. */
static EPI_SAFE bool compress(struct epi_rule *rule, const struct epi_cfi_row *row)
{
    rule->flags = row->kind[EPI_REG_RA] == EPI_CFI_UNDEFINED ? RULE_OUTERMOST : 0;
    rule->ra = row->kind[EPI_REG_RA] == EPI_CFI_OFFSET ? (int16_t)row->value[EPI_REG_RA] : 0;
    if (row->cfa_kind != EPI_CFI_REGISTER)
        return false;
    if (rule->flags == 0 && !(row->kind[EPI_REG_RA] == EPI_CFI_OFFSET
                                  ? rule->ra != 0 && rule->ra == row->value[EPI_REG_RA]
                                  : row->kind[EPI_REG_RA] == EPI_CFI_UNSET && !in_memory(rule)))
        return false;
    rule->cfa_reg = row->cfa_reg;
    rule->cfa_offset = row->cfa_value;
    size_t slot = 0;
    for (unsigned reg = 0; reg < EPI_NREGS; reg++) {
        bool has_slot = slot < EPI_COUNT(saved_registers) &&
                        saved_registers[slot] == reg;
        int16_t offset = 0;
        if (row->kind[reg] == EPI_CFI_OFFSET && has_slot) {
            offset = (int16_t)row->value[reg];
            if (offset != row->value[reg] || offset == 0)
                return false;
        } else if (row->kind[reg] == EPI_CFI_SAME && has_slot) {
            offset = 0;
        } else if (row->kind[reg] != EPI_CFI_UNSET && reg != EPI_REG_RA) {
            return false;
        }
        if (has_slot)
            rule->saved[slot++] = offset;
    }
    return true;
}

/* The value of an expression that stands, after its length, OFFSET bytes into
 * BOUNDS. */
static EPI_SAFE bool evaluate(struct epi_range bounds, int32_t offset,
                              const struct epi_regs *regs, const uint64_t *initial,
                              uint64_t *value)
{
    struct epi_dwarf r;
    epi_dwarf_open(&r, bounds.start + (uintptr_t)(intptr_t)offset, bounds.end);
    uint64_t size = epi_dwarf_uleb(&r);
    if (r.failed || size > r.end - r.at)
        return false;
    return epi_expr_evaluate(r.at, size, regs, initial, value);
}

static EPI_SAFE enum epi_step apply_register(struct epi_range bounds,
                                             const struct epi_cfi_row *row,
                                             const struct epi_regs *regs, uint64_t cfa,
                                             unsigned reg, struct epi_regs *next)
{
    uint64_t value = (uint64_t)row->value[reg];
    switch (row->kind[reg]) {
    case EPI_CFI_UNSET:
        if ((EPI_CALLEE_SAVED >> reg & 1) == 0 || reg == EPI_REG_PC)
            return EPI_STEP_OK;
        /* fall through */
    case EPI_CFI_SAME:
        next->r[reg] = regs->r[reg];
        next->known |= regs->known & EPI_BIT(reg);
        if (reg == EPI_REG_SP && row->kind[reg] == EPI_CFI_UNSET) {
            next->r[reg] = cfa; /* what the CFA is defined to be */
            next->known |= EPI_BIT(reg);
        }
        return EPI_STEP_OK;
    case EPI_CFI_UNDEFINED:
        return EPI_STEP_OK;
    case EPI_CFI_VAL_OFFSET:
        next->r[reg] = cfa + value;
        break;
    case EPI_CFI_REGISTER:
        if (value >= EPI_NREGS || !epi_known(regs, value))
            return EPI_STEP_OK; /* unknown */
        next->r[reg] = regs->r[value];
        break;
    case EPI_CFI_OFFSET:
        if (!load(next, reg, cfa + value))
            return EPI_STEP_UNREADABLE;
        break;
    case EPI_CFI_EXPRESSION:
    case EPI_CFI_VAL_EXPRESSION:
        if (!evaluate(bounds, row->value[reg], regs, &cfa, &value))
            return EPI_STEP_UNREADABLE;
        if (row->kind[reg] == EPI_CFI_VAL_EXPRESSION)
            next->r[reg] = value;
        else if (!load(next, reg, value))
            return EPI_STEP_UNREADABLE;
        break;
    }
    next->known |= EPI_BIT(reg);
    return EPI_STEP_OK;
}

static EPI_SAFE enum epi_step apply_row(struct epi_cursor *cursor,
                                        const struct epi_cfi_entry *entry,
                                        const struct epi_cfi_row *row)
{
    struct epi_regs *regs = &cursor->regs, next;
    uint64_t cfa;
    if (entry->return_column >= EPI_NREGS)
        return EPI_STEP_NO_RULE;
    if (row->kind[entry->return_column] == EPI_CFI_UNDEFINED)
        return EPI_STEP_OUTERMOST;
    if (row->cfa_kind == EPI_CFI_REGISTER) {
        if (!epi_known(regs, row->cfa_reg))
            return EPI_STEP_NO_RULE;
        cfa = regs->r[row->cfa_reg] + (uint64_t)row->cfa_value;
    } else if (row->cfa_kind == EPI_CFI_EXPRESSION) {
        if (!evaluate(entry->bounds, row->cfa_value, regs, NULL, &cfa))
            return EPI_STEP_UNREADABLE;
    } else {
        return EPI_STEP_NO_RULE;
    }
    next.known = 0;
    for (unsigned reg = 0; reg < EPI_NREGS; reg++) {
        enum epi_step step = apply_register(entry->bounds, row, regs, cfa, reg, &next);
        if (step != EPI_STEP_OK)
            return step;
    }
    if (EPI_REG_RA != EPI_REG_PC && row->kind[EPI_REG_RA] == EPI_CFI_UNSET) {
        /* A leaf: nothing is said of the register that a call left the return address in. */
        next.r[EPI_REG_RA] = regs->r[EPI_REG_RA];
        next.known |= regs->known & EPI_BIT(EPI_REG_RA);
    }
    if (!epi_known(&next, entry->return_column) || !epi_known(&next, EPI_REG_SP))
        return EPI_STEP_NO_RULE;
    next.r[EPI_REG_PC] = epi_cursor_return(cursor, next.r[entry->return_column]);
    if (!entry->signal) /* a caller's own return address is not there: its call has replaced it */
        next.known &= ~EPI_BIT(EPI_REG_RA);
    next.known |= EPI_BIT(EPI_REG_PC);
    if (!epi_cursor_accepts(cursor, next.r[EPI_REG_PC], next.r[EPI_REG_SP], entry->signal))
        return EPI_STEP_STUCK;
    epi_copy_words(regs, &next, sizeof next);
    cursor->how = EPI_HOW_CFI;
    cursor->flags = 0;
    if (entry->signal) {
        /* What the signal interrupted: not a call, maybe another stack. */
        cursor->flags = EPI_FRAME_EXACT;
        cursor->stack = (struct epi_range){0, 0};
    }
    return EPI_STEP_OK;
}

EPI_SAFE enum epi_step epi_cfi_step_cached(struct epi_cursor *cursor, uintptr_t pc)
{
    if (cursor->cache == NULL)
        return EPI_STEP_NO_RULE;
    const struct epi_rule *rule = rule_slot(cursor->cache, pc);
    return rule->pc == pc && pc != 0 ? apply_rule(cursor, rule) : EPI_STEP_NO_RULE;
}

/* The frame of a call ends behind its return address.  In glibc's resolver of arm64
 * (dl-trampoline.S) the two words that the procedure linkage table has pushed are not counted:
 * the return address seems to be above the CFA, and the caller's SP would be 16 too low.  A CFA
 * that is no place on the stack is left alone, as in longjmp, which loads all from a buffer. */
static EPI_SAFE void raise_cfa(const struct epi_cfi_entry *entry, struct epi_cfi_row *row)
{
    if (EPI_REG_RA == EPI_REG_PC || entry->signal || entry->return_column != EPI_REG_RA ||
        row->cfa_kind != EPI_CFI_REGISTER ||
        (row->cfa_reg != EPI_REG_SP && row->cfa_reg != EPI_REG_FP) ||
        row->kind[EPI_REG_SP] != EPI_CFI_UNSET || row->kind[EPI_REG_RA] != EPI_CFI_OFFSET ||
        row->value[EPI_REG_RA] < 0 || row->value[EPI_REG_RA] > INT16_MAX ||
        row->cfa_value > INT32_MAX - 2 * INT16_MAX)
        return;
    for (unsigned reg = 0; reg < EPI_NREGS; reg++)
        if (row->kind[reg] == EPI_CFI_EXPRESSION || row->kind[reg] == EPI_CFI_VAL_EXPRESSION)
            return; /* it may compute with the CFA */
    int32_t by = (int32_t)row->value[EPI_REG_RA] + (int32_t)sizeof(uint64_t);
    row->cfa_value += by;
    for (unsigned reg = 0; reg < EPI_NREGS; reg++)
        if ((row->kind[reg] == EPI_CFI_OFFSET || row->kind[reg] == EPI_CFI_VAL_OFFSET) &&
            row->value[reg] > INT32_MIN + by)
            row->value[reg] -= by;
}

EPI_SAFE enum epi_step epi_cfi_step(struct epi_cursor *cursor,
                                    const struct epi_module *module)
{
    uintptr_t pc = epi_cursor_lookup_pc(cursor);
    struct epi_cfi_entry entry;
    struct epi_cfi_row row;
    if (!epi_cfi_find(module, pc, &entry) || !epi_cfi_run(&entry, pc, &row))
        return EPI_STEP_NO_RULE;
    raise_cfa(&entry, &row);
    struct epi_rule rule;
    if (cursor->cache == NULL || entry.signal || entry.return_column != EPI_REG_RA ||
        !compress(&rule, &row))
        return apply_row(cursor, &entry, &row);
    rule.pc = pc;
    epi_copy_words(rule_slot(cursor->cache, pc), &rule, sizeof rule);
    return apply_rule(cursor, &rule);
}

EPI_SAFE enum epi_step epi_cfi_step_entry(struct epi_cursor *cursor,
                                          const struct epi_cfi_entry *entry)
{
    struct epi_cfi_row row;
    if (!epi_cfi_run(entry, epi_cursor_lookup_pc(cursor), &row))
        return EPI_STEP_NO_RULE;
    return apply_row(cursor, entry, &row);
}

EPI_SAFE enum epi_step epi_cfi_step_row(struct epi_cursor *cursor, const struct epi_cfi_row *row)
{
    struct epi_rule rule;
    if (!compress(&rule, row))
        return EPI_STEP_NO_RULE;
    rule.flags |= RULE_CODE;
    rule.pc = epi_cursor_lookup_pc(cursor);
    enum epi_step step = apply_rule(cursor, &rule);
    if (step == EPI_STEP_OK && cursor->cache != NULL)
        epi_copy_words(rule_slot(cursor->cache, rule.pc), &rule, sizeof rule);
    return step;
}

EPI_SAFE bool epi_cfi_covers(const struct epi_module *module, uintptr_t pc)
{
    struct epi_cfi_entry entry;
    return epi_cfi_find(module, pc, &entry);
}
