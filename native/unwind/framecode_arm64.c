/* The frame of a function out of its instructions, on arm64: only what one instruction says by
 * itself.  Other code without call frame information is walked by the frame pointer, which the
 * procedure call standard (AAPCS64, 6.4.6) has all compilers keep, and marked. */
#include "framecode.h"
#include "cfi.h"
#include "../base/base.h"
#include "../memory/peek.h"

EPI_SAFE bool epi_arch_frame_row(struct epi_range code, uintptr_t pc, bool exact,
                                 struct epi_cfi_row *row, uint32_t *work)
{
    (void)code, (void)pc, (void)exact, (void)row, (void)work;
    return false;
}

/* stp x29, x30, [sp, #-FRAME]! */
static EPI_SAFE bool opens_frame(uint32_t code, int32_t *frame)
{
    *frame = (0x80 - (int32_t)(code >> 15 & 0x7f)) * 8;
    return (code & 0xffe07fff) == 0xa9a07bfd; /* what it adds to SP is negative */
}

/* RET, RETAA, RETAB; and what a function begins with: PACIASP, PACIBSP, BTI C. */
static EPI_SAFE bool has_no_frame(uint32_t code)
{
    return code == 0xd65f03c0 || code == 0xd65f0bff || code == 0xd65f0fff || code == 0xd503233f ||
           code == 0xd503237f || code == 0xd503245f;
}

EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row)
{
    enum { MOV_X29_SP = 0x910003fd };
    uint32_t code, before;
    int32_t frame = 0;
    epi_zero(row, sizeof *row);
    row->cfa_kind = EPI_CFI_REGISTER;
    row->cfa_reg = EPI_REG_SP;
    if (pc % 4 != 0 || !epi_peek32(&code, pc))
        return false;
    if (has_no_frame(code) || opens_frame(code, &frame))
        return true; /* LR has the return address still, or again */
    if (code != MOV_X29_SP || !epi_peek32(&before, pc - 4) || !opens_frame(before, &frame))
        return false;
    row->cfa_value = frame;
    row->kind[EPI_REG_FP] = row->kind[EPI_REG_RA] = EPI_CFI_OFFSET;
    row->value[EPI_REG_FP] = -frame;
    row->value[EPI_REG_RA] = 8 - frame;
    return true;
}
