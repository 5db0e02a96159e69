/* What instructions are, for linux/arm64 (Arm Architecture Reference Manual, C4.1), as far as those
 * need to know who look at code.  Each is a word at a multiple of four. */
#ifndef EPI_DECODE_ARM64_H
#define EPI_DECODE_ARM64_H

#include "../base/base.h"

static inline EPI_SAFE bool epi_a64_is_bl(uint32_t code)
{
    return code >> 26 == 0x25;
}

/* BLR, and BLRAA, BLRAAZ, BLRAB, BLRABZ, which check a signature before. */
static inline EPI_SAFE bool epi_a64_is_blr(uint32_t code)
{
    return (code & 0xfffffc1f) == 0xd63f0000 || (code & 0xfefff800) == 0xd63f0800;
}

/* The same without a call: BR and its kin. */
static inline EPI_SAFE bool epi_a64_is_br(uint32_t code)
{
    return (code & 0xfffffc1f) == 0xd61f0000 || (code & 0xfefff800) == 0xd61f0800;
}

/* RET from any register, RETAA, RETAB. */
static inline EPI_SAFE bool epi_a64_is_ret(uint32_t code)
{
    return (code & 0xfffffc1f) == 0xd65f0000 || (code & 0xfffffbff) == 0xd65f0bff;
}

/* The WIDTH bits of CODE from bit SHIFT on, as a number with a sign. */
static inline EPI_SAFE int64_t epi_a64_signed(uint32_t code, unsigned shift, unsigned width)
{
    return (int64_t)((uint64_t)code >> shift << (64 - width)) >> (64 - width);
}

/* AT and the distance that the WIDTH bits of CODE from bit SHIFT on say, in words. */
static inline EPI_SAFE uintptr_t epi_a64_relative(uintptr_t at, uint32_t code, unsigned shift,
                                                  unsigned width)
{
    return at + (uintptr_t)(epi_a64_signed(code, shift, width) * 4);
}

/* Is CODE, which stands at AT, a branch that is taken or not: B.cond, CBZ, CBNZ; TBZ, TBNZ?  TO is
 * where it leads to. */
static inline EPI_SAFE bool epi_a64_is_branch(uint32_t code, uintptr_t at, uintptr_t *to)
{
    if (code >> 24 == 0x54 || (code & 0x7e000000) == 0x34000000) {
        *to = epi_a64_relative(at, code, 5, 19);
        return true;
    }
    *to = epi_a64_relative(at, code, 5, 14);
    return (code & 0x7e000000) == 0x36000000;
}

/* B. */
static inline EPI_SAFE bool epi_a64_is_jump(uint32_t code, uintptr_t at, uintptr_t *to)
{
    *to = epi_a64_relative(at, code, 0, 26);
    return code >> 26 == 0x05;
}

#endif
