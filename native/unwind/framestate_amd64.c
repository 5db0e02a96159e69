/* RSP and RBP, followed over the instructions of a function.
 *
 * A register's value is the caller's when it is pushed or stored for the first time: a
 * function that has changed it before has lost it. */
#include "framestate_amd64.h"
#include "cursor.h"
#include "../base/base.h"

/* The machine's numbers of registers, which are not DWARF's. */
enum { SP = 4, BP = 5 };

/* DWARF's, in the order of epi_framestate.saved. */
static const uint8_t kept[EPI_FRAME_KEPT] = {EPI_RBX, EPI_RBP, EPI_R12, EPI_R13, EPI_R14, EPI_R15};
enum { KEPT_BP = 1 };

static EPI_SAFE int kept_index(unsigned machine_register)
{
    static const int8_t index[16] = {-1, -1, -1, 0, -1, 1, -1, -1, -1, -1, -1, -1, 2, 3, 4, 5};
    return index[machine_register & 15];
}

/* RSP moves: what it leaves below is not saved any more. */
static EPI_SAFE void set_depth(struct epi_framestate *s, int64_t depth)
{
    if (depth < EPI_CALL_PUSHES || depth > (int64_t)EPI_FRAME_MAX) {
        s->known = false;
        return;
    }
    s->deep = false;
    s->depth = (int32_t)depth;
    for (unsigned i = 0; i < EPI_FRAME_KEPT; i++)
        if (s->saved[i] < -depth)
            s->saved[i] = 0;
}

static EPI_SAFE void save(struct epi_framestate *s, unsigned reg, int64_t offset)
{
    int i = kept_index(reg);
    if (i >= 0 && s->saved[i] == 0 && offset >= INT16_MIN && offset < -EPI_CALL_PUSHES)
        s->saved[i] = (int16_t)offset;
}

static EPI_SAFE void push(struct epi_framestate *s, int reg)
{
    if (s->deep)
        return;
    set_depth(s, s->depth + 8);
    if (reg >= 0)
        save(s, (unsigned)reg, -s->depth);
}

static EPI_SAFE void pop(struct epi_framestate *s, unsigned reg)
{
    if (reg == SP) {
        s->known = false;
        return;
    }
    if (reg == BP)
        s->frame = false;
    if (!s->deep)
        set_depth(s, s->depth - 8);
    else if (reg == BP)
        s->known = false; /* the epilogue, and where in it is not known */
}

/* The frame pointer is taken down. */
static EPI_SAFE void leave(struct epi_framestate *s, bool pops)
{
    if (!s->frame) {
        s->known = false;
        return;
    }
    set_depth(s, 16);
    if (pops)
        pop(s, BP);
}

static EPI_SAFE bool is_register(const struct epi_x86 *x, unsigned rm)
{
    return x->modrm >> 6 == 3 && epi_x86_rm(x) == rm;
}

/* Is the operand in memory at REG plus the displacement? */
static EPI_SAFE bool at_register(const struct epi_x86 *x, unsigned reg)
{
    unsigned mode = x->modrm >> 6;
    if (mode == 3 || x->segment || x->address32)
        return false;
    if (reg == SP)
        return x->has_sib && epi_x86_base(x) == SP && epi_x86_index(x) == 4;
    return !x->has_sib && mode != 0 && epi_x86_rm(x) == reg;
}

/* mov: RSP and RBP into each other, a register into the frame. */
static EPI_SAFE void move(struct epi_framestate *s, const struct epi_x86 *x)
{
    bool store = x->opcode == 0x89, wide = (x->rex & 8) != 0;
    unsigned reg = epi_x86_reg(x), rm = epi_x86_rm(x);
    if (x->modrm >> 6 != 3) {
        if (store && wide && at_register(x, SP) && !s->deep)
            save(s, reg, x->displacement - s->depth);
        else if (store && wide && at_register(x, BP) && s->frame)
            save(s, reg, x->displacement - 16);
        else if (!store && (reg == SP || (reg == BP && s->frame)))
            s->known = false;
        return;
    }
    unsigned from = store ? reg : rm, to = store ? rm : reg;
    if (to == BP && from == SP && wide)
        s->frame = !s->deep && s->depth == 16 && s->saved[KEPT_BP] == -16;
    else if (to == SP && from == BP && wide)
        leave(s, false);
    else if (to == SP)
        s->known = false;
    else if (to == BP)
        s->frame = false;
}

static EPI_SAFE void load_address(struct epi_framestate *s, const struct epi_x86 *x)
{
    if (epi_x86_reg(x) == BP)
        s->frame = false;
    if (epi_x86_reg(x) != SP)
        return;
    if (at_register(x, SP) && !s->deep)
        set_depth(s, s->depth - x->displacement);
    else if (at_register(x, BP) && s->frame)
        set_depth(s, 16 - (int64_t)x->displacement);
    else if (!at_register(x, SP))
        s->known = false;
}

/* add, or, adc, sbb, and, sub, xor, cmp with a number. */
static EPI_SAFE void compute(struct epi_framestate *s, const struct epi_x86 *x)
{
    unsigned operation = x->modrm >> 3 & 7;
    if (is_register(x, BP) && operation != 7)
        s->frame = false;
    if (!is_register(x, SP) || operation == 7)
        return;
    if ((x->rex & 8) == 0 || (operation != 0 && operation != 4 && operation != 5))
        s->known = false;
    else if (operation == 4)
        s->deep = true;
    else if (!s->deep)
        set_depth(s, s->depth + (operation == 5 ? x->immediate : -x->immediate));
}

/* Other instructions of one byte: do they write RSP or RBP? */
static EPI_SAFE bool writes(const struct epi_x86 *x, unsigned reg)
{
    uint8_t op = x->opcode, digit = x->modrm >> 3 & 7;
    if (!x->has_modrm)
        return op > 0x90 && op < 0x98 && (op & 7u) + ((x->rex & 1u) << 3) == reg; /* xchg */
    bool rm = is_register(x, reg);
    if (op < 0x40)
        return op < 0x38 && ((op & 2) == 0 ? rm : epi_x86_reg(x) == reg);
    if (op == 0x63 || op == 0x69 || op == 0x6b)
        return epi_x86_reg(x) == reg;
    if (op == 0x86 || op == 0x87)
        return rm || epi_x86_reg(x) == reg;
    if (op == 0xf6 || op == 0xf7)
        return rm && (digit == 2 || digit == 3);
    return rm && (op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
                  (op >= 0xd0 && op <= 0xd3) || (op >= 0xfe && digit < 2));
}

static EPI_SAFE void other(struct epi_framestate *s, const struct epi_x86 *x)
{
    /* alloca: the size is in a register. */
    bool aligned = (x->opcode == 0x29 && is_register(x, SP)) ||
                   (x->opcode == 0x2b && epi_x86_reg(x) == SP);
    if (writes(x, SP) && aligned)
        s->deep = true;
    else if (writes(x, SP))
        s->known = false;
    if (writes(x, BP))
        s->frame = false;
}

static EPI_SAFE void by_stack(struct epi_framestate *s, const struct epi_x86 *x)
{
    uint8_t op = x->opcode, digit = x->modrm >> 3 & 7;
    int reg = (op & 7) | (x->rex & 1) << 3;
    if (x->operand16)
        s->known = false; /* half a push */
    else if ((op & 0xf8) == 0x50)
        push(s, reg);
    else if ((op & 0xf8) == 0x58)
        pop(s, (unsigned)reg);
    else if (op == 0x68 || op == 0x6a || op == 0x9c || (op == 0xff && digit == 6))
        push(s, -1);
    else if (op == 0x9d || op == 0x8f)
        pop(s, op == 0x8f && x->modrm >> 6 == 3 ? epi_x86_rm(x) : 0);
    else
        leave(s, true);
}

static EPI_SAFE void one_byte(struct epi_framestate *s, const struct epi_x86 *x)
{
    uint8_t op = x->opcode;
    if ((op & 0xf0) == 0x50 || op == 0x68 || op == 0x6a || op == 0x9c || op == 0x9d ||
        op == 0x8f || op == 0xc9 || (op == 0xff && (x->modrm >> 3 & 7) == 6))
        by_stack(s, x);
    else if (op == 0x89 || op == 0x8b)
        move(s, x);
    else if (op == 0x8d)
        load_address(s, x);
    else if (op == 0x81 || op == 0x83)
        compute(s, x);
    else if (op == 0xc8 || op == 0xca || op == 0xcb || op == 0xcf)
        s->known = false; /* enter, returns of other kinds */
    else
        other(s, x);
}

EPI_SAFE void epi_framestate_run(struct epi_framestate *s, const struct epi_x86 *x)
{
    uint8_t op = x->opcode;
    if (x->map == EPI_X86_ONE_BYTE) {
        one_byte(s, x);
        return;
    }
    bool to_register = x->map == EPI_X86_0F && !x->vex &&
                       ((op & 0xf0) == 0x40 || op == 0xaf || (op & 0xf6) == 0xb6 ||
                        op == 0xbc || op == 0xbd);
    if (to_register && epi_x86_reg(x) == SP)
        s->known = false;
    else if (to_register && epi_x86_reg(x) == BP)
        s->frame = false;
}

EPI_SAFE bool epi_framestate_join(struct epi_framestate *s, const struct epi_framestate *other)
{
    bool changed = false;
    if (s->frame && !other->frame) {
        s->frame = false;
        changed = true;
    }
    if (!s->deep && (other->deep || s->depth != other->depth)) {
        s->deep = true;
        changed = true;
    }
    for (unsigned i = 0; i < EPI_FRAME_KEPT; i++)
        if (s->saved[i] != 0 && s->saved[i] != other->saved[i]) {
            s->saved[i] = 0;
            changed = true;
        }
    s->torn = s->deep && !s->frame;
    s->known = !s->torn;
    return changed;
}

EPI_SAFE void epi_framestate_start(struct epi_framestate *s, bool pushed_bp)
{
    epi_zero(s, sizeof *s);
    s->known = true;
    s->depth = EPI_CALL_PUSHES;
    if (pushed_bp)
        push(s, BP);
}

EPI_SAFE bool epi_framestate_row(const struct epi_framestate *s, struct epi_cfi_row *row)
{
    epi_zero_words(row, sizeof *row);
    if (!s->known || (s->deep && !s->frame))
        return false;
    row->cfa_kind = EPI_CFI_REGISTER;
    row->cfa_reg = s->deep ? EPI_REG_FP : EPI_REG_SP;
    row->cfa_value = s->deep ? 16 : s->depth;
    row->kind[EPI_REG_PC] = EPI_CFI_OFFSET;
    row->value[EPI_REG_PC] = -EPI_CALL_PUSHES;
    for (unsigned i = 0; i < EPI_FRAME_KEPT; i++)
        if (s->saved[i] != 0) {
            row->kind[kept[i]] = EPI_CFI_OFFSET;
            row->value[kept[i]] = s->saved[i];
        }
    return true;
}
