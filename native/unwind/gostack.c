/* From a Go frame to its caller, and across the border between Go and C.
 *
 * The ordinary frame needs one number: how far SP is below the function's
 * entry.  The pclntab has it for every instruction (pcsp), prologues,
 * epilogues and hand-written assembly included, so the return address is found
 * exactly.  Frame pointers alone, which Go keeps as well, would lose the caller of
 * every leaf and of every function that was interrupted before it had set its own.
 *
 * SP deltas are looked up by the PC itself; only names and lines take the PC
 * of the call, one before a return address.
 *
 * Some functions are special: they change stacks, were entered as if they had
 * been called, or border on C.  They are distinguished by name, since the numbers of
 * funcIDs change between releases; only functions whose record has an ID or a flag
 * are compared.  What a frame of theirs looks like depends on the machine: goabi.h. */
#include "gostack.h"
#include "goabi.h"
#include "pclntab.h"
#include "../base/base.h"
#include "../memory/peek.h"

enum kind {
    KIND_PLAIN,
    KIND_INJECTED,
    KIND_CGOCALL,
    KIND_FROM_C,
    KIND_SWITCH,
    KIND_CLOCK,
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
        {"runtime.nanotime1", KIND_CLOCK},
        {"runtime.walltime", KIND_CLOCK},
        {"time.now", KIND_CLOCK},
        {"runtime.vgetrandom1", KIND_CLOCK},
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

EPI_SAFE enum epi_step epi_gostack_step(struct epi_cursor *cursor)
{
    const struct epi_regs *regs = &cursor->regs;
    bool exact = (cursor->flags & EPI_FRAME_EXACT) != 0;
    const struct epi_goruntime *go = epi_go_at(cursor->go, regs->r[EPI_REG_PC] - !exact);
    if (!go->tables)
        return epi_goabi_step_by_fp(cursor);

    struct epi_gostep s = {
        .cursor = cursor,
        .go = go,
        .pc = regs->r[EPI_REG_PC],
        .sp = regs->r[EPI_REG_SP],
        .fp = regs->r[EPI_REG_FP],
        .fp_known = (regs->known & EPI_BIT(EPI_REG_FP)) != 0,
        .exact = exact,
    };
    if (!epi_pclntab_find(go, s.pc, &s.func))
        return EPI_STEP_NO_RULE;
    enum kind kind = classify(go, &s.func);
    if (!epi_pclntab_spdelta(go, &s.func, s.pc, &s.delta))
        return kind == KIND_INJECTED ? epi_goabi_pop_left(&s) : EPI_STEP_NO_RULE;

    switch (kind) {
    case KIND_INJECTED:
        return epi_goabi_pop_injected(&s);
    case KIND_CGOCALL:
        return epi_goabi_pop_cgocall(&s);
    case KIND_FROM_C:
        return epi_goabi_pop_from_c(&s);
    case KIND_SWITCH:
    case KIND_CLOCK: /* it changes stacks, too */
        return epi_goabi_pop_switch(&s);
    case KIND_MORESTACK:
        return epi_goabi_pop_morestack(&s);
    case KIND_RACECALL:
        return epi_goabi_pop_racecall(&s);
    case KIND_OUTERMOST:
        return EPI_STEP_OUTERMOST;
    case KIND_PLAIN:
        break;
    }
    return epi_goabi_pop(&s, s.sp, (uint64_t)s.delta.bytes);
}

static EPI_SAFE enum kind kind_at(const struct epi_goruntime *go, uintptr_t pc)
{
    struct epi_func func;
    go = epi_go_at(go, pc);
    return go->tables && epi_pclntab_find(go, pc, &func) ? classify(go, &func) : KIND_PLAIN;
}

EPI_SAFE bool epi_gostack_calls_c(const struct epi_goruntime *go, uintptr_t pc)
{
    enum kind kind = kind_at(go, pc);
    return kind == KIND_CGOCALL || kind == KIND_RACECALL;
}

EPI_SAFE bool epi_gostack_calls_vdso(const struct epi_goruntime *go, uintptr_t pc)
{
    return kind_at(go, pc) == KIND_CLOCK;
}

/* Where g and m keep what is needed (runtime2.go).  g.m and g.sched have not
 * moved since Go 1.4; the place of m.curg is searched. */
enum { G_M = 48, G_SCHED_SP = 56, M_WORDS = 96 };

/* Is G a goroutine of M that waits in asmcgocall?  Its saved SP then points to
 * the frame of asmcgocall, which returns into runtime.cgocall: the name is the
 * proof that none of the offsets is wrong. */
static EPI_SAFE bool waits_in_cgocall(const struct epi_goruntime *go, uint64_t g, uint64_t m,
                                      struct epi_regs *caller)
{
    uint64_t its_m, low, high, sp;
    struct epi_func func;
    return epi_peek64(&its_m, g + G_M) && its_m == m &&
           epi_goabi_stack_of(g, &low, &high) && epi_peek64(&sp, g + G_SCHED_SP) &&
           sp >= low && sp < high && epi_goabi_caller_of_cgocall(sp, caller) &&
           epi_go_text(go, caller->r[EPI_REG_PC]) &&
           epi_pclntab_find(go, caller->r[EPI_REG_PC], &func) &&
           epi_streq(epi_pclntab_function(go, &func), "runtime.cgocall");
}

/* The goroutine on whose behalf C runs on the thread whose g is G0, and the
 * registers in runtime.cgocall. */
static EPI_SAFE uint64_t find_waiting(const struct epi_goruntime *go, uint64_t g0,
                                      struct epi_regs *caller)
{
    uint64_t m, g;
    if (go == NULL || !go->tables || g0 == 0 || !epi_peek64(&m, g0 + G_M))
        return 0;
    for (unsigned i = 0; i < M_WORDS && epi_peek64(&g, m + i * 8); i++)
        if (g != 0 && g != g0 && waits_in_cgocall(go, g, m, caller))
            return g;
    return 0;
}

EPI_SAFE uintptr_t epi_gostack_goroutine(const struct epi_goruntime *go, uintptr_t g)
{
    struct epi_regs caller;
    return find_waiting(go, g, &caller);
}

EPI_SAFE bool epi_gostack_resume(struct epi_cursor *cursor)
{
    struct epi_regs caller;
    if (find_waiting(cursor->go, cursor->g, &caller) == 0)
        return false;
    epi_copy_words(&cursor->regs, &caller, sizeof caller);
    cursor->how = EPI_HOW_GO;
    cursor->flags = EPI_FRAME_GAP;
    cursor->scanned = cursor->unconfirmed = false;
    cursor->stack = (struct epi_range){0, 0};
    cursor->crossed_asmcgocall = true;
    return true;
}

EPI_SAFE uintptr_t epi_gostack_c_end(const struct epi_cursor *cursor)
{
    struct epi_regs caller;
    uint64_t end;
    /* asmcgocall puts g0 in charge, and C below g0's saved SP. */
    if (find_waiting(cursor->go, cursor->g, &caller) == 0 ||
        !epi_peek64(&end, cursor->g + G_SCHED_SP) || end <= cursor->regs.r[EPI_REG_SP])
        return UINTPTR_MAX;
    return end;
}
