/* The walk: one frame after the other, by the best method that knows the PC.
 *
 * Order: the rules for Go text (gostack.c), call frame information (cfi.c),
 * the signal trampoline by its code, the instructions of the function
 * (framecode.c), the instructions that end a thread, the return address at SP
 * where no code can have moved SP yet, the frame pointer, a bounded scan of the
 * stack.  The last three are guesses; a guess has to be an address in executable
 * text right after a CALL, and so has what the instructions lead to, and whatever
 * rules yield from guessed registers.
 *
 * Termination.  On one stack SP rises with every step.  Stacks change at
 * signals, between Go and C, and by code that switches them itself, so rising
 * cannot be asked for always: there Brent's algorithm (a mark that moves to
 * the current state at every power of two) finds any cycle, and the number of
 * steps is limited. */
#include "unwind.h"
#include "cfi.h"
#include "codeframes.h"
#include "framecode.h"
#include "gostack.h"
#include "scan.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../image/codemap.h"
#include "../image/modules.h"

/* Stack words looked at by one scan; a scan that only makes sure that a zero
 * return address is the end is shorter. */
#define SCAN_WORDS 4096
#define SCAN_WORDS_AT_END 32

#define WORD sizeof(uintptr_t)

static EPI_SAFE bool step_sigreturn(struct epi_cursor *cursor)
{
    if (!epi_arch_at_sigreturn(cursor->regs.r[EPI_REG_PC]) ||
        !epi_arch_sigreturn_regs(&cursor->regs, cursor->regs.r[EPI_REG_SP]))
        return false;
    cursor->how = EPI_HOW_CFI;
    cursor->flags = EPI_FRAME_EXACT;
    cursor->stack = (struct epi_range){0, 0};
    return true;
}

/* A call that went wrong, and a function's first instruction, have the return
 * address where the call has left it and every register as the caller had it.  So does code
 * without call frame information most of the time: it is a leaf in assembly. */
static EPI_SAFE bool step_return(struct epi_cursor *cursor, enum epi_how how)
{
    uintptr_t sp = cursor->regs.r[EPI_REG_SP], pc;
    uint64_t word;
    if (!epi_arch_return_word(&cursor->regs, &word))
        return false;
    pc = epi_cursor_return(cursor, word);
    if (!epi_cursor_plausible(cursor, pc) ||
        (how == EPI_HOW_SCAN && epi_cursor_returns_oddly(cursor, pc)))
        return false;
    epi_cursor_guess(cursor, how, pc, sp + EPI_CALL_PUSHES, EPI_CALLEE_SAVED);
    return true;
}

/* An interpreter (HotSpot's) pushes the place where it goes on and jumps, so no call is
 * before it.  There the chain itself has to speak for PC: the frame at OUTER is further
 * out, and returns to code as well. */
static EPI_SAFE bool returns_to_code(const struct epi_cursor *cursor, uintptr_t pc,
                                     uintptr_t fp, uintptr_t outer)
{
    uint64_t next;
    return epi_codemap_find(cursor->code, epi_cursor_lookup_pc(cursor)) != NULL &&
           epi_codemap_find(cursor->code, pc) != NULL && outer % WORD == 0 && outer > fp &&
           outer - fp <= EPI_FRAME_MAX && epi_peek64(&next, outer + WORD) &&
           (epi_codemap_find(cursor->code, next) != NULL || epi_cursor_plausible(cursor, next));
}

static EPI_SAFE bool step_frame_pointer(struct epi_cursor *cursor)
{
    struct epi_regs *regs = &cursor->regs;
    uintptr_t fp = regs->r[EPI_REG_FP], sp = regs->r[EPI_REG_SP];
    uint64_t outer, word;
    uint8_t byte;
    if (!epi_known(regs, EPI_REG_FP) || fp % WORD != 0)
        return false;
    /* SP itself may be what is broken. */
    if ((fp < sp || fp - sp > EPI_FRAME_MAX) && epi_peek8(&byte, sp))
        return false;
    if (!epi_peek64(&outer, fp) || !epi_peek64(&word, fp + WORD))
        return false;
    uintptr_t pc = epi_cursor_return(cursor, word);
    if (!(epi_cursor_plausible(cursor, pc) || returns_to_code(cursor, pc, fp, outer)) ||
        epi_cursor_returns_oddly(cursor, pc))
        return false;
    epi_cursor_guess(cursor, EPI_HOW_FP, pc, epi_arch_record_sp(fp, outer), 0);
    regs->r[EPI_REG_FP] = outer;
    regs->known |= EPI_BIT(EPI_REG_FP);
    return true;
}

/* Go's rules do not ask, and may be wrong like any other. */
static EPI_SAFE enum epi_step step_go(struct epi_cursor *cursor)
{
    struct epi_cursor before;
    epi_copy_words(&before, cursor, sizeof before);
    enum epi_step step = epi_gostack_step(cursor);
    if (step == EPI_STEP_OK && cursor->stack.end != 0 &&
        !epi_cursor_rises(&before, cursor->regs.r[EPI_REG_SP]))
        step = EPI_STEP_STUCK;
    if (step != EPI_STEP_OK)
        epi_copy_words(cursor, &before, sizeof before);
    return step;
}

static EPI_SAFE enum epi_step step_by_rules(struct epi_cursor *cursor,
                                            struct epi_frame *frame)
{
    uintptr_t pc = epi_cursor_lookup_pc(cursor);
    if (epi_go_text(cursor->go, pc)) {
        frame->flags |= EPI_FRAME_GO;
        return step_go(cursor);
    }
    enum epi_step step = epi_cfi_step_cached(cursor, pc);
    if (step != EPI_STEP_NO_RULE)
        return step;
    if (!EPI_SIGRETURN_HAS_CFI && epi_arch_at_sigreturn(cursor->regs.r[EPI_REG_PC]))
        return EPI_STEP_NO_RULE;
    const struct epi_module *module = epi_modules_find_text(cursor->modules, pc);
    if (module != NULL)
        return epi_cfi_step(cursor, module);
    if (epi_codemap_find(cursor->code, pc) == NULL) {
        frame->flags |= EPI_FRAME_BAD_PC;
        return EPI_STEP_NO_RULE;
    }
    frame->flags |= EPI_FRAME_CODE;
    struct epi_cfi_entry entry; /* if a JIT compiler has announced it */
    return epi_codeframes_find(cursor->code_frames, pc, &entry) ? epi_cfi_step_entry(cursor, &entry)
                                                                 : EPI_STEP_NO_RULE;
}

/* By what the code at the PC says, where there are no rules for it. */
static EPI_SAFE enum epi_step step_by_code(struct epi_cursor *cursor, struct epi_frame *frame)
{
    if ((frame->flags & EPI_FRAME_BAD_PC) != 0)
        return EPI_STEP_NO_RULE;
    if (step_sigreturn(cursor)) {
        frame->flags |= EPI_FRAME_SIGNAL | EPI_FRAME_EXACT;
        return EPI_STEP_OK;
    }
    const struct epi_module *module =
        epi_modules_find_text(cursor->modules, epi_cursor_lookup_pc(cursor));
    if (epi_framecode_step(cursor, module) == EPI_STEP_OK)
        return EPI_STEP_OK;
    return epi_arch_at_thread_end(cursor->regs.r[EPI_REG_PC]) ? EPI_STEP_OUTERMOST
                                                              : EPI_STEP_NO_RULE;
}

static EPI_SAFE bool step_by_guess(struct epi_cursor *cursor, enum epi_step failed,
                                   const struct epi_frame *frame)
{
    bool bad = (frame->flags & EPI_FRAME_BAD_PC) != 0;
    bool exact = (frame->flags & EPI_FRAME_EXACT) != 0;
    if (failed == EPI_STEP_NO_RULE && exact &&
        step_return(cursor, bad ? EPI_HOW_RETURN : EPI_HOW_SCAN))
        return true;
    return step_frame_pointer(cursor) || epi_scan_step(cursor, SCAN_WORDS);
}

/* Brent: a state that comes again would come for ever. */
static EPI_SAFE bool comes_again(struct epi_cursor *cursor)
{
    uintptr_t pc = cursor->regs.r[EPI_REG_PC], sp = cursor->regs.r[EPI_REG_SP];
    if (pc == cursor->mark_pc && sp == cursor->mark_sp)
        return true;
    if (cursor->steps == cursor->mark_at) {
        cursor->mark_pc = pc;
        cursor->mark_sp = sp;
        cursor->mark_at *= 2;
    }
    return false;
}

/* Moves CURSOR from FRAME to its caller, or says why not. */
static EPI_SAFE enum epi_stop move(struct epi_cursor *cursor, struct epi_frame *frame)
{
    uint64_t fp = cursor->regs.r[EPI_REG_FP];
    bool outermost_fp = epi_known(&cursor->regs, EPI_REG_FP) && fp == 0;
    enum epi_step step = step_by_rules(cursor, frame), by_code;
    switch (step) {
    case EPI_STEP_OK:
        if ((frame->flags & EPI_FRAME_GO) == 0 && (cursor->flags & EPI_FRAME_EXACT) != 0)
            frame->flags |= EPI_FRAME_SIGNAL | EPI_FRAME_EXACT;
        else if (cursor->regs.r[EPI_REG_PC] == 0 &&
                 !epi_scan_step(cursor, SCAN_WORDS_AT_END))
            /* Threads made by clone end like this; so does a stack that was
             * overwritten with zeros, where the scan finds more. */
            return EPI_STOP_OUTERMOST;
        break;
    case EPI_STEP_OUTERMOST:
        return EPI_STOP_OUTERMOST;
    default:
        by_code = step == EPI_STEP_NO_RULE ? step_by_code(cursor, frame) : step;
        if (by_code == EPI_STEP_OUTERMOST)
            return EPI_STOP_OUTERMOST;
        if (by_code == EPI_STEP_OK || step_by_guess(cursor, step, frame))
            break;
        if (step == EPI_STEP_STUCK)
            return EPI_STOP_STUCK;
        if (step == EPI_STEP_UNREADABLE)
            return EPI_STOP_UNREADABLE;
        /* The psABI (3.4.1) marks the outermost frame by a frame pointer of 0. */
        return outermost_fp ? EPI_STOP_OUTERMOST : EPI_STOP_NO_RULE;
    }
    epi_cursor_arrive(cursor);
    return EPI_STOP_NONE;
}

EPI_SAFE bool epi_cursor_next(struct epi_cursor *cursor, struct epi_frame *frame)
{
    if (cursor->stop != EPI_STOP_NONE)
        return false;
    frame->pc = cursor->regs.r[EPI_REG_PC];
    frame->sp = cursor->regs.r[EPI_REG_SP];
    frame->how = cursor->how;
    frame->flags = cursor->flags;
    if (cursor->scanned && frame->how != EPI_HOW_SCAN)
        frame->flags |= EPI_FRAME_AFTER_SCAN;
    cursor->scanned |= frame->how == EPI_HOW_SCAN;
    cursor->steps++;
    cursor->stop = move(cursor, frame);
    cursor->guessed |= cursor->how == EPI_HOW_FP || cursor->how == EPI_HOW_SCAN;
    if (cursor->stop != EPI_STOP_NONE && !cursor->crossed_asmcgocall &&
        (cursor->stop != EPI_STOP_OUTERMOST || cursor->guessed) &&
        epi_gostack_resume(cursor))
        cursor->stop = EPI_STOP_NONE;
    if (cursor->stop == EPI_STOP_NONE && comes_again(cursor))
        cursor->stop = EPI_STOP_STUCK;
    if (cursor->stop == EPI_STOP_NONE && cursor->steps == EPI_CURSOR_STEPS)
        cursor->stop = EPI_STOP_LIMIT;
    return true;
}
