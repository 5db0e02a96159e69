/* Go's frames, as the machine has them: where a function's return address and
 * frame pointer are, and what the special functions leave on the stack.  A machine
 * provides these in a goabi_MACHINE.c; gostack.c decides which of them is asked.  What the
 * machines' files share is at the end, and in goabi.c. */
#ifndef EPI_GOABI_H
#define EPI_GOABI_H

#include "gostack.h"
#include "pclntab.h"
#include "unwind.h"
#include "../base/base.h"

/* A frame and what the table says of it. */
struct epi_gostep {
    struct epi_cursor *cursor;
    const struct epi_goruntime *go; /* of the program or of a plugin */
    struct epi_func func;
    struct epi_spdelta delta;
    uint64_t pc, sp, fp;
    bool fp_known;
    bool exact; /* interrupted here, as opposed to waiting for a call */
};

/* The caller of the frame whose SP is SP and DELTA bytes below its entry. */
EPI_SAFE enum epi_step epi_goabi_pop(struct epi_gostep *s, uint64_t sp, uint64_t delta);

/* The interrupted function below one that was entered as if it had called it: sigpanic,
 * asyncPreempt, debugCallV2.  Execution stood there. */
EPI_SAFE enum epi_step epi_goabi_pop_injected(struct epi_gostep *s);

/* The same at its last instruction, where that has all registers as they were and SP is above
 * where it was at the entry. */
EPI_SAFE enum epi_step epi_goabi_pop_left(struct epi_gostep *s);

/* The caller of a function that changes stacks (SPWRITE), of asmcgocall, of
 * crosscall2 and sigtramp, of morestack, of racecall. */
EPI_SAFE enum epi_step epi_goabi_pop_switch(struct epi_gostep *s);
EPI_SAFE enum epi_step epi_goabi_pop_cgocall(struct epi_gostep *s);
EPI_SAFE enum epi_step epi_goabi_pop_from_c(struct epi_gostep *s);
EPI_SAFE enum epi_step epi_goabi_pop_morestack(struct epi_gostep *s);
EPI_SAFE enum epi_step epi_goabi_pop_racecall(struct epi_gostep *s);

/* The caller by the frame pointer alone, when the tables cannot be read. */
EPI_SAFE enum epi_step epi_goabi_step_by_fp(struct epi_cursor *cursor);

/* REGS become those of the function that called asmcgocall, whose frame is at SP
 * while it waits for C. */
EPI_SAFE bool epi_goabi_caller_of_cgocall(uintptr_t sp, struct epi_regs *regs);

/* REGS become those of the C function that called crosscall2, whose return address is
 * at SLOT. */
EPI_SAFE bool epi_goabi_caller_of_crosscall2(uintptr_t slot, struct epi_regs *regs);

/* ---- for the machines' files ---- */

/* Is there a return address into Go text at ADDRESS? */
EPI_SAFE bool epi_goabi_returns_to_go(const struct epi_gostep *s, uint64_t address);

/* The caller is at PC, with SP and FP, and no other register is known. */
EPI_SAFE enum epi_step epi_goabi_arrive(struct epi_gostep *s, uint64_t pc, uint64_t sp,
                                        uint64_t fp, bool fp_known);

/* epi_goabi_pop on another stack: the next SP need not be above this one. */
static inline EPI_SAFE enum epi_step epi_goabi_pop_elsewhere(struct epi_gostep *s, uint64_t sp,
                                                             uint64_t delta)
{
    s->cursor->stack = (struct epi_range){0, 0};
    return epi_goabi_pop(s, sp, delta);
}

/* The bounds of G's stack. */
EPI_SAFE bool epi_goabi_stack_of(uint64_t g, uint64_t *low, uint64_t *high);

/* Is SP on the stack of G? */
EPI_SAFE bool epi_goabi_on_stack_of(const struct epi_gostep *s, uint64_t g);

/* What is DEPTH bytes below the top of G's stack, on it: how asmcgocall keeps SP, since the
 * stack may move. */
EPI_SAFE bool epi_goabi_below_top(uint64_t g, uint64_t depth, uint64_t *sp);

#endif
