/* The interpreter of call frame instructions: from the start of a function to
 * the row for one PC.
 *
 * It is run on demand.  Compiling all of .eh_frame into a table beforehand
 * (async-profiler does) makes the first look-up faster, but costs 10 to 100 ms
 * and megabytes per process, and misses whatever was loaded since. */
#include "cfi.h"
#include "dwarf_reader.h"
#include "../base/base.h"

enum {
    CFA_ADVANCE_LOC = 0x40, /* these three hold an operand in the low six bits */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_PRIMARY = 0xc0,

    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_MIPS_ADVANCE_LOC8 = 0x1d,
    CFA_AARCH64_NEGATE_RA_STATE_WITH_PC = 0x2c,
    CFA_AARCH64_NEGATE_RA_STATE = 0x2d,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

/* Compilers nest DW_CFA_remember_state once; hand-written code at most a few
 * times. */
#define REMEMBERED 6

struct machine {
    const struct epi_cfi_entry *entry;
    struct epi_dwarf code;
    uintptr_t location;
    bool failed;
    unsigned remembered;
    struct epi_cfi_row row;
    struct epi_cfi_row initial; /* after the CIE, for DW_CFA_restore */
    struct epi_cfi_row saved[REMEMBERED];
};

static EPI_SAFE int32_t narrow(struct machine *m, int64_t value)
{
    if (value != (int32_t)value)
        m->failed = true;
    return (int32_t)value;
}

/* Operands are multiplied as unsigned: hostile ones may overflow. */
static EPI_SAFE int64_t factored(const struct machine *m, uint64_t operand)
{
    return (int64_t)(operand * (uint64_t)m->entry->data_align);
}

/* Vector and mask registers have rules too; the core does not follow them. */
static EPI_SAFE void set(struct machine *m, uint64_t reg, enum epi_cfi_kind kind,
                         int64_t value)
{
    if (reg >= EPI_NREGS)
        return;
    m->row.kind[reg] = (uint8_t)kind;
    m->row.value[reg] = narrow(m, value);
}

static EPI_SAFE void restore(struct machine *m, uint64_t reg)
{
    if (reg >= EPI_NREGS)
        return;
    m->row.kind[reg] = m->initial.kind[reg];
    m->row.value[reg] = m->initial.value[reg];
}

static EPI_SAFE void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    if (reg >= EPI_NREGS) {
        m->failed = true;
        return;
    }
    m->row.cfa_kind = EPI_CFI_REGISTER;
    m->row.cfa_reg = (uint8_t)reg;
    m->row.cfa_value = narrow(m, offset);
}

/* Skips an expression and says where it stands, its length included. */
static EPI_SAFE int64_t expression(struct machine *m)
{
    int64_t at = (int64_t)(m->code.at - m->entry->bounds.start);
    epi_dwarf_skip(&m->code, epi_dwarf_uleb(&m->code));
    return at;
}

static EPI_SAFE void remember(struct machine *m)
{
    if (m->remembered == REMEMBERED)
        m->failed = true;
    else
        epi_copy_words(&m->saved[m->remembered++], &m->row, sizeof m->row);
}

/* The CFA comes back as well: DWARF leaves that open, compilers rely on it. */
static EPI_SAFE void recall(struct machine *m)
{
    if (m->remembered == 0)
        m->failed = true;
    else
        epi_copy_words(&m->row, &m->saved[--m->remembered], sizeof m->row);
}

static EPI_SAFE void advance(struct machine *m, uint64_t delta)
{
    m->location += delta * m->entry->code_align;
}

/* lint: long because it is one switch, with a case for each instruction. */
static EPI_SAFE void execute(struct machine *m, uint8_t op)
{
    struct epi_dwarf *code = &m->code;
    uint64_t low = op & ~CFA_PRIMARY & 0xff, reg;
    switch (op & CFA_PRIMARY) {
    case CFA_ADVANCE_LOC: advance(m, low); return;
    case CFA_OFFSET: set(m, low, EPI_CFI_OFFSET, factored(m, epi_dwarf_uleb(code))); return;
    case CFA_RESTORE: restore(m, low); return;
    }
    switch (op) {
    case CFA_NOP: break;
    case CFA_SET_LOC:
        m->location = epi_dwarf_pointer(code, m->entry->encoding, 0);
        break;
    case CFA_ADVANCE_LOC1: advance(m, epi_dwarf_unsigned(code, 1)); break;
    case CFA_ADVANCE_LOC2: advance(m, epi_dwarf_unsigned(code, 2)); break;
    case CFA_ADVANCE_LOC4: advance(m, epi_dwarf_unsigned(code, 4)); break;
    case CFA_MIPS_ADVANCE_LOC8: advance(m, epi_dwarf_unsigned(code, 8)); break;

    case CFA_DEF_CFA:
        reg = epi_dwarf_uleb(code);
        set_cfa(m, reg, (int64_t)epi_dwarf_uleb(code));
        break;
    case CFA_DEF_CFA_SF:
        reg = epi_dwarf_uleb(code);
        set_cfa(m, reg, factored(m, (uint64_t)epi_dwarf_sleb(code)));
        break;
    case CFA_DEF_CFA_REGISTER:
        set_cfa(m, epi_dwarf_uleb(code), m->row.cfa_value);
        break;
    case CFA_DEF_CFA_OFFSET:
        m->row.cfa_value = narrow(m, (int64_t)epi_dwarf_uleb(code));
        break;
    case CFA_DEF_CFA_OFFSET_SF:
        m->row.cfa_value = narrow(m, factored(m, (uint64_t)epi_dwarf_sleb(code)));
        break;
    case CFA_DEF_CFA_EXPRESSION:
        m->row.cfa_kind = EPI_CFI_EXPRESSION;
        m->row.cfa_value = narrow(m, expression(m));
        break;

    case CFA_UNDEFINED: set(m, epi_dwarf_uleb(code), EPI_CFI_UNDEFINED, 0); break;
    case CFA_SAME_VALUE: set(m, epi_dwarf_uleb(code), EPI_CFI_SAME, 0); break;
    case CFA_RESTORE_EXTENDED: restore(m, epi_dwarf_uleb(code)); break;
    case CFA_REGISTER:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_REGISTER, (int64_t)epi_dwarf_uleb(code));
        break;
    case CFA_OFFSET_EXTENDED:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_OFFSET, factored(m, epi_dwarf_uleb(code)));
        break;
    case CFA_OFFSET_EXTENDED_SF:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_OFFSET, factored(m, (uint64_t)epi_dwarf_sleb(code)));
        break;
    case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_OFFSET, factored(m, -epi_dwarf_uleb(code)));
        break;
    case CFA_VAL_OFFSET:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_VAL_OFFSET, factored(m, epi_dwarf_uleb(code)));
        break;
    case CFA_VAL_OFFSET_SF:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_VAL_OFFSET, factored(m, (uint64_t)epi_dwarf_sleb(code)));
        break;
    case CFA_EXPRESSION:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_EXPRESSION, expression(m));
        break;
    case CFA_VAL_EXPRESSION:
        reg = epi_dwarf_uleb(code);
        set(m, reg, EPI_CFI_VAL_EXPRESSION, expression(m));
        break;

    case CFA_REMEMBER_STATE: remember(m); break;
    case CFA_RESTORE_STATE: recall(m); break;
    /* From here on the return address is signed, or no more.  A signature is taken off
     * whatever has one (epi_cursor_return). */
    case CFA_AARCH64_NEGATE_RA_STATE:
    case CFA_AARCH64_NEGATE_RA_STATE_WITH_PC: break;
    case CFA_GNU_ARGS_SIZE: epi_dwarf_uleb(code); break; /* for landing pads only */
    default: m->failed = true;
    }
}

/* Runs CODE until it is through, or past PC. */
static EPI_SAFE bool run(struct machine *m, struct epi_range code, uintptr_t pc)
{
    epi_dwarf_open(&m->code, code.start, code.end);
    while (epi_dwarf_more(&m->code) && m->location <= pc && !m->failed)
        execute(m, epi_dwarf_u8(&m->code));
    return !m->failed && !m->code.failed;
}

EPI_SAFE bool epi_cfi_run(const struct epi_cfi_entry *entry, uintptr_t pc,
                          struct epi_cfi_row *row)
{
    struct machine m;
    m.entry = entry;
    m.location = entry->pc.start;
    m.failed = false;
    m.remembered = 0;
    epi_zero_words(&m.row, sizeof m.row);
    epi_zero_words(&m.initial, sizeof m.initial);
    m.row.cfa_kind = EPI_CFI_UNDEFINED;

    if (!run(&m, entry->initial, UINTPTR_MAX))
        return false;
    /* A location in a CIE means nothing. */
    m.location = entry->pc.start;
    epi_copy_words(&m.initial, &m.row, sizeof m.row);
    if (!run(&m, entry->instructions, pc))
        return false;
    epi_copy_words(row, &m.row, sizeof *row);
    return true;
}
