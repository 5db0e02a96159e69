/* The decoder of amd64's instructions: prefixes, opcode, ModRM, SIB, displacement and
 * immediate operands, by the opcode maps of the Intel SDM 2D, appendix A. */
#include "decode_amd64.h"
#include "../base/base.h"

static EPI_SAFE uint8_t next(struct epi_x86 *d)
{
    if (d->at >= d->have) {
        d->failed = true;
        return 0;
    }
    return d->code[d->at++];
}

static EPI_SAFE int64_t number(struct epi_x86 *d, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)next(d) << 8 * i;
    return bytes == 1 ? (int8_t)value
           : bytes == 2 ? (int16_t)value
           : bytes == 4 ? (int32_t)value
                        : (int64_t)value;
}

/* Is B a prefix?  Notes what it says. */
static EPI_SAFE bool prefix(struct epi_x86 *d, uint8_t b)
{
    d->operand16 |= b == 0x66;
    d->address32 |= b == 0x67;
    d->segment |= b == 0x64 || b == 0x65;
    if (b == 0xf2 || b == 0xf3)
        d->rep = b;
    return b == 0x66 || b == 0x67 || b == 0x64 || b == 0x65 || b == 0xf0 || b == 0xf2 ||
           b == 0xf3 || (b & 0xe7) == 0x26; /* ES, CS, SS, DS */
}

/* C5, C4 and 62 take the place of 0F and its prefixes; R, X and B stand inverted. */
static EPI_SAFE void vex(struct epi_x86 *d)
{
    static const uint8_t maps[] = {EPI_X86_0F3A, EPI_X86_0F, EPI_X86_0F38, EPI_X86_0F3A};
    uint8_t first = next(d), last = first;
    d->vex = true;
    d->map = EPI_X86_0F;
    d->rex = (first & 0x80) == 0 ? 4 : 0;
    if (d->opcode != 0xc5) {
        unsigned map = first & (d->opcode == 0xc4 ? 31 : 7);
        d->rex = (uint8_t)(~first >> 5 & 7);
        d->map = maps[map & 3];
        last = next(d);
        d->failed |= map == 0 || map > 3;
    }
    d->vector = (last & 4) != 0 ? 32 : 16;
    if (d->opcode == 0x62) {
        d->evex = true;
        uint8_t lengths = next(d);
        d->vector = (uint8_t)(16 << (lengths >> 5 & 3));
    }
    d->operand16 = (last & 3) == 1;
    d->rep = (last & 3) == 2 ? 0xf3 : (last & 3) == 3 ? 0xf2 : 0;
    d->opcode = next(d);
}

static EPI_SAFE void opcode(struct epi_x86 *d)
{
    uint8_t b = next(d);
    while (prefix(d, b))
        b = next(d);
    if ((b & 0xf0) == 0x40) { /* REX counts only right before the opcode */
        d->rex = b & 15;
        b = next(d);
    }
    d->opcode = b;
    d->vector = 16;
    if (b == 0xc5 || b == 0xc4 || b == 0x62) {
        vex(d);
    } else if (b == 0x0f) {
        d->map = EPI_X86_0F;
        d->opcode = next(d);
        if (d->opcode == 0x38 || d->opcode == 0x3a) {
            d->map = d->opcode == 0x38 ? EPI_X86_0F38 : EPI_X86_0F3A;
            d->opcode = next(d);
        }
    }
}

static EPI_SAFE bool has_modrm(const struct epi_x86 *d)
{
    uint8_t op = d->opcode;
    if (d->map == EPI_X86_0F)
        return !((op >= 0x05 && op <= 0x09) || op == 0x0b || op == 0x0e ||
                 (op >= 0x30 && op <= 0x37) || op == 0x77 || (!d->vex && (op & 0xf0) == 0x80) ||
                 (op >= 0xa0 && op <= 0xa2) || (op >= 0xa8 && op <= 0xaa) ||
                 (op >= 0xc8 && op <= 0xcf));
    if (d->map != EPI_X86_ONE_BYTE)
        return true;
    return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
           (op >= 0x80 && op <= 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
           (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) || op == 0xf6 ||
           op == 0xf7 || op == 0xfe || op == 0xff;
}

static EPI_SAFE void modrm(struct epi_x86 *d)
{
    d->has_modrm = true;
    d->modrm = next(d);
    unsigned mode = d->modrm >> 6, base = d->modrm & 7;
    if (mode == 3)
        return;
    if (base == 4) {
        d->has_sib = true;
        d->sib = next(d);
        base = d->sib & 7;
    }
    if (mode == 1)
        d->displacement = (int32_t)number(d, 1);
    else if (mode == 2 || base == 5)
        d->displacement = (int32_t)number(d, 4);
}

/* Bytes of the immediate operands of an opcode without a prefix. */
static EPI_SAFE unsigned one_byte_immediate(const struct epi_x86 *d)
{
    uint8_t op = d->opcode, digit = d->modrm >> 3 & 7;
    unsigned word = (d->rex & 8) == 0 && d->operand16 ? 2 : 4;
    if (op < 0x40)
        return (op & 7) == 4 ? 1 : (op & 7) == 5 ? word : 0;
    if (op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7 ||
        (op == 0xf7 && digit < 2))
        return word;
    if (op == 0xe8 || op == 0xe9)
        return 4;
    if (op >= 0xb8 && op <= 0xbf)
        return (d->rex & 8) != 0 ? 8 : word;
    if (op >= 0xa0 && op <= 0xa3)
        return d->address32 ? 4 : 8;
    if (op == 0xc2 || op == 0xca)
        return 2;
    return op == 0x6a || op == 0x6b || (op & 0xf0) == 0x70 || op == 0x80 || op == 0x83 ||
           op == 0xa8 || (op & 0xf8) == 0xb0 || op == 0xc0 || op == 0xc1 || op == 0xc6 ||
           op == 0xcd || (op & 0xf8) == 0xe0 || op == 0xeb || (op == 0xf6 && digit < 2);
}

static EPI_SAFE unsigned immediate(const struct epi_x86 *d)
{
    uint8_t op = d->opcode;
    if (d->map == EPI_X86_ONE_BYTE)
        return one_byte_immediate(d);
    if (d->map == EPI_X86_0F38)
        return 0;
    if (d->map == EPI_X86_0F3A)
        return 1;
    if (!d->vex && (op & 0xf0) == 0x80)
        return 4;
    return (op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
           (op >= 0xc4 && op <= 0xc6) || op == 0x0f;
}

/* Opcodes that 64-bit mode does not have. */
static EPI_SAFE bool invalid(const struct epi_x86 *d)
{
    uint8_t op = d->opcode;
    return d->map == EPI_X86_ONE_BYTE &&
           ((op < 0x40 && ((op & 7) == 7 || ((op & 7) == 6))) || op == 0x60 || op == 0x61 ||
            op == 0x82 || op == 0x9a || op == 0xce || (op >= 0xd4 && op <= 0xd6) || op == 0xea ||
            (op == 0x8f && (d->modrm & 0x38) != 0) /* XOP */);
}

EPI_SAFE void epi_x86_decode(struct epi_x86 *d)
{
    opcode(d);
    if (has_modrm(d))
        modrm(d);
    d->operands = d->at;
    if (d->map == EPI_X86_ONE_BYTE && d->opcode == 0xc8) { /* enter */
        d->immediate = number(d, 2);
        next(d);
    } else {
        unsigned bytes = immediate(d);
        if (bytes != 0)
            d->immediate = number(d, bytes);
    }
    d->failed |= invalid(d);
    d->length = d->at;
}
