/* The look-up in a symbol block: every offset is checked, nothing is allocated, and calls
 * that were inlined are found one after the other. */
#include "symblock.h"

#define MAGIC      UINT32_C(0x32697045) /* "Epi2" */
#define VERSION    2
#define NAMES_ONLY 4 /* a flag */

#define HEADER    96
#define BUILD_ID  32
#define CHECK     16 /* bytes of a check point: pc, row offset, line, scope */
#define SCOPE     15 /* of a scope: parent, name, call file, call line, file */
#define NO_PARENT UINT32_C(0xffffff)
#define NEAR_FLAG (UINT32_C(1) << 31)

/* Codes of rows; below CODE_FAR one byte has both steps. */
enum { CODE_FAR = 0xf0, CODE_SCOPE, CODE_NEXT, CODE_PARENT, CODE_NEAR };

/* By bytes: blobs are not aligned, and the format is little-endian. */
static EPI_SAFE inline uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static EPI_SAFE inline uint32_t get24(const uint8_t *p)
{
    return get16(p) | (uint32_t)p[2] << 16;
}

static EPI_SAFE inline uint32_t get32(const uint8_t *p)
{
    return get24(p) | (uint32_t)p[3] << 24;
}

static EPI_SAFE inline uint32_t word(const uint8_t *table, uint32_t i)
{
    return get32(table + 4 * (size_t)i);
}

EPI_SAFE bool epi_symblock_open(struct epi_symblock *block, const uint8_t *data, size_t size)
{
    if (size < HEADER || get32(data) != MAGIC || get16(data + 4) != VERSION)
        return false;
    uint64_t told = get32(data + 8) | (uint64_t)get32(data + 12) << 32;
    uint64_t tables = get32(data + 52);
    block->base = get32(data + 24);
    block->parts = get32(data + 32);
    block->files = get32(data + 36);
    block->names = get32(data + 40);
    block->blobs_size = get32(data + 44);
    block->strings_size = get32(data + 48);
    uint64_t need = tables + 12 * (uint64_t)block->parts + 4 * (uint64_t)block->files +
                    4 * (uint64_t)block->names;
    if (told != size || need != size || data[56] > BUILD_ID || block->strings_size == 0 ||
        HEADER + (uint64_t)block->blobs_size + block->strings_size > tables)
        return false;
    block->names_only = (get16(data + 6) & NAMES_ONLY) != 0;
    block->build_id_size = data[56];
    block->build_id = data + 57;
    block->blobs = data + HEADER;
    block->strings = block->blobs + block->blobs_size;
    block->start = data + tables;
    block->blob = block->start + 4 * (size_t)block->parts;
    block->part_name = block->blob + 4 * (size_t)block->parts;
    block->file = block->part_name + 4 * (size_t)block->parts;
    block->name = block->file + 4 * (size_t)block->files;
    return block->strings[0] == 0 && block->strings[block->strings_size - 1] == 0;
}

/* String I of a table; 0 is the one that is not known. */
static EPI_SAFE const char *string(const struct epi_symblock *block, const uint8_t *table,
                                   uint32_t count, uint32_t i)
{
    if (i == 0 || i >= count)
        return NULL;
    uint32_t at = word(table, i);
    return at == 0 || at >= block->strings_size ? NULL : (const char *)block->strings + at;
}

/* How many of COUNT numbers, STEP bytes each and rising, are not above VALUE. */
static EPI_SAFE uint32_t not_above(const uint8_t *table, uint32_t count, size_t step,
                                   uint32_t value)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (get32(table + step * middle) <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static EPI_SAFE uint32_t read_unsigned(struct reader *in)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 35 && in->at < in->end; shift += 7) {
        uint8_t x = *in->at++;
        v |= (uint32_t)(x & 0x7f) << shift;
        if (x < 0x80)
            return v;
    }
    in->bad = true;
    return 0;
}

/* The two's complement of a zigzag number. */
static EPI_SAFE uint32_t read_signed(struct reader *in)
{
    uint32_t v = read_unsigned(in);
    return v >> 1 ^ (0 - (v & 1));
}

/* A part's blob, taken apart. */
struct blob {
    const uint8_t *check, *scope, *row;
    uint32_t size, checks, scopes, row_bytes;
};

static EPI_SAFE bool open_blob(struct blob *blob, const struct epi_symblock *block,
                               uint32_t part)
{
    uint32_t at = word(block->blob, part);
    if (at >= block->blobs_size)
        return false;
    struct reader in = {block->blobs + at, block->blobs + block->blobs_size, false};
    blob->size = read_unsigned(&in);
    blob->checks = read_unsigned(&in);
    blob->scopes = read_unsigned(&in);
    blob->row_bytes = read_unsigned(&in);
    uint64_t need =
        CHECK * (uint64_t)blob->checks + SCOPE * (uint64_t)blob->scopes + blob->row_bytes;
    if (in.bad || need > (uint64_t)(in.end - in.at))
        return false;
    blob->check = in.at;
    blob->scope = blob->check + CHECK * (size_t)blob->checks;
    blob->row = blob->scope + SCOPE * (size_t)blob->scopes;
    return true;
}

/* The state of the rows at a PC. */
struct place {
    uint32_t pc, line, scope;
    bool near_line;
};

/* The row behind PLACE; false when it makes no sense. */
static EPI_SAFE bool read_row(const struct blob *blob, struct reader *in, struct place *place)
{
    uint8_t code = *in->at++;
    place->near_line = code == CODE_NEAR;
    if (place->near_line) {
        if (in->at >= in->end)
            return false;
        code = *in->at++;
    }
    if (code < CODE_FAR) {
        place->pc += (code >> 4) + 1u;
        place->line += (code & 15u) - 5u;
        return true;
    }
    switch (code) {
    case CODE_FAR:
        break;
    case CODE_SCOPE:
        place->scope += read_signed(in);
        break;
    case CODE_NEXT:
        place->scope++;
        break;
    case CODE_PARENT:
        if (place->scope >= blob->scopes)
            return false;
        place->scope = get24(blob->scope + SCOPE * (size_t)place->scope);
        break;
    default:
        return false;
    }
    place->pc += read_unsigned(in);
    place->line += read_signed(in);
    return !in->bad;
}

/* From the last check point at or before PC, up to the next one. */
static EPI_SAFE bool find_row(const struct blob *blob, uint32_t pc, struct place *place)
{
    struct reader in = {blob->row, blob->row + blob->row_bytes, false};
    uint32_t before = not_above(blob->check, blob->checks, CHECK, pc);
    *place = (struct place){0, 0, 0, false};
    if (before < blob->checks) {
        uint32_t stop = get32(blob->check + CHECK * (size_t)before + 4);
        if (stop <= blob->row_bytes)
            in.end = blob->row + stop;
    }
    if (before > 0) {
        const uint8_t *check = blob->check + CHECK * (size_t)(before - 1);
        uint32_t skip = get32(check + 4), line = get32(check + 8);
        if (skip > (uint64_t)(in.end - in.at))
            return false;
        in.at += skip;
        *place = (struct place){get32(check), line & ~NEAR_FLAG, get32(check + 12),
                                (line & NEAR_FLAG) != 0};
    }
    while (in.at < in.end) {
        struct place next = *place;
        if (!read_row(blob, &in, &next))
            return false;
        if (next.pc > pc || next.pc < place->pc)
            break;
        *place = next;
    }
    return true;
}

/* The number of the part that holds ADDRESS, where it begins, and its blob. */
static EPI_SAFE bool find_part(const struct epi_symblock *block, uint64_t address,
                               uint32_t *part, uint32_t *first, struct blob *blob)
{
    if (address < block->base || address - block->base > UINT32_MAX)
        return false;
    uint32_t at = (uint32_t)(address - block->base);
    *part = not_above(block->start, block->parts, 4, at);
    if ((*part)-- == 0 || !open_blob(blob, block, *part))
        return false;
    *first = word(block->start, *part);
    return at - *first < blob->size;
}

EPI_SAFE bool epi_symblock_part(const struct epi_symblock *block, uint64_t address,
                                struct epi_range *part)
{
    struct blob blob;
    uint32_t number, first;
    if (!find_part(block, address, &number, &first, &blob))
        return false;
    part->start = block->base + first;
    part->end = part->start + blob.size;
    return true;
}

EPI_SAFE bool epi_symblock_find(struct epi_symblock_chain *chain,
                                const struct epi_symblock *block, uint64_t address,
                                uint64_t *start)
{
    struct blob blob;
    struct place place;
    uint32_t part, first;
    if (!find_part(block, address, &part, &first, &blob))
        return false;
    uint32_t at = (uint32_t)(address - block->base);
    *start = block->base + first;
    *chain =
        (struct epi_symblock_chain){.block = block, .function = word(block->part_name, part)};
    if (blob.scopes == 0)
        return true;
    if (!find_row(&blob, at - first, &place) || place.scope >= blob.scopes)
        return false;
    chain->scope = blob.scope;
    chain->scopes = blob.scopes;
    chain->next = place.scope;
    chain->file = get24(blob.scope + SCOPE * (size_t)place.scope + 12);
    chain->line = place.line;
    chain->near_line = place.near_line;
    return true;
}

EPI_SAFE bool epi_symblock_next(struct epi_symblock_chain *chain,
                                struct epi_symblock_call *call)
{
    const struct epi_symblock *block = chain->block;
    if (chain->done)
        return false;
    call->file = string(block, block->file, block->files, chain->file);
    call->line = chain->line;
    call->near_line = chain->near_line;
    const uint8_t *scope =
        chain->scope == NULL ? NULL : chain->scope + SCOPE * (size_t)chain->next;
    uint32_t parent = scope == NULL ? NO_PARENT : get24(scope);
    call->inlined = parent != NO_PARENT;
    call->name = string(block, block->name, block->names,
                        call->inlined ? get24(scope + 3) : chain->function);
    /* Parents come before their children, so this ends. */
    chain->done = !call->inlined || parent >= chain->next;
    if (!chain->done) {
        chain->file = get24(scope + 6);
        chain->line = get24(scope + 9);
        chain->near_line = false;
        chain->next = parent;
    }
    return true;
}
