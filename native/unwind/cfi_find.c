/* From a PC to the call frame instructions that cover it.
 *
 * .eh_frame_hdr holds a table of (first PC, FDE) pairs, sorted by PC, so that
 * a look-up costs some fifteen reads.  A module whose header has no table, and
 * a static link by gcc, which has no header at all, is walked entry by entry.
 *
 * Nothing here is trusted: every length is cut to the module, every count to
 * what fits between the table and the module's end. */
#include "cfi.h"
#include "dwarf_reader.h"
#include "../base/base.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../image/symbols.h"

#define CIE_ID_SIZE 4

/* Entries of a linear walk.  The largest .eh_frame in use (browsers) has some
 * 700 000. */
#define WALK_ENTRIES (1u << 20)

/* The head of a CIE or FDE. */
struct unit {
    uintptr_t id_at; /* where its CIE pointer stands */
    uintptr_t end;
    uint32_t id; /* 0: it is a CIE, else the distance back to one */
};

static EPI_SAFE bool read_unit(struct epi_range bounds, uintptr_t at, struct unit *unit)
{
    struct epi_dwarf r;
    epi_dwarf_open(&r, at, bounds.end);
    if (at < bounds.start)
        return false;
    uint64_t length = epi_dwarf_unsigned(&r, 4);
    if (length == UINT32_MAX)
        length = epi_dwarf_unsigned(&r, 8);
    if (r.failed || length < CIE_ID_SIZE || length > bounds.end - r.at)
        return false; /* a length of 0 ends the section */
    unit->id_at = r.at;
    unit->end = r.at + length;
    unit->id = (uint32_t)epi_dwarf_unsigned(&r, CIE_ID_SIZE);
    return !r.failed;
}

/* The augmentation string says what stands between the fixed fields and the
 * instructions. */
#define AUGMENTATION_MAX 8

static EPI_SAFE bool read_augmentation(struct epi_dwarf *r, const char *augmentation,
                                       struct epi_cfi_entry *entry)
{
    if (augmentation[0] == '\0')
        return true;
    if (augmentation[0] != 'z')
        return false; /* without its size the instructions cannot be found */
    uint64_t size = epi_dwarf_uleb(r);
    struct epi_dwarf data = *r;
    epi_dwarf_skip(r, size);
    if (r->failed)
        return false;
    data.end = r->at;
    for (const char *c = augmentation + 1; *c != '\0'; c++) {
        switch (*c) {
        case 'R':
            entry->encoding = epi_dwarf_u8(&data);
            break;
        case 'P':
            epi_dwarf_skip_pointer(&data, epi_dwarf_u8(&data));
            break;
        case 'L':
            epi_dwarf_u8(&data);
            break;
        case 'S':
            entry->signal = true;
            break;
        case 'B': /* arm64: signed with the B key; no data */
        case 'G': /* arm64: tagged stack; no data */
            break;
        default: /* unknown: what follows it cannot be delimited */
            return !data.failed;
        }
    }
    return !data.failed;
}

static EPI_SAFE bool parse_cie(struct epi_range bounds, uintptr_t at,
                               struct epi_cfi_entry *entry)
{
    struct unit unit;
    if (!read_unit(bounds, at, &unit) || unit.id != 0)
        return false;
    struct epi_dwarf r;
    epi_dwarf_open(&r, unit.id_at + CIE_ID_SIZE, unit.end);
    uint8_t version = epi_dwarf_u8(&r);
    if (version != 1 && version != 3 && version != 4)
        return false;
    char augmentation[AUGMENTATION_MAX];
    unsigned n = 0;
    do {
        if (n == sizeof augmentation)
            return false;
        augmentation[n] = (char)epi_dwarf_u8(&r);
    } while (augmentation[n++] != '\0');
    if (version == 4) {
        uint8_t address_size = epi_dwarf_u8(&r), segment_size = epi_dwarf_u8(&r);
        if (address_size != sizeof(uintptr_t) || segment_size != 0)
            return false;
    }
    const char *rest = augmentation;
    if (epi_streq(augmentation, "eh")) { /* gcc 2: a pointer to its own table */
        epi_dwarf_skip(&r, sizeof(uintptr_t));
        rest += 2;
    }
    entry->code_align = epi_dwarf_uleb(&r);
    entry->data_align = epi_dwarf_sleb(&r);
    entry->return_column = version == 1 ? epi_dwarf_u8(&r) : epi_dwarf_uleb(&r);
    entry->encoding = EPI_PE_ABSPTR;
    entry->signal = false;
    entry->sized = rest[0] == 'z';
    if (!read_augmentation(&r, rest, entry) || r.failed)
        return false;
    entry->initial.start = r.at;
    entry->initial.end = unit.end;
    return true;
}

/* What stands in an FDE after its head; the CIE is in ENTRY already. */
static EPI_SAFE bool parse_fde(const struct unit *unit, struct epi_cfi_entry *entry)
{
    struct epi_dwarf r;
    epi_dwarf_open(&r, unit->id_at + CIE_ID_SIZE, unit->end);
    entry->pc.start = epi_dwarf_pointer(&r, entry->encoding, 0);
    /* The length has the same format, but it is relative to nothing. */
    uintptr_t length =
        epi_dwarf_pointer(&r, entry->encoding & EPI_PE_FORMAT, 0);
    if (entry->sized)
        epi_dwarf_skip(&r, epi_dwarf_uleb(&r));
    if (r.failed || entry->pc.start + length < length)
        return false;
    entry->pc.end = entry->pc.start + length;
    entry->instructions.start = r.at;
    entry->instructions.end = unit->end;
    return true;
}

static EPI_SAFE bool parse(struct epi_range bounds, const struct unit *unit,
                           struct epi_cfi_entry *entry)
{
    uintptr_t cie = unit->id_at - unit->id;
    entry->bounds = bounds;
    return unit->id != 0 && cie < unit->id_at && parse_cie(bounds, cie, entry) &&
           parse_fde(unit, entry);
}

EPI_SAFE bool epi_cfi_parse(struct epi_range bounds, uintptr_t address,
                            struct epi_cfi_entry *entry)
{
    struct unit unit;
    return read_unit(bounds, address, &unit) && parse(bounds, &unit, entry);
}

EPI_SAFE bool epi_cfi_next(struct epi_range bounds, uintptr_t *at, struct epi_cfi_entry *entry)
{
    struct unit unit;
    if (!read_unit(bounds, *at, &unit))
        return false;
    if (!parse(bounds, &unit, entry))
        entry->pc = (struct epi_range){0, 0};
    *at = unit.end;
    return true;
}

static EPI_SAFE bool walk(struct epi_range bounds, uintptr_t at, uintptr_t pc,
                          struct epi_cfi_entry *entry)
{
    for (uint32_t i = 0; i < WALK_ENTRIES && epi_cfi_next(bounds, &at, entry); i++)
        if (epi_in(entry->pc, pc))
            return true;
    return false;
}

struct table {
    uintptr_t at;
    uintptr_t base; /* of the header: what its own pointers are relative to */
    uint64_t count;
    unsigned size; /* of each of the two pointers of an entry */
    uint8_t encoding;
};

static EPI_SAFE bool read_entry(const struct table *table, uint64_t i,
                                uintptr_t *pc, uintptr_t *fde)
{
    uintptr_t at = table->at + i * 2 * table->size;
    if (table->encoding == (EPI_PE_DATAREL | EPI_PE_SDATA4)) {
        uint64_t both; /* what every linker writes: one load */
        if (!epi_peek64(&both, at))
            return false;
        *pc = table->base + (uintptr_t)(int64_t)(int32_t)(uint32_t)both;
        *fde = table->base + (uintptr_t)(int64_t)(int32_t)(both >> 32);
        return true;
    }
    struct epi_dwarf r;
    epi_dwarf_open(&r, at, at + 2 * table->size);
    *pc = epi_dwarf_pointer(&r, table->encoding, table->base);
    *fde = epi_dwarf_pointer(&r, table->encoding, table->base);
    return !r.failed;
}

static EPI_SAFE bool search(const struct table *table, uintptr_t pc, uintptr_t *fde)
{
    uint64_t low = 0, high = table->count;
    bool found = false;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uintptr_t start, address;
        if (!read_entry(table, middle, &start, &address))
            return false;
        if (pc < start) {
            high = middle;
        } else {
            *fde = address;
            found = true;
            low = middle + 1;
        }
    }
    return found;
}

/* With a header: the table if it has one, else where .eh_frame starts. */
static EPI_SAFE bool find_by_header(struct epi_range bounds, uintptr_t header, uintptr_t pc,
                                    struct epi_cfi_entry *entry)
{
    struct epi_dwarf r;
    struct table table = {.base = header};
    if (!epi_in(bounds, header))
        return false;
    epi_dwarf_open(&r, header, bounds.end);
    uint8_t version = epi_dwarf_u8(&r), start_encoding = epi_dwarf_u8(&r),
            count_encoding = epi_dwarf_u8(&r);
    table.encoding = epi_dwarf_u8(&r);
    if (r.failed || version != 1)
        return false;
    uintptr_t eh_frame = start_encoding == EPI_PE_OMIT
                             ? 0
                             : epi_dwarf_pointer(&r, start_encoding, table.base);
    table.size = epi_dwarf_pointer_size(table.encoding);
    if (!r.failed && count_encoding != EPI_PE_OMIT && table.size != 0) {
        table.count = epi_dwarf_pointer(&r, count_encoding, table.base);
        table.at = r.at;
        uint64_t room = (bounds.end - r.at) / (2 * table.size);
        if (table.count > room)
            table.count = room;
        if (!r.failed && table.count > 0) {
            uintptr_t fde;
            return search(&table, pc, &fde) &&
                   epi_cfi_parse(bounds, fde, entry) &&
                   epi_in(entry->pc, pc);
        }
    }
    return epi_in(bounds, eh_frame) && walk(bounds, eh_frame, pc, entry);
}

/* What Go has made of .debug_frame; it begins with a header. */
static EPI_SAFE bool find_in_frames(const struct epi_module *module, uintptr_t pc,
                                    struct epi_cfi_entry *entry)
{
    const struct epi_symbol_index *frames = __atomic_load_n(&module->frames, __ATOMIC_ACQUIRE);
    if (frames == NULL || frames->bias != module->bias)
        return false;
    uintptr_t start = (uintptr_t)frames->block;
    return find_by_header((struct epi_range){start, start + frames->size}, start, pc, entry);
}

EPI_SAFE bool epi_cfi_find(const struct epi_module *module, uintptr_t pc,
                           struct epi_cfi_entry *entry)
{
    bool found = module->eh_frame_hdr != 0
                     ? find_by_header(module->extent, module->eh_frame_hdr, pc, entry)
                     : module->eh_frame.end != 0 &&
                           walk(module->eh_frame, module->eh_frame.start, pc, entry);
    return found || find_in_frames(module, pc, entry);
}
