/* Go's frames on amd64.
 *
 * The return address of the ordinary frame stands at SP + delta, and the frame
 * pointer of the caller right below it, unless the function has no frame, where BP
 * is still the caller's (cmd/internal/obj/x86/obj6.go, preprocess).
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
 *   others marked TOPFRAME */
#include "goabi.h"
#include "gostack.h"
#include "pclntab.h"
#include "unwind.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../image/modules.h"

EPI_SAFE enum epi_step epi_goabi_pop(struct epi_gostep *s, uint64_t sp, uint64_t delta)
{
    uint64_t cfa = sp + delta + EPI_CALL_PUSHES;
    uint64_t pc, fp = s->fp;
    if (!epi_peek64(&pc, cfa - 8) || (delta != 0 && !epi_peek64(&fp, cfa - 16)))
        return EPI_STEP_UNREADABLE;
    return epi_goabi_arrive(s, pc, cfa, fp, s->fp_known || delta != 0);
}

EPI_SAFE enum epi_step epi_goabi_pop_injected(struct epi_gostep *s)
{
    enum epi_step step = epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    s->cursor->flags = EPI_FRAME_EXACT;
    return step;
}

/* In a function that changes stacks: is SP still, or again, where the table
 * thinks that it is?  So it is before its frame is complete (the first
 * instruction, and the one after BP was pushed) and after BP was popped. */
static EPI_SAFE bool outside_frame(const struct epi_gostep *s)
{
    const struct epi_spdelta *d = &s->delta;
    if (d->bytes == 0)
        return d->before != 0 ||
               (s->exact && s->pc - s->func.entry == s->go->text.start);
    return s->exact && d->first && d->before == 0;
}

/* KIND_SWITCH, and the second choice of others: the frame that BP points to. */
static EPI_SAFE enum epi_step pop_by_fp(struct epi_gostep *s)
{
    if (!s->fp_known || !epi_goabi_returns_to_go(s, s->fp + 8))
        return EPI_STEP_NO_RULE;
    return epi_goabi_pop_elsewhere(s, s->fp, 8);
}

/* asyncPreempt returns as other functions do. */
EPI_SAFE enum epi_step epi_goabi_pop_left(struct epi_gostep *s)
{
    (void)s;
    return EPI_STEP_NO_RULE;
}

EPI_SAFE enum epi_step epi_goabi_pop_switch(struct epi_gostep *s)
{
    if (outside_frame(s))
        return epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    /* Without a frame, in the middle of a change that has no way back (gogo,
     * clone); or BP was cleared to say so (mcall). */
    if (s->delta.bytes == 0 || (s->fp_known && s->fp == 0))
        return EPI_STEP_OUTERMOST;
    return pop_by_fp(s);
}

/* The two words at SP. */
static EPI_SAFE bool cgocall_words(const struct epi_gostep *s, uint64_t *frame, bool *goroutine)
{
    uint64_t depth, g;
    if (!epi_peek64(&depth, s->sp) || !epi_peek64(&g, s->sp + 8))
        return false;
    *goroutine = g != 0;
    *frame = depth;
    if (g != 0 && !epi_goabi_below_top(g, depth, frame))
        return false;
    return epi_goabi_returns_to_go(s, *frame + 8);
}

EPI_SAFE enum epi_step epi_goabi_pop_cgocall(struct epi_gostep *s)
{
    if (outside_frame(s))
        return epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    uint64_t frame;
    bool goroutine;
    if (!s->exact && cgocall_words(s, &frame, &goroutine)) {
        s->cursor->crossed_asmcgocall |= goroutine;
        return epi_goabi_pop_elsewhere(s, frame, 8);
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
EPI_SAFE enum epi_step epi_goabi_pop_from_c(struct epi_gostep *s)
{
    static const uint8_t saved[] = {EPI_RBX, EPI_R12, EPI_R13, EPI_R14, EPI_R15};
    enum { ROOM = 48, ARGUMENTS = 24 };
    struct epi_regs before = s->cursor->regs;
    int32_t delta = s->delta.bytes;
    bool entering = delta < ROOM + ARGUMENTS && s->delta.before < delta;

    enum epi_step step = epi_goabi_pop(s, s->sp, (uint64_t)delta);
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
            regs->known |= before.known & EPI_BIT(r);
            continue;
        }
        uint64_t from = s->sp + (delta < ROOM + ARGUMENTS ? 0 : ARGUMENTS);
        if (epi_peek64(&regs->r[r], from + i * 8))
            regs->known |= EPI_BIT(r);
    }
    return EPI_STEP_OK;
}

/* What morestack calls does not come back here, so only an interrupted frame
 * has a caller, and only before the change of stacks, two instructions before
 * the end.  DI is the old g there, BX the new one. */
EPI_SAFE enum epi_step epi_goabi_pop_morestack(struct epi_gostep *s)
{
    const uint64_t *r = s->cursor->regs.r;
    bool changed = !epi_goabi_on_stack_of(s, r[EPI_RDI]) && epi_goabi_on_stack_of(s, r[EPI_RBX]);
    if (s->exact && !changed && epi_goabi_returns_to_go(s, s->sp))
        return epi_goabi_pop(s, s->sp, 0);
    return EPI_STEP_OUTERMOST;
}

EPI_SAFE enum epi_step epi_goabi_pop_racecall(struct epi_gostep *s)
{
    /* The first two instructions: MOVQ g_m(R14), R13; MOVQ SP, R12. */
    enum { UNTIL_R12_IS_SET = 7 };
    uint64_t old = s->cursor->regs.r[EPI_R12];
    if (s->exact && s->pc - s->go->text.start - s->func.entry < UNTIL_R12_IS_SET)
        return epi_goabi_pop(s, s->sp, 0);
    if ((s->cursor->regs.known & EPI_BIT(EPI_R12)) != 0 && epi_goabi_returns_to_go(s, old))
        return epi_goabi_pop_elsewhere(s, old, 0);
    return pop_by_fp(s);
}

/* When the tables cannot be read: [BP] is the caller's BP, [BP + 8] the return
 * address.  A frame without a frame pointer is lost with this.  crosscall2 has
 * pushed BP twice: the word that stands for a return address there is a stack
 * address, and the next is right. */
EPI_SAFE enum epi_step epi_goabi_step_by_fp(struct epi_cursor *cursor)
{
    struct epi_regs *regs = &cursor->regs;
    uint64_t fp = regs->r[EPI_REG_FP], pc = 0, next = 0;
    if ((regs->known & EPI_BIT(EPI_REG_FP)) == 0)
        return EPI_STEP_NO_RULE;
    if (fp == 0)
        return EPI_STEP_OUTERMOST;
    for (int tries = 0;; tries++) {
        if (!epi_peek64(&pc, fp + 8) || !epi_peek64(&next, fp))
            return EPI_STEP_UNREADABLE;
        if (epi_go_text(cursor->go, pc) ||
            (cursor->modules != NULL && epi_modules_find_text(cursor->modules, pc) != NULL))
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
    regs->known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP) | EPI_BIT(EPI_REG_FP);
    cursor->how = EPI_HOW_FP;
    cursor->flags = 0;
    return EPI_STEP_OK;
}

EPI_SAFE bool epi_goabi_caller_of_cgocall(uintptr_t sp, struct epi_regs *regs)
{
    uint64_t pc, fp;
    if (!epi_peek64(&pc, sp + 8) || !epi_peek64(&fp, sp))
        return false;
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = sp + 16;
    regs->r[EPI_REG_FP] = fp;
    regs->known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP) | EPI_BIT(EPI_REG_FP);
    return true;
}

/* Above what PUSH_REGS_HOST_TO_ABI0 stores, BX and R12 to R15, stands the BP that
 * the assembler's prologue has pushed. */
EPI_SAFE bool epi_goabi_caller_of_crosscall2(uintptr_t slot, struct epi_regs *regs)
{
    static const uint8_t saved[] = {EPI_RBX, EPI_R12, EPI_R13, EPI_R14, EPI_R15};
    uint64_t words[8]; /* from the room of the registers to the return address */
    if (!epi_peek(words, slot - sizeof words + sizeof words[0], sizeof words))
        return false;
    epi_zero_words(regs, sizeof *regs);
    for (size_t i = 0; i < EPI_COUNT(saved); i++) {
        regs->r[saved[i]] = words[i];
        regs->known |= EPI_BIT(saved[i]);
    }
    regs->r[EPI_REG_FP] = words[6];
    regs->r[EPI_REG_PC] = words[7];
    regs->r[EPI_REG_SP] = slot + EPI_CALL_PUSHES;
    regs->known |= EPI_BIT(EPI_REG_FP) | EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP);
    return true;
}
