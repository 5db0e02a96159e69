/* What instructions do to the frame of the function that they are in, on amd64. */
#ifndef EPI_FRAMESTATE_AMD64_H
#define EPI_FRAMESTATE_AMD64_H

#include "cfi.h"
#include "../base/base.h"
#include "../memory/decode_amd64.h"

/* RBX, RBP, R12 to R15. */
#define EPI_FRAME_KEPT 6

/* A frame, as it is before an instruction. */
struct epi_framestate {
    bool known;    /* anything at all */
    bool deep;     /* DEPTH is not known: RSP was aligned, or moved by a register */
    bool frame;    /* RBP is CFA - 16 */
    bool torn;     /* ways lead here whose states have nothing in common: not known for good */
    int32_t depth; /* CFA - RSP */
    int16_t saved[EPI_FRAME_KEPT]; /* where, from the CFA; 0: not */
};

/* At a function's first instruction, and at its second if that pushes RBP. */
EPI_SAFE void epi_framestate_start(struct epi_framestate *s, bool pushed_bp);

/* S becomes what it and OTHER have in common, both known: with a frame pointer the CFA is, wherever
 * RSP has got to; else nothing is where they are not equally deep.  True: it has changed. */
EPI_SAFE bool epi_framestate_join(struct epi_framestate *s, const struct epi_framestate *other);

/* X, which is no jump, call or return, has run. */
EPI_SAFE void epi_framestate_run(struct epi_framestate *s, const struct epi_x86 *x);

/* As a row of call frame information; false when S does not say enough. */
EPI_SAFE bool epi_framestate_row(const struct epi_framestate *s, struct epi_cfi_row *row);

#endif
