/* The frame of a function out of its instructions, on amd64.
 *
 * The function is read from its first instruction on, and what each does to RSP is
 * followed: how far the CFA is from it, which registers were pushed, whether RBP is a
 * frame pointer.  Compilers and assemblers keep to one such state at each instruction,
 * whatever way led there, so a state is taken along jumps, forwards and backwards, and
 * the code is read again until the PC was reached by a way that is known.  A call may not
 * return: where a jump leads to the instruction behind it, the jump's state counts.
 * Behind a jump by a table the cases are taken to have the state of the jump.
 *
 * One instruction that is reached with two states has none, but for what they have in common:
 * it is in a loop that moves RSP (-fstack-clash-protection touches a large frame page by
 * page), or a way was taken for one that is none.
 *
 * The prologue alone (what debuggers look at) is not enough: most code has no frame
 * pointer, and a fault may be in an epilogue.
 */
#include "framecode.h"
#include "cfi.h"
#include "framestate_amd64.h"
#include "../base/base.h"
#include "../memory/decode_amd64.h"
#include "../memory/peek.h"

/* A longer function takes long, and would have more jumps than can be kept. */
#define CODE_MAX ((uintptr_t)64 << 10)
#define TARGETS 96
#define READINGS 6

/* An instruction has about four bytes, and all are read at least twice.  Where that is more
 * than may be spent, nothing is: a profile may find the same long function at every sample. */
static EPI_SAFE bool seems_affordable(struct epi_range code, uint32_t work)
{
    return (code.end - code.start) / 4 * 2 <= work;
}

struct target {
    uint32_t at;
    struct epi_framestate state;
};

struct reading {
    struct epi_range code;
    struct epi_x86 x;
    struct epi_framestate now;
    struct epi_framestate dispatch; /* at the last jump by a table */
    uint32_t count;
    struct target target[TARGETS];
    uint8_t block[64 + EPI_X86_LONGEST];
    uintptr_t block_at; /* 0: none yet */
    uint32_t *work;     /* instructions that may still be read */
    bool again;      /* not the first reading: what a jump's state is may be held against it */
    bool flows;      /* the instruction before leads to this one */
    bool after_call;
    bool patient; /* a jump's state may still come to be known */
    bool news;    /* it did */
    bool failed;
};

static EPI_SAFE struct target *find_target(struct reading *r, uint64_t at)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->target[i].at == at)
            return &r->target[i];
    return NULL;
}

/* A way leads to T with the state that is now. */
static EPI_SAFE void reach(struct reading *r, struct target *t)
{
    if (!r->now.known || t->state.torn)
        return;
    if (!t->state.known) {
        epi_copy(&t->state, &r->now, sizeof t->state);
        r->news = true;
    } else if (r->again && epi_framestate_join(&t->state, &r->now)) {
        r->news = true;
    }
}

static EPI_SAFE void jumps_to(struct reading *r, uint64_t at)
{
    if (at >= r->code.end - r->code.start)
        return;
    struct target *t = find_target(r, at);
    if (t == NULL) {
        /* The ones that come first are kept: a loop that moves RSP by what is known is in the
         * prologue, and behind one that moves it by more only a frame pointer says the CFA. */
        if (r->count == TARGETS)
            return;
        t = &r->target[r->count++];
        t->at = (uint32_t)at;
        t->state.known = t->state.torn = false;
    }
    reach(r, t);
}

/* No instruction runs behind this one because it did. */
static EPI_SAFE void ends(struct reading *r)
{
    epi_copy(&r->now, &r->dispatch, sizeof r->now);
    r->flows = false;
}

/* AT is where the instruction behind this one is, from the start of the function. */
static EPI_SAFE void one_byte(struct reading *r, uint64_t at)
{
    const struct epi_x86 *x = &r->x;
    uint8_t op = x->opcode, digit = x->modrm >> 3 & 7;
    if ((op & 0xf0) == 0x70 || (op & 0xfc) == 0xe0) {
        jumps_to(r, at + (uint64_t)x->immediate);
    } else if (op == 0xe8) {
        if (x->immediate == 0)
            r->now.known = false; /* its return address is data */
    } else if (op == 0xe9 || op == 0xeb) {
        jumps_to(r, at + (uint64_t)x->immediate);
        ends(r);
    } else if (op == 0xff && digit == 4) {
        if (r->now.known && (r->now.depth > EPI_CALL_PUSHES || r->now.deep))
            epi_copy(&r->dispatch, &r->now, sizeof r->now);
        ends(r);
    } else if (op == 0xc2 || op == 0xc3 || op == 0xf4 || op == 0xcc) {
        ends(r);
    } else {
        epi_framestate_run(&r->now, x);
    }
}

static EPI_SAFE void follow(struct reading *r, uint64_t at)
{
    const struct epi_x86 *x = &r->x;
    uint8_t op = x->opcode;
    if (x->map == EPI_X86_ONE_BYTE)
        one_byte(r, at);
    else if (x->map == EPI_X86_0F && !x->vex && (op & 0xf0) == 0x80)
        jumps_to(r, at + (uint64_t)x->immediate);
    else if (x->map == EPI_X86_0F && !x->vex && (op == 0x0b || op == 0xb9 || op == 0xff))
        ends(r); /* ud2 and its like */
    else
        epi_framestate_run(&r->now, x);
}

static EPI_SAFE bool decode(struct reading *r, uintptr_t at)
{
    if (r->block_at == 0 || at - r->block_at >= 64) {
        size_t n = r->code.end - at < sizeof r->block ? r->code.end - at : sizeof r->block;
        epi_zero(r->block, sizeof r->block);
        if (!epi_peek(r->block, at, n))
            return false;
        r->block_at = at;
    }
    epi_zero(&r->x, sizeof r->x);
    size_t n = r->code.end - at < EPI_X86_LONGEST ? r->code.end - at : EPI_X86_LONGEST;
    r->x.have = (uint8_t)n;
    epi_copy(r->x.code, r->block + (at - r->block_at), n);
    epi_x86_decode(&r->x);
    return !r->x.failed;
}

static EPI_SAFE void arrive(struct reading *r, uint64_t at)
{
    struct target *t = find_target(r, at);
    if (t != NULL && t->state.known && r->flows && !r->after_call)
        reach(r, t);
    if (t != NULL && (t->state.known || t->state.torn))
        epi_copy(&r->now, &t->state, sizeof r->now);
    else if (t != NULL && r->after_call && r->patient)
        r->now.known = false;
}

static EPI_SAFE bool is_call(const struct epi_x86 *x)
{
    return x->map == EPI_X86_ONE_BYTE &&
           (x->opcode == 0xe8 || (x->opcode == 0xff && (x->modrm >> 3 & 7) == 2));
}

/* Reads the instruction at AT; false when it cannot be. */
static EPI_SAFE bool read_one(struct reading *r, uintptr_t at)
{
    if (!epi_spend(r->work, 1)) {
        r->failed = true;
        return false;
    }
    arrive(r, at - r->code.start);
    return decode(r, at);
}

/* The one that was read has run: NEXT is behind it. */
static EPI_SAFE void run_one(struct reading *r, uintptr_t next)
{
    const struct epi_x86 *x = &r->x;
    bool nop = (x->map == EPI_X86_0F && x->opcode == 0x1f) ||
               (x->map == EPI_X86_ONE_BYTE && x->opcode == 0x90);
    r->after_call = is_call(x) || (nop && r->after_call);
    r->flows = true;
    follow(r, next - r->code.start);
}

/* Reads the function; AT_PC becomes the state at PC. */
static EPI_SAFE void read_all(struct reading *r, uintptr_t pc, bool exact,
                              struct epi_framestate *at_pc)
{
    epi_framestate_start(&r->now, false);
    epi_zero(&r->dispatch, sizeof r->dispatch);
    r->after_call = r->news = false;
    r->flows = true;
    for (uintptr_t at = r->code.start; at < r->code.end;) {
        if (!read_one(r, at)) {
            r->failed |= at <= pc;
            return;
        }
        uintptr_t next = at + r->x.length;
        if (epi_in((struct epi_range){at, next}, pc)) {
            r->failed = exact ? at != pc : next != pc + 1 || !is_call(&r->x);
            epi_copy(at_pc, &r->now, sizeof *at_pc);
        }
        run_one(r, next);
        at = next;
    }
}

EPI_SAFE bool epi_arch_frame_row(struct epi_range code, uintptr_t pc, bool exact,
                                 struct epi_cfi_row *row, uint32_t *work)
{
    struct reading r;
    struct epi_framestate at_pc;
    if (!epi_in(code, pc) || code.end - code.start > CODE_MAX || !seems_affordable(code, *work))
        return false;
    r.code = code;
    r.work = work;
    r.block_at = 0;
    r.count = 0;
    r.failed = false;
    r.patient = true;
    for (unsigned i = 0; i < READINGS; i++) {
        r.again = i > 0;
        read_all(&r, pc, exact, &at_pc);
        if (r.failed)
            return false;
        /* The first reading finds out where jumps lead to, and the last nothing new. */
        if (at_pc.known && i > 0 && !r.news)
            return epi_framestate_row(&at_pc, row);
        if (i > 0 && !r.news) {
            if (!r.patient)
                return false;
            r.patient = false;
        }
    }
    return false;
}

/* [endbr64] push %rbp; mov %rsp, %rbp.  The second of the two is only known by the first
 * before it. */
EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row)
{
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    static const uint8_t prologue[] = {0x55, 0x48, 0x89, 0xe5};
    struct epi_framestate s;
    uint8_t b[8];
    epi_framestate_start(&s, false);
    epi_zero(b, sizeof b);
    if (!epi_peek(b, pc, sizeof b) && !epi_peek(b, pc, 2))
        return false;
    if (b[0] == 0xc3 || b[0] == 0xc2 || (b[0] == 0xf3 && b[1] == 0xc3) ||
        epi_equal(b, prologue, sizeof prologue) ||
        (epi_equal(b, endbr64, 4) && epi_equal(b + 4, prologue, 4)))
        return epi_framestate_row(&s, row);
    if (!epi_equal(b, prologue + 1, 3) || !epi_peek8(b, pc - 1) || b[0] != prologue[0])
        return false;
    epi_framestate_start(&s, true);
    return epi_framestate_row(&s, row);
}
