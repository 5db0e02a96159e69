/* RSP and RBP, followed over the instructions of a function. */
#include "framestate_amd64.h"
#include "framestate.h"
#include "../base/base.h"
#include "../memory/decode_amd64.h"

/* The machine's numbers of registers, which are not DWARF's. */
enum { SP = 4, BP = 5 };

enum { KEPT_BP = 1 }; /* in epi_framestate.saved */

/* Where a frame pointer is: below the return address, on the caller's. */
enum { FRAME_DEPTH = 16 };

static EPI_SAFE int kept_index(unsigned machine_register)
{
    static const int8_t index[16] = {-1, -1, -1, 0, -1, 1, -1, -1, -1, -1, -1, -1, 2, 3, 4, 5};
    return index[machine_register & 15];
}

static EPI_SAFE void save(struct epi_framestate *s, unsigned reg, int64_t offset)
{
    int i = kept_index(reg);
    if (i >= 0)
        epi_framestate_save(s, (unsigned)i, offset);
}

static EPI_SAFE void push(struct epi_framestate *s, int reg)
{
    if (s->deep)
        return;
    epi_framestate_set_depth(s, s->depth + 8);
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
        epi_framestate_set_depth(s, s->depth - 8);
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
    epi_framestate_set_depth(s, FRAME_DEPTH);
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
            save(s, reg, x->displacement - FRAME_DEPTH);
        else if (!store && (reg == SP || (reg == BP && s->frame)))
            s->known = false;
        return;
    }
    unsigned from = store ? reg : rm, to = store ? rm : reg;
    if (to == BP && from == SP && wide) {
        s->frame_depth = FRAME_DEPTH;
        s->frame = !s->deep && s->depth == FRAME_DEPTH && s->saved[KEPT_BP] == -FRAME_DEPTH;
    } else if (to == SP && from == BP && wide) {
        leave(s, false);
    } else if (to == SP) {
        s->known = false;
    } else if (to == BP) {
        s->frame = false;
    }
}

static EPI_SAFE void load_address(struct epi_framestate *s, const struct epi_x86 *x)
{
    if (epi_x86_reg(x) == BP)
        s->frame = false;
    if (epi_x86_reg(x) != SP)
        return;
    if (at_register(x, SP) && !s->deep)
        epi_framestate_set_depth(s, s->depth - x->displacement);
    else if (at_register(x, BP) && s->frame)
        epi_framestate_set_depth(s, FRAME_DEPTH - (int64_t)x->displacement);
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
        epi_framestate_set_depth(s, s->depth + (operation == 5 ? x->immediate : -x->immediate));
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

EPI_SAFE void epi_framestate_amd64(struct epi_framestate *s, const struct epi_x86 *x)
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
