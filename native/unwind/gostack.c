/* From a Go frame to its caller, and across the border between Go and C.
 *
 * The ordinary frame needs one number: how far SP is below the function's
 * entry.  The pclntab has it for every instruction (pcsp), prologues,
 * epilogues and hand-written assembly included, so the return address stands
 * at SP + delta, exactly, and the frame pointer of the caller right below it,
 * unless the function has no frame, where BP is still the caller's
 * (cmd/internal/obj/x86/obj6.go, preprocess).  Frame pointers alone, which Go
 * keeps as well, would lose the caller of every leaf and of every function that
 * was interrupted before it had set its own.
 *
 * SP deltas are looked up by the PC itself; only names and lines take the PC
 * of the call, one before a return address.
 *
 * The special functions, by what follows them.  Sources: runtime/traceback.go
 * for what the runtime does, asm_amd64.s where not said otherwise.
 *
 *   sigpanic, asyncPreempt,    Entered as if the interrupted instruction had
 *   debugCallV2                called them, so their return address is where
 *                              execution stood: exact.  After a jump to a bad
 *                              PC sigpanic's return address is that of the
 *                              call that jumped (signal_amd64.go,
 *                              preparePanic); the runtime takes it as it is,
 *                              and so do we.  It may lie in C.
 *   asmcgocall                 Go calls C: runs its C function on the stack of
 *                              g0, with two words at SP at the return address.
 *                              (depth, g): the goroutine's SP is depth bytes
 *                              below g's stack.hi; the stack may have moved
 *                              since, while C called back, so BP is the second
 *                              choice.  (SP, 0): was on g0 already.
 *   cgocallback                C calls Go: runs on the goroutine's stack, where
 *                              its return address is made up, to make the
 *                              runtime's own walks skip C.  BP still points to
 *                              its frame on the stack of g0: the caller is
 *                              crosscall2, and after it C.  At thread exit it
 *                              is called to drop the thread's m: same rule.
 *   crosscall2, sigtramp       C calls Go: BX and R12 to R15 are saved here for
 *   (cgo/abi_amd64.h)          C, whose frames cannot be unwound without them.
 *                              sigtramp is marked outermost, but its caller,
 *                              the signal frame, is C's to unwind.
 *   systemstack, mcall,        Change to the stack of g0 and leave BP as it
 *   nanotime1, time.now,       was: at their own frame.  mcall and morestack
 *   asmcgocall_no_g, others    then clear it, because what they call does not
 *   marked SPWRITE             return to them: the stack ends there.
 *   morestack                  Has no frame.  Before it changes stacks SP is
 *                              its caller's.
 *   racecall                   Has no frame.  Keeps SP in R12, which the
 *   (race_amd64.s)             sanitizer's CFI gives back.
 *   goexit, mstart, rt0_go,    Outermost: nothing called them.
 *   others marked TOPFRAME
 *
 * They are told apart by name: the numbers of funcIDs change between releases.
 * Only functions whose record has an ID or a flag are compared. */
#include "gostack.h"
#include "pclntab.h"
#include "unwind.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/peek.h"

enum kind {
    KIND_PLAIN,
    KIND_INJECTED,
    KIND_CGOCALL,
    KIND_FROM_C,
    KIND_SWITCH,
    KIND_MORESTACK,
    KIND_RACECALL,
    KIND_OUTERMOST,
};

static EPI_SAFE enum kind classify(const struct epi_goruntime *go,
                                   const struct epi_func *func)
{
    static const struct {
        char name[24];
        enum kind kind;
    } special[] = {
        {"runtime.sigpanic", KIND_INJECTED},
        {"runtime.asyncPreempt", KIND_INJECTED},
        {"runtime.debugCallV2", KIND_INJECTED},
        {"runtime.asmcgocall", KIND_CGOCALL},
        {"crosscall2", KIND_FROM_C},
        {"runtime.sigtramp", KIND_FROM_C},
        {"runtime.morestack", KIND_MORESTACK},
        {"racecall", KIND_RACECALL},
    };
    if (func->id == 0 && func->flag == 0)
        return KIND_PLAIN;
    const char *name = epi_pclntab_function(go, func);
    for (size_t i = 0; i < EPI_COUNT(special); i++)
        if (epi_streq(name, special[i].name))
            return special[i].kind;
    if (func->flag & EPI_FUNC_TOP_FRAME)
        return KIND_OUTERMOST;
    return func->flag & EPI_FUNC_SP_WRITE ? KIND_SWITCH : KIND_PLAIN;
}

/* A frame and what the table says of it. */
struct gostep {
    struct epi_cursor *cursor;
    struct epi_func func;
    struct epi_spdelta delta;
    uint64_t pc, sp, fp;
    bool fp_known;
    bool exact; /* interrupted here, as opposed to waiting for a call */
};

/* Is there a return address into Go text at ADDRESS? */
static EPI_SAFE bool returns_to_go(const struct gostep *s, uint64_t address)
{
    uint64_t pc;
    return epi_peek64(&pc, address) && epi_go_text(s->cursor->go, pc);
}

/* The caller of the frame whose SP is SP and DELTA bytes below its entry. */
static EPI_SAFE enum epi_step pop(struct gostep *s, uint64_t sp, uint64_t delta)
{
    struct epi_regs *regs = &s->cursor->regs;
    uint64_t cfa = sp + delta + EPI_CALL_PUSHES;
    uint64_t pc, fp = s->fp;
    bool fp_known = s->fp_known || delta != 0;
    if (!epi_peek64(&pc, cfa - 8) || (delta != 0 && !epi_peek64(&fp, cfa - 16)))
        return EPI_STEP_UNREADABLE;
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = cfa;
    regs->r[EPI_REG_FP] = fp;
    regs->known = 1u << EPI_REG_PC | 1u << EPI_REG_SP |
                  (uint32_t)fp_known << EPI_REG_FP;
    s->cursor->how = EPI_HOW_GO;
    s->cursor->flags = 0;
    return EPI_STEP_OK;
}

/* The same on another stack: the next SP need not be above this one. */
static EPI_SAFE enum epi_step pop_elsewhere(struct gostep *s, uint64_t sp,
                                            uint64_t delta)
{
    s->cursor->stack = (struct epi_range){0, 0};
    return pop(s, sp, delta);
}

/* In a function that changes stacks: is SP still, or again, where the table
 * thinks that it is?  So it is before its frame is complete (the first
 * instruction, and the one after BP was pushed) and after BP was popped. */
static EPI_SAFE bool outside_frame(const struct gostep *s)
{
    const struct epi_spdelta *d = &s->delta;
    if (d->bytes == 0)
        return d->before != 0 || (s->exact && s->pc - s->func.entry ==
                                                  s->cursor->go->text.start);
    return s->exact && d->first && d->before == 0;
}

/* KIND_SWITCH, and the second choice of others: the frame that BP points to. */
static EPI_SAFE enum epi_step pop_by_fp(struct gostep *s)
{
    if (!s->fp_known || !returns_to_go(s, s->fp + 8))
        return EPI_STEP_NO_RULE;
    return pop_elsewhere(s, s->fp, 8);
}

static EPI_SAFE enum epi_step pop_switch(struct gostep *s)
{
    if (outside_frame(s))
        return pop(s, s->sp, (uint64_t)s->delta.bytes);
    /* Without a frame, in the middle of a change that has no way back (gogo,
     * clone); or BP was cleared to say so (mcall). */
    if (s->delta.bytes == 0 || (s->fp_known && s->fp == 0))
        return EPI_STEP_OUTERMOST;
    return pop_by_fp(s);
}

/* The two words at SP. */
static EPI_SAFE bool cgocall_words(const struct gostep *s, uint64_t *frame,
                                   bool *goroutine)
{
    uint64_t depth, g, low, high;
    if (!epi_peek64(&depth, s->sp) || !epi_peek64(&g, s->sp + 8))
        return false;
    *goroutine = g != 0;
    *frame = depth;
    if (g != 0) {
        if (!epi_peek64(&low, g) || !epi_peek64(&high, g + 8) ||
            low >= high || depth > high - low)
            return false;
        *frame = high - depth;
    }
    return returns_to_go(s, *frame + 8);
}

static EPI_SAFE enum epi_step pop_cgocall(struct gostep *s)
{
    if (outside_frame(s))
        return pop(s, s->sp, (uint64_t)s->delta.bytes);
    uint64_t frame;
    bool goroutine;
    if (!s->exact && cgocall_words(s, &frame, &goroutine)) {
        s->cursor->crossed_asmcgocall |= goroutine;
        return pop_elsewhere(s, frame, 8);
    }
    /* Before and after the change, and where nothing was changed, BP is at or a
     * few words above SP. */
    enum epi_step step = pop_by_fp(s);
    if (step == EPI_STEP_OK && s->fp - s->sp > 64)
        s->cursor->crossed_asmcgocall = true;
    return step;
}

/* PUSH_REGS_HOST_TO_ABI0 makes 48 bytes of room and stores BX, R12 to R15 and
 * BP; 24 bytes for arguments follow.  crosscall2 has pushed BP before. */
static EPI_SAFE enum epi_step pop_from_c(struct gostep *s)
{
    static const uint8_t saved[] = {EPI_RBX, EPI_R12, EPI_R13, EPI_R14, EPI_R15};
    enum { ROOM = 48, ARGUMENTS = 24 };
    struct epi_regs before = s->cursor->regs;
    int32_t delta = s->delta.bytes;
    bool entering = delta < ROOM + ARGUMENTS && s->delta.before < delta;

    enum epi_step step = pop(s, s->sp, (uint64_t)delta);
    if (step != EPI_STEP_OK)
        return step;
    struct epi_regs *regs = &s->cursor->regs;
    /* sigtramp's BP is stored by the second instruction. */
    if (entering && s->delta.before == 0 && s->delta.first)
        regs->r[EPI_REG_FP] = s->fp;
    for (size_t i = 0; i < EPI_COUNT(saved); i++) {
        uint8_t r = saved[i];
        if (delta < ROOM || entering) {
            /* Not stored yet, or loaded again. */
            regs->r[r] = before.r[r];
            regs->known |= before.known & 1u << r;
            continue;
        }
        uint64_t from = s->sp + (delta < ROOM + ARGUMENTS ? 0 : ARGUMENTS);
        if (epi_peek64(&regs->r[r], from + i * 8))
            regs->known |= 1u << r;
    }
    return EPI_STEP_OK;
}

/* Is SP on the stack of G?  g begins with stack.lo, stack.hi (runtime2.go). */
static EPI_SAFE bool on_stack_of(const struct gostep *s, uint64_t g)
{
    uint64_t low, high;
    return epi_peek64(&low, g) && epi_peek64(&high, g + 8) && s->sp >= low &&
           s->sp < high;
}

/* What morestack calls does not come back here, so only an interrupted frame
 * has a caller, and only before the change of stacks, two instructions before
 * the end.  DI is the old g there, BX the new one. */
static EPI_SAFE enum epi_step pop_morestack(struct gostep *s)
{
    const uint64_t *r = s->cursor->regs.r;
    bool changed = !on_stack_of(s, r[EPI_RDI]) && on_stack_of(s, r[EPI_RBX]);
    if (s->exact && !changed && returns_to_go(s, s->sp))
        return pop(s, s->sp, 0);
    return EPI_STEP_OUTERMOST;
}

static EPI_SAFE enum epi_step pop_racecall(struct gostep *s, uint32_t known)
{
    /* The first two instructions: MOVQ g_m(R14), R13; MOVQ SP, R12. */
    enum { UNTIL_R12_IS_SET = 7 };
    uint64_t old = s->cursor->regs.r[EPI_R12];
    if (s->exact && s->pc - s->cursor->go->text.start - s->func.entry <
                        UNTIL_R12_IS_SET)
        return pop(s, s->sp, 0);
    if ((known & 1u << EPI_R12) != 0 && returns_to_go(s, old))
        return pop_elsewhere(s, old, 0);
    return pop_by_fp(s);
}

/* When the tables cannot be read: [BP] is the caller's BP, [BP + 8] the return
 * address.  A frame without a frame pointer is lost with this.  crosscall2 has
 * pushed BP twice: the word that stands for a return address there is a stack
 * address, and the next is right. */
static EPI_SAFE enum epi_step step_by_fp(struct epi_cursor *cursor)
{
    struct epi_regs *regs = &cursor->regs;
    uint64_t fp = regs->r[EPI_REG_FP], pc = 0, next = 0;
    if ((regs->known & 1u << EPI_REG_FP) == 0)
        return EPI_STEP_NO_RULE;
    if (fp == 0)
        return EPI_STEP_OUTERMOST;
    for (int tries = 0;; tries++) {
        if (!epi_peek64(&pc, fp + 8) || !epi_peek64(&next, fp))
            return EPI_STEP_UNREADABLE;
        if (epi_go_text(cursor->go, pc) ||
            (cursor->modules != NULL &&
             epi_modules_find_text(cursor->modules, pc) != NULL))
            break;
        if (tries > 0 || pc - fp > 64)
            return EPI_STEP_NO_RULE;
        fp = next;
    }
    /* What a goroutine begins with seems to have been called by goexit, by an
     * instruction that is no call (newproc1). */
    if (next == 0 && epi_go_text(cursor->go, pc) && !epi_arch_after_call(pc))
        return EPI_STEP_OUTERMOST;
    /* asmcgocall and cgocallback lead to another stack without a trace. */
    cursor->stack = (struct epi_range){0, 0};
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = fp + 16;
    regs->r[EPI_REG_FP] = next;
    regs->known = 1u << EPI_REG_PC | 1u << EPI_REG_SP | 1u << EPI_REG_FP;
    cursor->how = EPI_HOW_FP;
    cursor->flags = 0;
    return EPI_STEP_OK;
}

EPI_SAFE enum epi_step epi_gostack_step(struct epi_cursor *cursor)
{
    const struct epi_regs *regs = &cursor->regs;
    if (!cursor->go->tables)
        return step_by_fp(cursor);

    struct gostep s = {
        .cursor = cursor,
        .pc = regs->r[EPI_REG_PC],
        .sp = regs->r[EPI_REG_SP],
        .fp = regs->r[EPI_REG_FP],
        .fp_known = (regs->known & 1u << EPI_REG_FP) != 0,
        .exact = (cursor->flags & EPI_FRAME_EXACT) != 0,
    };
    if (!epi_pclntab_find(cursor->go, s.pc, &s.func) ||
        !epi_pclntab_spdelta(cursor->go, &s.func, s.pc, &s.delta))
        return EPI_STEP_NO_RULE;

    switch (classify(cursor->go, &s.func)) {
    case KIND_INJECTED: {
        enum epi_step step = pop(&s, s.sp, (uint64_t)s.delta.bytes);
        cursor->flags = EPI_FRAME_EXACT;
        return step;
    }
    case KIND_CGOCALL:
        return pop_cgocall(&s);
    case KIND_FROM_C:
        return pop_from_c(&s);
    case KIND_SWITCH:
        return pop_switch(&s);
    case KIND_MORESTACK:
        return pop_morestack(&s);
    case KIND_RACECALL:
        return pop_racecall(&s, regs->known);
    case KIND_OUTERMOST:
        return EPI_STEP_OUTERMOST;
    case KIND_PLAIN:
        break;
    }
    return pop(&s, s.sp, (uint64_t)s.delta.bytes);
}

EPI_SAFE bool epi_gostack_calls_c(const struct epi_goruntime *go, uintptr_t pc)
{
    struct epi_func func;
    if (!go->tables || !epi_pclntab_find(go, pc, &func))
        return false;
    enum kind kind = classify(go, &func);
    return kind == KIND_CGOCALL || kind == KIND_RACECALL;
}

/* Where g and m keep what is needed (runtime2.go).  g.m and g.sched have not
 * moved since Go 1.4; the place of m.curg is searched. */
enum { G_STACK_LOW = 0, G_STACK_HIGH = 8, G_M = 48, G_SCHED_SP = 56, M_WORDS = 96 };

/* Is G a goroutine of M that waits in asmcgocall?  Its saved SP then points to
 * the frame of asmcgocall, which has pushed BP, so that the return address
 * into runtime.cgocall is behind it: the name is the proof that none of the
 * offsets is wrong. */
static EPI_SAFE bool waits_in_cgocall(const struct epi_goruntime *go, uint64_t g, uint64_t m,
                                      uint64_t *sp, uint64_t *pc)
{
    uint64_t its_m, low, high;
    struct epi_func func;
    return epi_peek64(&its_m, g + G_M) && its_m == m && epi_peek64(&low, g + G_STACK_LOW) &&
           epi_peek64(&high, g + G_STACK_HIGH) && epi_peek64(sp, g + G_SCHED_SP) &&
           *sp >= low && *sp < high && epi_peek64(pc, *sp + 8) && epi_go_text(go, *pc) &&
           epi_pclntab_find(go, *pc, &func) &&
           epi_streq(epi_pclntab_function(go, &func), "runtime.cgocall");
}

/* The goroutine on whose behalf C runs on the thread whose g is G0, its saved SP
 * and the return address into runtime.cgocall. */
static EPI_SAFE uint64_t find_waiting(const struct epi_goruntime *go, uint64_t g0,
                                      uint64_t *sp, uint64_t *pc)
{
    uint64_t m, g;
    if (go == NULL || !go->tables || g0 == 0 || !epi_peek64(&m, g0 + G_M))
        return 0;
    for (unsigned i = 0; i < M_WORDS && epi_peek64(&g, m + i * 8); i++)
        if (g != 0 && g != g0 && waits_in_cgocall(go, g, m, sp, pc))
            return g;
    return 0;
}

EPI_SAFE uintptr_t epi_gostack_goroutine(const struct epi_goruntime *go, uintptr_t g)
{
    uint64_t sp, pc;
    return find_waiting(go, g, &sp, &pc);
}

EPI_SAFE bool epi_gostack_resume(struct epi_cursor *cursor)
{
    struct epi_regs *regs = &cursor->regs;
    uint64_t sp, pc, fp;
    if (find_waiting(cursor->go, cursor->g, &sp, &pc) == 0 || !epi_peek64(&fp, sp))
        return false;
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = sp + 16;
    regs->r[EPI_REG_FP] = fp;
    regs->known = 1u << EPI_REG_PC | 1u << EPI_REG_SP | 1u << EPI_REG_FP;
    cursor->how = EPI_HOW_GO;
    cursor->flags = EPI_FRAME_GAP;
    cursor->stack = (struct epi_range){0, 0};
    cursor->crossed_asmcgocall = true;
    return true;
}

EPI_SAFE uintptr_t epi_gostack_c_end(const struct epi_cursor *cursor)
{
    uint64_t sp, pc, end;
    /* asmcgocall puts g0 in charge, and C below g0's saved SP. */
    if (find_waiting(cursor->go, cursor->g, &sp, &pc) == 0 || !epi_peek64(&end, cursor->g + G_SCHED_SP) ||
        end <= cursor->regs.r[EPI_REG_SP])
        return UINTPTR_MAX;
    return end;
}
