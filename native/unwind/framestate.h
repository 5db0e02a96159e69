/* What is known of a function's frame between two of its instructions. */
#ifndef EPI_FRAMESTATE_H
#define EPI_FRAMESTATE_H

#include "cfi.h"
#include "../base/base.h"

/* A frame, as it is before an instruction. */
struct epi_framestate {
    int32_t depth;       /* CFA - SP */
    int32_t frame_depth; /* CFA - FP */
    int16_t ra;          /* where the return address is, from the CFA; 0: not in memory */
    int16_t saved[EPI_RULE_SAVED]; /* EPI_RULE_REGISTERS, likewise */
    /* A reading keeps many states on a signal handler's stack: so these are bits. */
    bool known : 1; /* anything at all */
    bool deep : 1;  /* DEPTH is not known: SP was aligned, or moved by a register */
    bool frame : 1; /* FRAME_DEPTH is known: FP is a frame pointer */
    bool torn : 1;  /* ways lead here whose states have nothing in common: not known for good */
    bool link : 1;  /* the register in which a call leaves the return address has it still, or again */
};

/* At a function's first instruction. */
EPI_SAFE void epi_framestate_start(struct epi_framestate *s);

/* SP moves: what it leaves below is not saved any more. */
EPI_SAFE void epi_framestate_set_depth(struct epi_framestate *s, int64_t depth);

/* The register of SAVED[SLOT] is stored at OFFSET from the CFA.  Its value is the caller's when that
 * is for the first time: a function that has changed it before has lost it. */
EPI_SAFE void epi_framestate_save(struct epi_framestate *s, unsigned slot, int64_t offset);

/* S becomes what it and OTHER have in common, both known: with a frame pointer the CFA is, wherever
 * SP has got to; else nothing is where they are not equally deep.  True: it has changed. */
EPI_SAFE bool epi_framestate_join(struct epi_framestate *s, const struct epi_framestate *other);

/* As a row of call frame information; false when S does not say enough. */
EPI_SAFE bool epi_framestate_row(const struct epi_framestate *s, struct epi_cfi_row *row);

#endif
