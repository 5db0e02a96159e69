/* Where an instruction's parts are, for linux/amd64 (Intel SDM 2A, chapter 2): what those
 * need to know who look at code, and no more. */
#ifndef EPI_DECODE_AMD64_H
#define EPI_DECODE_AMD64_H

#include "../base/base.h"

#define EPI_X86_LONGEST 15 /* bytes of an instruction */

enum epi_x86_map { EPI_X86_ONE_BYTE, EPI_X86_0F, EPI_X86_0F38, EPI_X86_0F3A };

struct epi_x86 {
    uint8_t code[EPI_X86_LONGEST];
    uint8_t have, at;
    bool failed; /* more bytes were needed than there are, or no process has such code */
    bool operand16, address32, segment;
    bool vex;    /* VEX or EVEX */
    bool evex;   /* then a displacement of one byte counts operands, not bytes */
    uint8_t rep; /* f2, f3 or 0 */
    uint8_t rex; /* its low four bits: W R X B */
    uint8_t opcode, modrm, sib;
    uint8_t vector; /* bytes of a vector register */
    uint8_t map;    /* enum epi_x86_map */
    bool has_modrm, has_sib;
    int32_t displacement;
    int64_t immediate; /* the last one; of a jump and of a call the distance */
    uint8_t operands;  /* where they end: the bytes before the immediate ones */
    uint8_t length;
};

/* Takes D->code, of which D->have bytes are there, apart; the rest of D is zero.  D->failed
 * tells when that went wrong; the parts before that are right then. */
EPI_SAFE void epi_x86_decode(struct epi_x86 *d);

/* The registers that ModRM and SIB name, as the machine numbers them. */
static inline EPI_SAFE unsigned epi_x86_reg(const struct epi_x86 *d)
{
    return (d->modrm >> 3 & 7u) | (d->rex & 4u) << 1;
}

static inline EPI_SAFE unsigned epi_x86_rm(const struct epi_x86 *d)
{
    return (d->modrm & 7u) | (d->rex & 1u) << 3;
}

static inline EPI_SAFE unsigned epi_x86_base(const struct epi_x86 *d)
{
    return (d->sib & 7u) | (d->rex & 1u) << 3;
}

static inline EPI_SAFE unsigned epi_x86_index(const struct epi_x86 *d)
{
    return (d->sib >> 3 & 7u) | (d->rex & 2u) << 2;
}

#endif
