/* Go's frames on arm64.
 *
 * A function that has a frame, which is every one that calls another, has its return address at
 * SP and the caller's frame pointer right below it; X29 is the address of that word, SP - 8.  In
 * a function without a frame, and before the first instruction of a prologue, LR has the return
 * address (cmd/internal/obj/arm64/obj7.go, preprocess).  Both words are stored below the frame
 * before SP is moved, or by the instruction that moves it, but for X29 in a small frame, whose
 * turn comes one instruction later.  Go signs no return address, and C signs
 * only what it stores itself.
 *
 * The special functions, by what follows them.  Sources: runtime/traceback.go
 * for what the runtime does, asm_arm64.s where not said otherwise.
 *
 *   sigpanic, asyncPreempt,    Entered as if the interrupted instruction had
 *   debugCallV2                called them: its PC is put into LR, and the LR that
 *   (signal_arm64.go)          it had stands in 16 bytes more of the stack.
 *   asmcgocall                 Go calls C: runs its C function on the stack of
 *                              g0, with two words at SP at the return address.
 *                              (g, depth): the goroutine's SP is depth bytes
 *                              below g's stack.hi.  (0, SP): was on g0 already.
 *                              X29 is g0's then, and of no use; before the words
 *                              are written X2 is the goroutine's SP, and X5 is
 *                              where they have been read.
 *   cgocallback                C calls Go: runs on the goroutine's stack, where
 *                              its return address is made up, to make the
 *                              runtime's own walks skip C.  X29 still points to
 *                              its frame on the stack of g0: the caller is
 *                              crosscall2, and after it C.
 *   crosscall2, sigtramp       C calls Go: X19 to X28 are saved 32 bytes above SP for
 *   (cgo/asm_arm64.s,          C, whose frames cannot be unwound without them.
 *   sys_linux_arm64.s)         crosscall2 makes its frame of 192 bytes itself, and has X29
 *                              and LR at 176.  sigtramp's caller, the signal frame,
 *                              is C's to unwind.
 *   systemstack, mcall,        Change to the stack of g0 and leave X29 as it
 *   nanotime1, walltime,       was: at their own frame.  mcall then clears it, because
 *   others marked SPWRITE      what it calls does not return to it: the stack ends there.
 *   morestack                  Has no frame.  Before it changes stacks SP is
 *                              its caller's, which has none yet; LR is where that goes on,
 *                              and its own LR is in X3.
 *   racecall                   Has no frame.  Keeps SP in X19 and LR in X20, which the
 *   (race_arm64.s)             sanitizer's CFI gives back.
 *   goexit, mstart, rt0_go,    Outermost: nothing called them.
 *   others marked TOPFRAME */
#include "goabi.h"
#include "gostack.h"
#include "pclntab.h"
#include "unwind.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/decode_arm64.h"
#include "../memory/peek.h"
#include "../image/modules.h"

#define FRAME_OF_CGOCALL 16

/* Nothing has been stored, or all has been loaded again. */
static EPI_SAFE enum epi_step pop_by_lr(struct epi_gostep *s, uint64_t sp)
{
    if (!s->exact || !epi_known(&s->cursor->regs, EPI_LR))
        return EPI_STEP_NO_RULE;
    return epi_goabi_arrive(s, s->cursor->regs.r[EPI_LR], sp, s->fp, s->fp_known);
}

EPI_SAFE enum epi_step epi_goabi_pop(struct epi_gostep *s, uint64_t sp, uint64_t delta)
{
    uint64_t pc, fp = s->fp, record = sp;
    /* The first instruction behind the one that has moved SP, not behind a return in the midst. */
    bool stored = !(s->exact && s->delta.first && s->delta.before == 0) ||
                  (s->fp_known && s->fp + 8 == sp);
    if (delta == 0)
        return pop_by_lr(s, sp);
    /* Assembly makes room below its frame for what it calls (asmcgocall_no_g). */
    if (s->fp_known && s->fp + 8 - sp < delta)
        record = s->fp + 8;
    if (!epi_peek64(&pc, record) || (stored && !epi_peek64(&fp, record - 8)))
        return EPI_STEP_UNREADABLE;
    return epi_goabi_arrive(s, pc, sp + delta, fp, s->fp_known || stored);
}

/* The address right behind the call, of the function that S is in, that has left LR; or LR is the
 * caller's still. */
static EPI_SAFE bool has_called(const struct epi_gostep *s)
{
    struct epi_func func;
    uint64_t lr = s->cursor->regs.r[EPI_LR];
    return epi_go_text(s->go, lr) && epi_pclntab_find(s->go, lr, &func) &&
           func.entry == s->func.entry;
}

/* In a function that changes stacks: have SP and LR not been touched, or are they as they
 * were? */
static EPI_SAFE bool outside_frame(const struct epi_gostep *s)
{
    return s->exact && epi_known(&s->cursor->regs, EPI_LR) && s->delta.bytes == 0 && !has_called(s);
}

/* KIND_SWITCH, and the second choice of others: the frame that X29 points to. */
static EPI_SAFE enum epi_step pop_by_fp(struct epi_gostep *s)
{
    if (!s->fp_known || !epi_goabi_returns_to_go(s, s->fp + 8))
        return EPI_STEP_NO_RULE;
    return epi_goabi_pop_elsewhere(s, s->fp + 8, (uint64_t)s->delta.bytes);
}

/* The instruction that has not run yet, or 0. */
static EPI_SAFE uint32_t instruction(const struct epi_gostep *s)
{
    uint32_t code;
    return s->exact && epi_peek32(&code, s->pc) ? code : 0;
}

EPI_SAFE enum epi_step epi_goabi_pop_injected(struct epi_gostep *s)
{
    struct epi_regs *regs = &s->cursor->regs;
    enum epi_step step = epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    if (step != EPI_STEP_OK)
        return step;
    if (epi_peek64(&regs->r[EPI_LR], regs->r[EPI_REG_SP])) {
        regs->known |= EPI_BIT(EPI_LR);
        regs->r[EPI_REG_SP] += 16;
    }
    s->cursor->flags = EPI_FRAME_EXACT;
    return EPI_STEP_OK;
}

/* In its own frame while X29 is not: the third instruction of a prologue sets it, and the last but
 * one of an epilogue has the caller's already. */
static EPI_SAFE bool frame_without_fp(const struct epi_gostep *s)
{
    enum { SET_FP_AT = 8, SUB_X29_SP_8 = 0xd10023fd, LDR_X30_SP_BEHIND = 0xf84007fe };
    const uint32_t number = 0x1ff000;
    uint32_t code = instruction(s);
    return (code == SUB_X29_SP_8 && s->pc - s->go->text.start - s->func.entry == SET_FP_AT) ||
           ((code & ~number) == LDR_X30_SP_BEHIND && epi_goabi_returns_to_go(s, s->sp));
}

EPI_SAFE enum epi_step epi_goabi_pop_left(struct epi_gostep *s)
{
    enum { RET_X27 = 0xd65f0360, X27 = 27 };
    struct epi_regs *regs = &s->cursor->regs;
    if (instruction(s) != RET_X27 || !epi_known(regs, X27) ||
        !epi_go_text(s->cursor->go, regs->r[X27]))
        return EPI_STEP_NO_RULE;
    regs->r[EPI_REG_PC] = regs->r[X27];
    s->cursor->how = EPI_HOW_GO;
    s->cursor->flags = EPI_FRAME_EXACT;
    return EPI_STEP_OK;
}

EPI_SAFE enum epi_step epi_goabi_pop_switch(struct epi_gostep *s)
{
    if (epi_streq(epi_pclntab_function(s->go, &s->func), "runtime.morestack_noctxt"))
        return epi_goabi_pop_morestack(s); /* whose first instructions it is */
    /* Or it goes on in another function as if that had been called (systemstack). */
    if (outside_frame(s) || epi_a64_is_br(instruction(s)))
        return pop_by_lr(s, s->sp);
    /* X29 was cleared to say that there is no way back (mcall). */
    if (s->fp_known && s->fp == 0)
        return EPI_STEP_OUTERMOST;
    /* The first instruction behind the one that has moved SP. */
    if ((s->exact && s->delta.first && s->delta.before == 0) || frame_without_fp(s))
        return epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    /* Without a frame, in the middle of a change that has no way back either (gogo, clone). */
    if (s->delta.bytes == 0)
        return EPI_STEP_OUTERMOST;
    return pop_by_fp(s);
}

/* The two words at SP. */
static EPI_SAFE bool cgocall_words(const struct epi_gostep *s, uint64_t *frame, bool *goroutine)
{
    uint64_t depth, g;
    if (!epi_peek64(&g, s->sp) || !epi_peek64(&depth, s->sp + 8))
        return false;
    *goroutine = g != 0;
    *frame = depth;
    if (g != 0 && !epi_goabi_below_top(g, depth, frame))
        return false;
    return epi_goabi_returns_to_go(s, *frame);
}

/* SP is that of g0, which X28 is, and BEFORE was the goroutine's.  g0's X29 may be right below, as
 * that of a frame is. */
static EPI_SAFE bool has_changed_stacks(const struct epi_gostep *s, uint64_t before)
{
    uint64_t low, high;
    return s->exact && epi_known(&s->cursor->regs, EPI_X2) &&
           epi_goabi_stack_of(s->cursor->regs.r[EPI_X28], &low, &high) &&
           epi_in((struct epi_range){low, high}, s->sp) &&
           !epi_in((struct epi_range){low, high}, before) && epi_goabi_returns_to_go(s, before);
}

/* SP is the goroutine's again, and X29 not yet: X5 is where SP has come from. */
static EPI_SAFE bool back_from_c(const struct epi_gostep *s)
{
    return s->exact && epi_known(&s->cursor->regs, EPI_X5) && s->cursor->regs.r[EPI_X5] == s->sp &&
           epi_goabi_returns_to_go(s, s->sp);
}

EPI_SAFE enum epi_step epi_goabi_pop_cgocall(struct epi_gostep *s)
{
    uint64_t before = s->cursor->regs.r[EPI_X2], frame;
    bool goroutine, on_g0 = has_changed_stacks(s, before);
    if (outside_frame(s))
        return pop_by_lr(s, s->sp);
    /* In its own frame: before the change, and behind it. */
    if ((s->exact && s->delta.first) || (s->fp_known && s->fp + 8 == s->sp && !on_g0) ||
        frame_without_fp(s) || back_from_c(s))
        return epi_goabi_pop(s, s->sp, (uint64_t)s->delta.bytes);
    if (s->exact && epi_known(&s->cursor->regs, EPI_X2) && before % 16 == 0 && epi_goabi_returns_to_go(s, before)) {
        s->cursor->crossed_asmcgocall = true;
        return epi_goabi_pop_elsewhere(s, before, FRAME_OF_CGOCALL);
    }
    if (!cgocall_words(s, &frame, &goroutine))
        return EPI_STEP_NO_RULE;
    s->cursor->crossed_asmcgocall |= goroutine;
    return epi_goabi_pop_elsewhere(s, frame, FRAME_OF_CGOCALL);
}

enum { SAVED_AT = 32, SAVED = 10, RECORD_OF_CROSSCALL2 = 176 }; /* X19 to X28; X29 and LR */

/* Nothing is changed before the first call, and all is loaded again before LR is. */
EPI_SAFE enum epi_step epi_goabi_pop_from_c(struct epi_gostep *s)
{
    bool intact = s->exact && epi_known(&s->cursor->regs, EPI_LR) && !has_called(s);
    bool crosscall2 = epi_streq(epi_pclntab_function(s->go, &s->func), "crosscall2");
    uint64_t sp = s->sp, delta = (uint64_t)s->delta.bytes, saved[SAVED], record[2];
    struct epi_regs *regs = &s->cursor->regs;
    if (!intact && !epi_peek(saved, sp + SAVED_AT, sizeof saved))
        return EPI_STEP_UNREADABLE;
    if (intact)
        epi_copy_words(saved, &regs->r[EPI_X19], sizeof saved);
    enum epi_step step = EPI_STEP_OK;
    if (!crosscall2)
        step = epi_goabi_pop(s, sp, delta);
    else if (intact)
        step = pop_by_lr(s, sp + delta);
    else if (!epi_peek(record, sp + RECORD_OF_CROSSCALL2, sizeof record))
        step = EPI_STEP_UNREADABLE;
    else
        step = epi_goabi_arrive(s, record[1], sp + delta, record[0], true);
    if (step != EPI_STEP_OK)
        return step;
    epi_copy_words(&regs->r[EPI_X19], saved, sizeof saved);
    regs->known |= (EPI_BIT(SAVED) - 1) << EPI_X19;
    return EPI_STEP_OK;
}

/* What morestack calls does not come back here, so only an interrupted frame
 * has a caller, and only before its first call, on the stack of the goroutine, which X28 is.  The caller is as if it had not begun, so it is
 * to be looked at as one that was interrupted: its return address is in LR, where X3 has it
 * from. */
EPI_SAFE enum epi_step epi_goabi_pop_morestack(struct epi_gostep *s)
{
    struct epi_regs *regs = &s->cursor->regs;
    uint64_t lr = regs->r[EPI_X3];
    if (!s->exact || !epi_known(&s->cursor->regs, EPI_LR) || has_called(s) || !epi_goabi_on_stack_of(s, regs->r[EPI_X28]))
        return EPI_STEP_OUTERMOST;
    enum epi_step step = pop_by_lr(s, s->sp);
    if (step != EPI_STEP_OK)
        return step;
    regs->r[EPI_LR] = lr;
    regs->known |= EPI_BIT(EPI_LR);
    s->cursor->flags = EPI_FRAME_EXACT;
    return EPI_STEP_OK;
}

EPI_SAFE enum epi_step epi_goabi_pop_racecall(struct epi_gostep *s)
{
    /* The first three instructions: MOVD g_m(g), R10; MOVD RSP, R19; MOVD R30, R20. */
    enum { UNTIL_X20_IS_SET = 12 };
    const struct epi_regs *regs = &s->cursor->regs;
    if (s->exact && s->pc - s->go->text.start - s->func.entry < UNTIL_X20_IS_SET)
        return pop_by_lr(s, s->sp);
    if (!epi_known(&s->cursor->regs, EPI_X19) || !epi_known(&s->cursor->regs, EPI_X20) ||
        !epi_go_text(s->cursor->go, regs->r[EPI_X20]))
        return pop_by_fp(s);
    s->cursor->stack = (struct epi_range){0, 0};
    return epi_goabi_arrive(s, regs->r[EPI_X20], regs->r[EPI_X19], s->fp, s->fp_known);
}

/* When the tables cannot be read: [X29] is the caller's X29, [X29 + 8] the return
 * address.  A function without a frame, and one that was interrupted in its prologue, loses its
 * caller with this; so does crosscall2, which keeps its record elsewhere.  The caller's SP is
 * 8 above its X29 in Go, and in C at or below it. */
EPI_SAFE enum epi_step epi_goabi_step_by_fp(struct epi_cursor *cursor)
{
    struct epi_regs *regs = &cursor->regs;
    uint64_t fp = regs->r[EPI_REG_FP], pc = 0, next = 0;
    if ((regs->known & EPI_BIT(EPI_REG_FP)) == 0)
        return EPI_STEP_NO_RULE;
    if (fp == 0)
        return EPI_STEP_OUTERMOST;
    if (!epi_peek64(&pc, fp + 8) || !epi_peek64(&next, fp))
        return EPI_STEP_UNREADABLE;
    bool to_go = epi_go_text(cursor->go, pc);
    if (!to_go && (cursor->modules == NULL || epi_modules_find_text(cursor->modules, pc) == NULL))
        return EPI_STEP_NO_RULE;
    /* What a goroutine begins with seems to have been called by goexit, by an
     * instruction that is no call (newproc1). */
    if (next == 0 && to_go && !epi_arch_after_call(pc))
        return EPI_STEP_OUTERMOST;
    /* asmcgocall and cgocallback lead to another stack without a trace. */
    cursor->stack = (struct epi_range){0, 0};
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = epi_arch_record_sp(fp, next) + (to_go ? 8 : 0);
    regs->r[EPI_REG_FP] = next;
    regs->known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP) | EPI_BIT(EPI_REG_FP);
    cursor->how = EPI_HOW_FP;
    cursor->flags = 0;
    return EPI_STEP_OK;
}

EPI_SAFE bool epi_goabi_caller_of_cgocall(uintptr_t sp, struct epi_regs *regs)
{
    uint64_t pc, fp;
    if (!epi_peek64(&pc, sp) || !epi_peek64(&fp, sp - 8))
        return false;
    regs->r[EPI_REG_PC] = pc;
    regs->r[EPI_REG_SP] = sp + FRAME_OF_CGOCALL;
    regs->r[EPI_REG_FP] = fp;
    regs->known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP) | EPI_BIT(EPI_REG_FP);
    return true;
}

EPI_SAFE bool epi_goabi_caller_of_crosscall2(uintptr_t slot, struct epi_regs *regs)
{
    enum { LR_AT = RECORD_OF_CROSSCALL2 + 8 };
    uint64_t words[(LR_AT - SAVED_AT) / 8 + 1]; /* from X19 to LR */
    if (!epi_peek(words, slot - (LR_AT - SAVED_AT), sizeof words))
        return false;
    epi_zero_words(regs, sizeof *regs);
    epi_copy_words(&regs->r[EPI_X19], words, SAVED * sizeof words[0]);
    regs->r[EPI_REG_FP] = words[EPI_COUNT(words) - 2];
    regs->r[EPI_REG_PC] = words[EPI_COUNT(words) - 1];
    regs->r[EPI_REG_SP] = slot + 8;
    regs->known = EPI_CALLEE_SAVED;
    return true;
}
