/* The frame of a function out of its instructions, on arm64: nothing is claimed.  Code without
 * call frame information is walked by the frame pointer, which the procedure call standard
 * (AAPCS64, 6.4.6) has all compilers keep, and marked. */
#include "framecode.h"
#include "cfi.h"
#include "../base/base.h"

EPI_SAFE bool epi_arch_frame_row(struct epi_range code, uintptr_t pc, bool exact,
                                 struct epi_cfi_row *row)
{
    (void)code, (void)pc, (void)exact, (void)row;
    return false;
}

EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row)
{
    (void)pc, (void)row;
    return false;
}
