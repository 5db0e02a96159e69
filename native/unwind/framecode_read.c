/* The frame of a function out of its instructions.
 *
 * The function is read from its first instruction on, and what each does to SP is
 * followed: how far the CFA is from it, which registers were stored, whether FP is a
 * frame pointer.  Compilers and assemblers keep to one such state at each instruction,
 * whatever way led there, so a state is taken along jumps, forwards and backwards, and
 * the code is read again until the PC was reached by a way that is known.  A call may not
 * return: where a jump leads to the instruction behind it, the jump's state counts.
 * Behind a jump by a table the cases are taken to have the state of the jump.
 *
 * One instruction that is reached with two states has none, but for what they have in common:
 * it is in a loop that moves SP (-fstack-clash-protection touches a large frame page by
 * page), or a way was taken for one that is none.
 *
 * The prologue alone (what debuggers look at) is not enough: most code has no frame
 * pointer, and a fault may be in an epilogue.
 */
#include "framecode.h"
#include "cfi.h"
#include "framestate.h"
#include "../base/base.h"
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

#define BLOCK 64 /* bytes that are loaded at once */

struct reading {
    struct epi_range code;
    struct epi_frame_instruction x;
    struct epi_framestate now;
    struct epi_framestate dispatch; /* at the last jump by a table */
    uint32_t count;
    struct target target[TARGETS];
    uint8_t block[BLOCK + EPI_INSTRUCTION_LONGEST];
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

static EPI_SAFE void jumps_to(struct reading *r, uintptr_t to)
{
    uint64_t at = to - r->code.start;
    if (at >= r->code.end - r->code.start)
        return;
    struct target *t = find_target(r, at);
    if (t == NULL) {
        /* The ones that come first are kept: a loop that moves SP by what is known is in the
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

static EPI_SAFE void follow(struct reading *r)
{
    enum epi_flow flow = r->x.flow;
    r->after_call = flow == EPI_FLOW_CALL || (flow == EPI_FLOW_NOP && r->after_call);
    r->flows = true;
    if (flow == EPI_FLOW_BRANCH || flow == EPI_FLOW_JUMP)
        jumps_to(r, r->x.to);
    /* Without a frame it is a call that ends this function. */
    if (flow == EPI_FLOW_TABLE && r->now.known && (r->now.depth > EPI_CALL_PUSHES || r->now.deep))
        epi_copy(&r->dispatch, &r->now, sizeof r->now);
    if (flow == EPI_FLOW_JUMP || flow == EPI_FLOW_TABLE || flow == EPI_FLOW_END)
        ends(r);
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

static EPI_SAFE bool load(struct reading *r, uintptr_t at)
{
    size_t left = r->code.end - at;
    if (r->block_at == 0 || at - r->block_at >= BLOCK) {
        epi_zero(r->block, sizeof r->block);
        if (!epi_peek(r->block, at, left < sizeof r->block ? left : sizeof r->block))
            return false;
        r->block_at = at;
    }
    r->x.at = at;
    r->x.code = r->block + (at - r->block_at);
    r->x.have = left < EPI_INSTRUCTION_LONGEST ? left : EPI_INSTRUCTION_LONGEST;
    return true;
}

/* Reads the instruction at AT, and runs it; false when it cannot be read.  AT_PC becomes the state
 * before it if PC may be in it. */
static EPI_SAFE bool read_one(struct reading *r, uintptr_t at, uintptr_t pc,
                              struct epi_framestate *at_pc)
{
    if (!epi_spend(r->work, 1)) {
        r->failed = true;
        return false;
    }
    arrive(r, at - r->code.start);
    if (!load(r, at))
        return false;
    if (pc - at < EPI_INSTRUCTION_LONGEST)
        epi_copy(at_pc, &r->now, sizeof *at_pc);
    epi_arch_frame_instruction(&r->x, &r->now);
    return r->x.length != 0;
}

/* Reads the function; AT_PC becomes the state at PC. */
static EPI_SAFE void read_all(struct reading *r, uintptr_t pc, bool exact,
                              struct epi_framestate *at_pc)
{
    epi_framestate_start(&r->now);
    epi_zero(&r->dispatch, sizeof r->dispatch);
    r->after_call = r->news = false;
    r->flows = true;
    struct epi_framestate before;
    for (uintptr_t at = r->code.start; at < r->code.end; at += r->x.length) {
        if (!read_one(r, at, pc, &before)) {
            r->failed |= at <= pc;
            return;
        }
        uintptr_t next = at + r->x.length;
        if (epi_in((struct epi_range){at, next}, pc)) {
            r->failed = exact ? at != pc : next != pc + 1 || r->x.flow != EPI_FLOW_CALL;
            epi_copy(at_pc, &before, sizeof *at_pc);
        }
        follow(r);
    }
}

EPI_SAFE bool epi_framecode_row(struct epi_range code, uintptr_t pc, bool exact,
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
