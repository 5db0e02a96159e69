/* A position in a walk: the registers of a frame, how they were found, and what would be
 * believed as those of its caller. */
#ifndef EPI_CURSOR_H
#define EPI_CURSOR_H

#include "../base/base.h"
#include "../image/codemap.h"
#include "../image/modules.h"

struct epi_goruntime;  /* golayout.h */
struct epi_codeframes; /* codeframes.h */

/* One frame larger than this is more likely a wrong register. */
#define EPI_FRAME_MAX ((uintptr_t)1 << 20)

/* How a frame's PC was found, from the most to the least certain.  The report
 * marks the last two, and what follows a scan. */
enum epi_how {
    EPI_HOW_CONTEXT, /* the interrupted registers themselves */
    EPI_HOW_CFI,     /* call frame information */
    EPI_HOW_GO,      /* SP deltas of the pclntab, or a rule of the Go border */
    EPI_HOW_CODE,    /* the instructions of the function, from its start to the PC */
    EPI_HOW_RETURN,  /* return address at SP, after a PC that cannot be code */
    EPI_HOW_FP,      /* frame pointer */
    EPI_HOW_SCAN,    /* a word on the stack that looks like a return address */
};

enum epi_frame_flag {
    EPI_FRAME_EXACT = 1,  /* the PC is where execution stood: look it up as it
                             is, not as a return address by PC - 1 */
    EPI_FRAME_GO = 2,     /* the PC is in Go text */
    EPI_FRAME_BAD_PC = 4, /* the PC is in no executable memory */
    EPI_FRAME_SIGNAL = 8, /* the trampoline of a signal handler */
    EPI_FRAME_GAP = 16,   /* the frames between this and the one before are lost */
    EPI_FRAME_AFTER_SCAN = 32, /* rules led here, but from a frame that a scan found */
    EPI_FRAME_CODE = 64, /* the PC is in executable memory that belongs to no module */
};

struct epi_frame {
    uintptr_t pc;
    uintptr_t sp; /* the frame's stack pointer, before its caller is popped */
    uint8_t how, flags;
};

/* The address whose name is the frame's: a return address is behind its call, and may
 * belong to another line or, after a call that does not return, to another function. */
static inline EPI_SAFE uintptr_t epi_frame_lookup_pc(const struct epi_frame *frame)
{
    return frame->pc - ((frame->flags & EPI_FRAME_EXACT) == 0);
}

/* Why a walk ended. */
enum epi_stop {
    EPI_STOP_NONE,       /* it has not */
    EPI_STOP_OUTERMOST,  /* CFI says so (undefined return address), the thread's
                            start, a goroutine's start */
    EPI_STOP_UNREADABLE, /* the stack could not be read */
    EPI_STOP_NO_RULE,    /* no CFI, and the fallbacks found nothing */
    EPI_STOP_STUCK,      /* the next frame would not be further out */
    EPI_STOP_LIMIT,      /* EPI_CURSOR_STEPS frames */
    EPI_STOP_ROOM,       /* a signal handler's stack had no room for a walk */
    EPI_STOP_FAULTS,     /* faults of the walk would have come to another handler */
    EPI_STOP_PENDING,    /* a fault's signal waits, and opening it would deliver it */
};

/* A frame's rules as far as they are of the common kind, keyed by the PC that
 * they were looked up for: the CFA is a register plus an offset, each register
 * is saved at a fixed distance from it.  A cache is memory of the caller's;
 * zeroed it is empty, and it has to be zeroed when a module was unloaded.  One
 * thread at a time uses it. */
#define EPI_RULES 512
struct epi_rule {
    uintptr_t pc; /* 0: empty */
    int32_t cfa_offset;
    uint8_t cfa_reg;
    uint8_t flags;
    int16_t ra; /* where the return address is, as an offset from the CFA; 0: in EPI_REG_RA */
    int16_t saved[EPI_RULE_SAVED]; /* of EPI_RULE_REGISTERS: offset from the CFA, 0: kept */
};
struct epi_rule_cache {
    struct epi_rule rule[EPI_RULES];
};

/* An endless recursion has some 100 000 frames on a stack of 8 MiB; all are
 * walked, to reach who began it. */
#define EPI_CURSOR_STEPS 4000000

/* What one walk may spend on code without call frame information (framecode.h).  The unit
 * is an instruction that is looked at, some 60 ns.  Code with such information costs none of
 * it, and what was found out is in the cache for the next walk.
 *
 * A sample of a profile comes a hundred times a second to a healthy program: 15 us, for
 * nine functions of ten.  A thread that another one asks stops for half a millisecond at most,
 * whatever code it is in.  A crash, and who calls for a dump, want the answer: 16 ms, enough
 * for the longest function that is read at all. */
#define EPI_CODE_SAMPLE UINT32_C(256)
#define EPI_CODE_THREAD UINT32_C(8192)
#define EPI_CODE_REPORT UINT32_C(262144)

/* A position in a walk.  Lives in the caller's memory; nothing is allocated.
 * Every read of the stack goes through epi_peek. */
struct epi_cursor {
    const struct epi_modules *modules;
    const struct epi_codemap *code; /* or NULL; set after the start by who knows it */
    const struct epi_codeframes *code_frames; /* or NULL; likewise */
    const struct epi_goruntime *go; /* or NULL: no Go text */
    struct epi_rule_cache *cache;   /* or NULL */
    uintptr_t g; /* the thread's g, set after the start by who knows it; then a
                    walk that loses the C frames goes on with the Go functions
                    that called them */
    struct epi_regs regs;           /* of the frame that next returns */
    uint8_t how, flags;             /* of the same frame */
    uint32_t steps;
    enum epi_stop stop;
    bool guessed;            /* some frame was */
    bool scanned;            /* some frame was found by a scan, and this one stands on it */
    bool unconfirmed;        /* nothing but its place speaks for the frame that a scan found */
    bool crossed_asmcgocall; /* Go code is waiting for this C code */
    struct epi_range stack;  /* start: SP must come out above it.  A step onto
                                another stack sets both to 0 */
    uint8_t switches;        /* such steps that only CFI vouches for */
    uint32_t code_work;      /* what may still be spent on reading functions' code:
                                EPI_CODE_SAMPLE at the start, more by who may take longer */
    uint32_t mark_at;        /* the step at which the mark moves next */
    uintptr_t mark_pc, mark_sp; /* a state that must not come again */
};

/* The address whose rules and whose name are the frame's: a return address
 * may be the first byte of another function, when the call does not return. */
static inline EPI_SAFE uintptr_t epi_cursor_lookup_pc(const struct epi_cursor *cursor)
{
    return cursor->regs.r[EPI_REG_PC] - ((cursor->flags & EPI_FRAME_EXACT) == 0);
}

/* Starts a walk at REGS, the registers of an interrupted instruction. */
EPI_SAFE void epi_cursor_start(struct epi_cursor *cursor,
                               const struct epi_modules *modules,
                               const struct epi_goruntime *go,
                               struct epi_rule_cache *cache,
                               const struct epi_regs *regs);

/* Does PC look like a return address: in text, behind a call? */
EPI_SAFE bool epi_cursor_plausible(const struct epi_cursor *cursor, uintptr_t pc);

/* Is SP further out on the stack that CURSOR is on, or is it on no certain one?  LEVEL: the
 * frame may be an empty one. */
static inline EPI_SAFE bool epi_cursor_is_above(const struct epi_cursor *cursor, uintptr_t sp,
                                                bool level)
{
    return cursor->stack.end == 0 || sp > cursor->stack.start ||
           (level && sp == cursor->stack.start);
}

/* Can SP be that of the caller of the frame that CURSOR is at?  Where a call pushes nothing, an
 * interrupted function that has made no frame has its caller's SP. */
static inline EPI_SAFE bool epi_cursor_rises(const struct epi_cursor *cursor, uintptr_t sp)
{
    return epi_cursor_is_above(cursor, sp,
                               EPI_CALL_PUSHES == 0 && (cursor->flags & EPI_FRAME_EXACT) != 0);
}

/* Is ADDRESS in code? */
EPI_SAFE bool epi_cursor_in_text(const struct epi_cursor *cursor, uintptr_t address);

/* The return address that WORD is, which may bear a signature (pointer authentication).  One
 * that is no code without the signature either stays as it is: bytes that have overwritten it
 * are to be shown. */
static inline EPI_SAFE uintptr_t epi_cursor_return(const struct epi_cursor *cursor, uint64_t word)
{
    uint64_t pc = epi_arch_strip(word);
    return pc == word || epi_cursor_in_text(cursor, pc - 1) ? pc : word;
}

/* What a step made of CURSOR->regs. */
enum epi_step {
    EPI_STEP_OK,         /* regs, how, flags are the caller's */
    EPI_STEP_OUTERMOST,  /* there is no caller */
    EPI_STEP_UNREADABLE, /* a read failed */
    EPI_STEP_NO_RULE,    /* this method knows nothing of the PC */
    EPI_STEP_STUCK,      /* what it found is not to be believed */
};

/* Are PC and SP to be believed as the caller of the frame that CURSOR is at?
 * Steps ask before they change anything.  EXACT: a signal frame says so, which
 * is on any stack. */
EPI_SAFE bool epi_cursor_accepts(const struct epi_cursor *cursor, uintptr_t pc,
                                 uintptr_t sp, bool exact);

/* The caller is at PC with SP, by a guess; of the other registers those in KEPT
 * are as they were. */
EPI_SAFE void epi_cursor_guess(struct epi_cursor *cursor, enum epi_how how, uintptr_t pc,
                               uintptr_t sp, epi_regset kept);

/* A C frame returns to C, or to Go's way of calling it.  What else looks like a
 * return to Go was left on the stack by the runtime, or is in the frame of the
 * goroutine that BP still points to. */
EPI_SAFE bool epi_cursor_returns_oddly(const struct epi_cursor *cursor, uintptr_t pc);

/* CURSOR is at the caller now: what is further out begins there. */
static inline EPI_SAFE void epi_cursor_arrive(struct epi_cursor *cursor)
{
    uintptr_t sp = cursor->regs.r[EPI_REG_SP];
    if (!epi_cursor_is_above(cursor, sp, EPI_CALL_PUSHES == 0))
        cursor->switches++;
    cursor->stack.start = sp;
    cursor->stack.end = UINTPTR_MAX;
}

#endif
