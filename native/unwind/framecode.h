/* The frame of a function out of its instructions, where the compiler left no call frame
 * information: assembly, code built with -fno-asynchronous-unwind-tables.  The machine's part
 * is in a framecode_MACHINE.c. */
#ifndef EPI_FRAMECODE_H
#define EPI_FRAMECODE_H

#include "cfi.h"
#include "framestate.h"
#include "../base/base.h"

/* What call frame information would say of PC, a look-up PC in CODE, which is one
 * function.  EXACT: PC is the first byte of an instruction that has not run yet, else the
 * last byte of a call.  False where the instructions leave any doubt, or WORK, in
 * instructions, is not enough: what is left of it comes back.  The rule has to be confirmed by
 * the return address that it leads to. */
EPI_SAFE bool epi_framecode_row(struct epi_range code, uintptr_t pc, bool exact,
                                struct epi_cfi_row *row, uint32_t *work);

/* The same for an instruction that says by itself where the return address is, whatever
 * function it is in: the first two of a function with a frame pointer, a return. */
EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row);

/* One C frame out of the code, of MODULE or, where that is NULL, of none. */
EPI_SAFE enum epi_step epi_framecode_step(struct epi_cursor *cursor,
                                          const struct epi_module *module);

/* Where a program goes on behind an instruction. */
enum epi_flow {
    EPI_FLOW_ON,
    EPI_FLOW_NOP,    /* likewise; it does nothing */
    EPI_FLOW_CALL,   /* likewise, if the call returns */
    EPI_FLOW_BRANCH, /* or else at TO */
    EPI_FLOW_JUMP,   /* at TO */
    EPI_FLOW_TABLE,  /* at one of several places, or in another function */
    EPI_FLOW_END,    /* nowhere in this function */
};

struct epi_frame_instruction {
    uintptr_t at;
    const uint8_t *code; /* its bytes, of which the first HAVE are the function's */
    size_t have;
    uint8_t length; /* comes back; 0: it cannot be read */
    enum epi_flow flow;
    uintptr_t to;
};

/* Reads INSTRUCTION: its place and its bytes are given, the rest is found out.  S becomes what
 * it is behind it. */
EPI_SAFE void epi_arch_frame_instruction(struct epi_frame_instruction *instruction,
                                         struct epi_framestate *s);

#endif
