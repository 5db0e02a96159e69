/* A cursor over DWARF data in the memory of a module.
 *
 * The data may be anything: a module can be unmapped while it is read, or
 * overwritten by what caused the crash.  So every byte comes through epi_peek,
 * nothing outside [at, end) is used, and the first failure sticks: a caller
 * reads a whole structure and asks once, at its end, whether it was there.
 *
 * Bytes come eight at a time out of an aligned word, which costs one peek for
 * a handful of opcodes and never touches a page that the data is not in. */
#ifndef EPI_DWARF_READER_H
#define EPI_DWARF_READER_H

#include "../base/base.h"
#include "../memory/peek.h"

/* Pointer encodings of .eh_frame (LSB 5.0 core, 10.5.1). */
enum {
    EPI_PE_ABSPTR = 0x00,
    EPI_PE_ULEB128 = 0x01,
    EPI_PE_UDATA2 = 0x02,
    EPI_PE_UDATA4 = 0x03,
    EPI_PE_UDATA8 = 0x04,
    EPI_PE_SLEB128 = 0x09,
    EPI_PE_SDATA2 = 0x0a,
    EPI_PE_SDATA4 = 0x0b,
    EPI_PE_SDATA8 = 0x0c,
    EPI_PE_FORMAT = 0x0f,

    EPI_PE_PCREL = 0x10,
    EPI_PE_TEXTREL = 0x20,
    EPI_PE_DATAREL = 0x30,
    EPI_PE_FUNCREL = 0x40,
    EPI_PE_ALIGNED = 0x50,
    EPI_PE_BASE = 0x70,

    EPI_PE_INDIRECT = 0x80,
    EPI_PE_OMIT = 0xff,
};

struct epi_dwarf {
    uintptr_t at, end;
    uintptr_t word_at; /* address of WORD; 1: none yet */
    uint64_t word;
    bool failed;
};

static inline EPI_SAFE void epi_dwarf_open(struct epi_dwarf *r, uintptr_t at,
                                           uintptr_t end)
{
    r->at = at;
    r->end = end;
    r->word_at = 1;
    r->failed = at > end;
}

static inline EPI_SAFE bool epi_dwarf_more(const struct epi_dwarf *r)
{
    return !r->failed && r->at < r->end;
}

static inline EPI_SAFE uint8_t epi_dwarf_u8(struct epi_dwarf *r)
{
    if (!epi_dwarf_more(r)) {
        r->failed = true;
        return 0;
    }
    uintptr_t word_at = r->at & ~(uintptr_t)7;
    if (word_at != r->word_at) {
        if (!epi_peek64(&r->word, word_at)) {
            r->failed = true;
            return 0;
        }
        r->word_at = word_at;
    }
    return (uint8_t)(r->word >> 8 * (r->at++ & 7));
}

/* SIZE bytes, 1 to 8, least significant first. */
static inline EPI_SAFE uint64_t epi_dwarf_unsigned(struct epi_dwarf *r, unsigned size)
{
    uint64_t value = epi_dwarf_u8(r);
    unsigned offset = (unsigned)(r->at - 1) & 7;
    if (offset + size <= 8 && size - 1 <= r->end - r->at && !r->failed) {
        r->at += size - 1; /* the rest is in the same word */
        value = r->word >> 8 * offset;
        return size == 8 ? value : value & (((uint64_t)1 << 8 * size) - 1);
    }
    for (unsigned i = 1; i < size; i++)
        value |= (uint64_t)epi_dwarf_u8(r) << 8 * i;
    return value;
}

static inline EPI_SAFE int64_t epi_dwarf_signed(struct epi_dwarf *r, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return (int64_t)(epi_dwarf_unsigned(r, size) << shift) >> shift;
}

/* LEB128 numbers may be padded to any length; ten bytes hold 64 bits, and
 * no compiler pads to more than sixteen. */
#define EPI_LEB128_MAX 16

static inline EPI_SAFE uint64_t epi_dwarf_uleb(struct epi_dwarf *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < EPI_LEB128_MAX; i++) {
        uint8_t byte = epi_dwarf_u8(r);
        if (7 * i < 64)
            value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if ((byte & 0x80) == 0)
            return value;
    }
    r->failed = true;
    return 0;
}

static inline EPI_SAFE int64_t epi_dwarf_sleb(struct epi_dwarf *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < EPI_LEB128_MAX; i++) {
        uint8_t byte = epi_dwarf_u8(r);
        if (7 * i < 64)
            value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if ((byte & 0x80) == 0) {
            if ((byte & 0x40) != 0 && 7 * (i + 1) < 64)
                value |= ~(uint64_t)0 << 7 * (i + 1);
            return (int64_t)value;
        }
    }
    r->failed = true;
    return 0;
}

static inline EPI_SAFE void epi_dwarf_skip(struct epi_dwarf *r, uint64_t n)
{
    if (r->failed || n > r->end - r->at)
        r->failed = true;
    else
        r->at += n;
}

/* Bytes that a pointer of this encoding takes; 0 when that varies or the
 * encoding is unknown. */
EPI_SAFE unsigned epi_dwarf_pointer_size(uint8_t encoding);

/* A pointer as ENCODING tells.  DATA_BASE is what EPI_PE_DATAREL adds to; 0:
 * there is none.  Text- and function-relative pointers fail: in .eh_frame the
 * linkers of this platform never write them, and libgcc has no base for them
 * either. */
EPI_SAFE uintptr_t epi_dwarf_pointer(struct epi_dwarf *r, uint8_t encoding,
                                     uintptr_t data_base);

/* Skips one, whatever it is relative to. */
EPI_SAFE void epi_dwarf_skip_pointer(struct epi_dwarf *r, uint8_t encoding);

#endif
