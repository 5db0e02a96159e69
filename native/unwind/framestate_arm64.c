/* SP, X29 and LR, followed over the instructions of a function (Arm Architecture Reference Manual,
 * C4.1: bits 28 to 25 of an instruction say what kind it is of).
 *
 * LR has the return address at first; a call takes it away, and a load from where it was stored
 * brings it back.  With a signature it is the same address. */
#include "framestate_arm64.h"
#include "framestate.h"
#include "../base/base.h"
#include "../memory/decode_arm64.h"
#include "../memory/peek.h"

enum { FP = 29, LR = 30, SP = 31 };

/* Of epi_framestate.saved. */
enum { FIRST_KEPT = 19, KEPT_FP = FP - FIRST_KEPT };

static inline EPI_SAFE unsigned rd(uint32_t code)
{
    return code & 31;
}

static inline EPI_SAFE unsigned rn(uint32_t code)
{
    return code >> 5 & 31;
}

static inline EPI_SAFE bool bit(uint32_t code, unsigned n)
{
    return (code >> n & 1) != 0;
}

/* Something is written to REG; as a rule, 31 is the register of zeros. */
static EPI_SAFE void written(struct epi_framestate *s, unsigned reg)
{
    if (reg == FP)
        s->frame = false;
    if (reg == LR)
        s->link = false;
}

/* Where REG points to, from the CFA. */
static EPI_SAFE bool points_to(const struct epi_framestate *s, unsigned reg, int64_t *offset)
{
    *offset = reg == SP ? -(int64_t)s->depth : -(int64_t)s->frame_depth;
    return (reg == SP && !s->deep) || (reg == FP && s->frame);
}

static EPI_SAFE void stored(struct epi_framestate *s, unsigned reg, int64_t offset)
{
    if (reg >= FIRST_KEPT && reg <= FP)
        epi_framestate_save(s, reg - FIRST_KEPT, offset);
    if (reg == LR && s->link && s->ra == 0 && offset >= INT16_MIN && offset < 0)
        s->ra = (int16_t)offset;
}

static EPI_SAFE void loaded(struct epi_framestate *s, unsigned reg, bool known, int64_t offset)
{
    written(s, reg);
    if (reg == LR)
        s->link = known && s->ra != 0 && s->ra == offset;
}

/* A load or a store at a register plus OFFSET. */
struct access {
    unsigned base, count, reg[2]; /* the registers of COUNT are general ones */
    unsigned size;                /* bytes of each */
    bool load, before, behind;    /* OFFSET is added to the base before, or behind it */
    int64_t offset;
};

static EPI_SAFE void run_access(struct epi_framestate *s, const struct access *a)
{
    int64_t at;
    bool known = points_to(s, a->base, &at);
    if (a->before && a->base == SP && !s->deep)
        epi_framestate_set_depth(s, s->depth - a->offset);
    if (!a->behind)
        at += a->offset;
    for (unsigned i = 0; i < a->count; i++) {
        int64_t place = at + (int64_t)(i * a->size);
        if (a->load)
            loaded(s, a->reg[i], known && a->size == 8, place);
        else if (known && a->size == 8)
            stored(s, a->reg[i], place);
    }
    if (a->behind && a->base == SP && !s->deep)
        epi_framestate_set_depth(s, s->depth - a->offset);
    if ((a->before || a->behind) && a->base != SP)
        written(s, a->base);
}

/* STP, LDP and their kin: of vectors, of words, STGP. */
static EPI_SAFE void run_pair(struct epi_framestate *s, uint32_t code)
{
    unsigned opc = code >> 30, mode = code >> 23 & 3;
    bool vector = bit(code, 26), load = bit(code, 22);
    bool tags = !vector && opc == 1 && !load;
    unsigned shift = tags ? 4 : vector ? 2 + opc : opc == 2 ? 3 : 2;
    struct access a = {.base = rn(code), .count = vector ? 0 : 2, .reg = {rd(code), code >> 10 & 31},
                       .size = opc == 2 || tags ? 8 : 4, .load = load, .behind = mode == 1,
                       .before = mode == 3, .offset = epi_a64_signed(code, 15, 7) * (1 << shift)};
    run_access(s, &a);
}

/* STR, LDR and their kin, with an immediate offset. */
static EPI_SAFE void run_single(struct epi_framestate *s, uint32_t code)
{
    unsigned size = code >> 30, opc = code >> 22 & 3, mode = code >> 10 & 3;
    bool vector = bit(code, 26), scaled = bit(code, 24), prefetch = size == 3 && opc == 2;
    struct access a = {.base = rn(code), .count = vector || prefetch ? 0 : 1, .reg = {rd(code)},
                       .size = 1u << size, .load = opc != 0, .behind = !scaled && mode == 1,
                       .before = !scaled && mode == 3};
    a.offset = scaled ? (int64_t)(code >> 10 & 0xfff) << size : epi_a64_signed(code, 12, 9);
    run_access(s, &a);
}

static EPI_SAFE void run_memory(struct epi_framestate *s, uint32_t code)
{
    enum { VECTORS = 0x0c000000 };
    if ((code & 0x3a000000) == 0x28000000) {
        run_pair(s, code);
    } else if ((code & 0x3b200000) == 0x38000000 || (code & 0x3b000000) == 0x39000000) {
        run_single(s, code);
    } else if ((code & 0x3f000000) == 0x08000000) { /* exclusive, ordered, compare and swap */
        written(s, rd(code));
        written(s, code >> 10 & 31);
        written(s, code >> 16 & 31);
    } else if ((code & 0xbe000000) == VECTORS) {
        if (bit(code, 23) && rn(code) == SP)
            s->known = false;
    } else if (!bit(code, 26)) {
        written(s, rd(code));
        /* LDRAA and the instructions for tags may move the base. */
        if (rn(code) == SP && bit(code, 10) && ((code & 0xff200000) == 0xf8200000 ||
                                                (code & 0xff200000) == 0xd9200000))
            s->known = false;
    }
}

/* ADD, SUB with a number: also what is written as mov to and from SP. */
static EPI_SAFE void run_add(struct epi_framestate *s, uint32_t code)
{
    bool wide = bit(code, 31), flags = bit(code, 29);
    int64_t value = (int64_t)(code >> 10 & 0xfff) << (bit(code, 22) ? 12 : 0), from;
    if (bit(code, 30))
        value = -value;
    bool known = points_to(s, rn(code), &from) && wide;
    if (rd(code) == SP && !flags) {
        if (known)
            epi_framestate_set_depth(s, -(from + value));
        else
            s->deep = true;
    } else if (rd(code) == FP && known && !flags && s->saved[KEPT_FP] != 0 && from + value <= 0) {
        s->frame = true;
        s->frame_depth = (int32_t)-(from + value);
    } else {
        written(s, rd(code));
    }
}

/* What MOVZ, and MOVK behind it, have put into REG right before AT. */
static EPI_SAFE bool number_in(unsigned reg, uintptr_t at, int64_t *value)
{
    enum { MOVZ = 0x52800000, MOVK = 0x72800000, MOST = 4 };
    uint64_t sum = 0;
    for (uint32_t i = 1, code; i <= MOST; i++) {
        if (!epi_peek32(&code, at - i * 4) || rd(code) != reg)
            return false;
        uint32_t kind = code & 0x7f800000;
        if (kind != MOVZ && kind != MOVK)
            return false;
        sum |= (uint64_t)(code >> 5 & 0xffff) << (code >> 21 & 3) * 16;
        *value = (int64_t)sum;
        if (kind == MOVZ)
            return true;
    }
    return false;
}

/* ADD, SUB with a register, of which the form that is called extended knows SP. */
static EPI_SAFE void run_add_register(struct epi_framestate *s, uint32_t code, uintptr_t at)
{
    enum { ADD_SP = 0x8b2063ff, SUB_SP = 0xcb2063ff };
    int64_t value;
    uint32_t kind = code & 0xffe0ffff;
    if ((kind == ADD_SP || kind == SUB_SP) && number_in(code >> 16 & 31, at, &value)) {
        if (!s->deep && value >= 0 && value <= INT32_MAX)
            epi_framestate_set_depth(s, kind == SUB_SP ? s->depth + value : s->depth - value);
        else
            s->deep = true;
    } else if (rd(code) == SP && !bit(code, 29)) {
        s->deep = true;
    } else {
        written(s, rd(code));
    }
}

/* ADDVL, ADDPL, and SME's: a number of vectors, whose length only the processor knows. */
static EPI_SAFE void run_add_vectors(struct epi_framestate *s, uint32_t code)
{
    if (rd(code) == SP)
        s->deep = true;
    else
        written(s, rd(code));
}

EPI_SAFE void epi_framestate_arm64(struct epi_framestate *s, uint32_t code, uintptr_t at)
{
    enum { PAC_AND_AUT = 0xdac10000 };
    if ((code & 0x0a000000) == 0x08000000) {
        run_memory(s, code);
    } else if ((code & 0x1f800000) == 0x11000000) {
        run_add(s, code);
    } else if ((code & 0x1fe00000) == 0x0b200000) {
        run_add_register(s, code, at);
    } else if ((code & 0x1c000000) == 0x10000000) { /* others with a number */
        bool logical = (code & 0x1f800000) == 0x12000000, flags = (code >> 29 & 3) == 3;
        bool tag = (code & 0x1f800000) == 0x11800000;
        if (rd(code) == SP && ((logical && !flags) || tag))
            s->deep = true; /* aligned */
        else
            written(s, rd(code));
    } else if ((code & 0x0e000000) == 0x0a000000) { /* others with registers */
        if ((code & 0xffff8000) != PAC_AND_AUT)
            written(s, rd(code));
    } else if ((code & 0xffa0f000) == 0x04205000) {
        run_add_vectors(s, code);
    } else if ((code & 0xfff00000) == 0xd5300000) { /* mrs */
        written(s, rd(code));
    }
}
