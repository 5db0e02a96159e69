/* Encoded pointers: the one part of reading .eh_frame that is not plain
 * integers. */
#include "dwarf_reader.h"
#include "../base/base.h"
#include "../memory/peek.h"

EPI_SAFE unsigned epi_dwarf_pointer_size(uint8_t encoding)
{
    if (encoding == EPI_PE_OMIT || (encoding & EPI_PE_BASE) == EPI_PE_ALIGNED)
        return 0;
    switch (encoding & EPI_PE_FORMAT) {
    case EPI_PE_UDATA2:
    case EPI_PE_SDATA2:
        return 2;
    case EPI_PE_UDATA4:
    case EPI_PE_SDATA4:
        return 4;
    case EPI_PE_ABSPTR:
    case EPI_PE_UDATA8:
    case EPI_PE_SDATA8:
        return 8;
    default:
        return 0;
    }
}

static EPI_SAFE uint64_t read_format(struct epi_dwarf *r, uint8_t encoding)
{
    switch (encoding & EPI_PE_FORMAT) {
    case EPI_PE_ABSPTR:
    case EPI_PE_UDATA8:
    case EPI_PE_SDATA8:
        return epi_dwarf_unsigned(r, 8);
    case EPI_PE_ULEB128:
        return epi_dwarf_uleb(r);
    case EPI_PE_SLEB128:
        return (uint64_t)epi_dwarf_sleb(r);
    case EPI_PE_UDATA2:
        return epi_dwarf_unsigned(r, 2);
    case EPI_PE_UDATA4:
        return epi_dwarf_unsigned(r, 4);
    case EPI_PE_SDATA2:
        return (uint64_t)epi_dwarf_signed(r, 2);
    case EPI_PE_SDATA4:
        return (uint64_t)epi_dwarf_signed(r, 4);
    default:
        r->failed = true;
        return 0;
    }
}

static EPI_SAFE void align(struct epi_dwarf *r)
{
    epi_dwarf_skip(r, (uint64_t)(-r->at & (sizeof(uintptr_t) - 1)));
}

EPI_SAFE uintptr_t epi_dwarf_pointer(struct epi_dwarf *r, uint8_t encoding,
                                     uintptr_t data_base)
{
    if (encoding == EPI_PE_ALIGNED) {
        align(r);
        return epi_dwarf_unsigned(r, 8);
    }
    uintptr_t base = 0;
    switch (encoding & EPI_PE_BASE) {
    case 0:
        break;
    case EPI_PE_PCREL:
        base = r->at;
        break;
    case EPI_PE_DATAREL:
        if (data_base != 0) {
            base = data_base;
            break;
        }
        /* fall through */
    default:
        r->failed = true;
        return 0;
    }
    uint64_t offset = read_format(r, encoding);
    /* A pointer of zero is a null pointer, whatever it is relative to. */
    uintptr_t value = offset == 0 ? 0 : base + offset;
    if ((encoding & EPI_PE_INDIRECT) != 0 && !r->failed) {
        uint64_t target;
        if (!epi_peek64(&target, value)) {
            r->failed = true;
            return 0;
        }
        value = target;
    }
    return r->failed ? 0 : value;
}

EPI_SAFE void epi_dwarf_skip_pointer(struct epi_dwarf *r, uint8_t encoding)
{
    if (encoding == EPI_PE_OMIT)
        return;
    if (encoding == EPI_PE_ALIGNED) {
        align(r);
        epi_dwarf_skip(r, 8);
        return;
    }
    read_format(r, encoding);
}
