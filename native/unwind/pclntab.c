/* The pclntab: header, then five tables at offsets that the header tells.
 *
 *   funcnametab  names, terminated
 *   cutab        per compile unit: file number -> offset in filetab
 *   filetab      paths, terminated
 *   pctab        PC-value tables: pairs of varints (zigzag value delta, PC
 *                delta), ended by a value delta of 0; offset 0 means none
 *   pclntab      ftab: pairs (entry, offset of _func), sorted; then the _funcs
 *
 * and, still inside [pclntab, epclntab), the funcdata (go:func.*), of which
 * the inline trees are read.
 *
 * The runtime finds a function by a bucket table that only its module data
 * points to; a binary search of ftab needs nothing but the header, and its 15
 * steps cost less than decoding one PC-value table. */
#include "pclntab.h"
#include "../base/base.h"

/* runtime.pcHeader */
enum {
    HEADER_MAGIC = 0, HEADER_MIN_LC = 6, HEADER_PTR_SIZE = 7, HEADER_NFUNC = 8,
    HEADER_FUNCNAMETAB = 32, HEADER_CUTAB = 40, HEADER_FILETAB = 48,
    HEADER_PCTAB = 56, HEADER_PCLN = 64, HEADER_SIZE = 72,
};
#define MAGIC_GO_1_20 0xfffffff1u

/* runtime._func; npcdata and nfuncdata offsets follow it */
enum {
    FUNC_ENTRY = 0, FUNC_NAME = 4, FUNC_PCSP = 16, FUNC_PCFILE = 20,
    FUNC_PCLN = 24, FUNC_NPCDATA = 28, FUNC_CU = 32, FUNC_ID = 40,
    FUNC_FLAG = 41, FUNC_NFUNCDATA = 43, FUNC_SIZE = 44,
};
#define PCDATA_INL_TREE_INDEX 2
#define FUNCDATA_INL_TREE 3

/* runtime.inlinedCall */
enum {
    INLINED_ID = 0, INLINED_NAME = 4, INLINED_PARENT = 8, INLINED_SIZE = 16,
};

/* Calls inlined into each other at one PC.  The compiler's budget (80 nodes,
 * each call takes some) keeps real ones below 40; a damaged tree may hold a
 * cycle. */
#define INLINE_DEPTH 64

static EPI_SAFE bool in_table(const struct epi_goruntime *go, uintptr_t address,
                              uint64_t size)
{
    return address >= go->pclntab.start && address <= go->pclntab.end &&
           size <= go->pclntab.end - address;
}

/* The table is aligned to 32 bytes and so are its parts, but a damaged offset
 * need not be: a copy has no alignment. */
static EPI_SAFE bool read32(const struct epi_goruntime *go, uintptr_t address,
                            uint32_t *value)
{
    if (!in_table(go, address, sizeof *value))
        return false;
    const uint8_t *b = (const uint8_t *)address;
    *value = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
             (uint32_t)b[3] << 24;
    return true;
}

static EPI_SAFE bool read8(const struct epi_goruntime *go, uintptr_t address,
                           uint8_t *value)
{
    if (!in_table(go, address, sizeof *value))
        return false;
    *value = *(const uint8_t *)address;
    return true;
}

/* The number at OFFSET of the header; those that are used are small. */
static EPI_SAFE bool header_word(const struct epi_goruntime *go, uintptr_t offset,
                                 uint64_t *value)
{
    uint32_t low, high;
    if (!read32(go, go->pclntab.start + offset, &low) ||
        !read32(go, go->pclntab.start + offset + 4, &high))
        return false;
    *value = (uint64_t)high << 32 | low;
    return true;
}

/* The address OFFSET bytes into the part whose own offset stands at PART of the
 * header; 0 when that is not inside the table. */
static EPI_SAFE uintptr_t part_address(const struct epi_goruntime *go,
                                       uintptr_t part, uint64_t offset)
{
    uint64_t base;
    uint64_t size = go->pclntab.end - go->pclntab.start;
    if (!header_word(go, part, &base) || base >= size || offset >= size - base)
        return 0;
    return go->pclntab.start + base + offset;
}

/* The terminated string there, or NULL. */
static EPI_SAFE const char *part_string(const struct epi_goruntime *go,
                                        uintptr_t part, uint64_t offset)
{
    uintptr_t start = part_address(go, part, offset);
    if (start == 0)
        return NULL;
    for (uintptr_t p = start; p < go->pclntab.end; p++)
        if (*(const char *)p == '\0')
            return (const char *)start;
    return NULL;
}

EPI_SAFE bool epi_pclntab_readable(const struct epi_goruntime *go)
{
    uint32_t magic;
    uint8_t quantum, pointer;
    uint64_t functions;
    return go->pclntab.start <= go->pclntab.end &&
           in_table(go, go->pclntab.start, HEADER_SIZE) &&
           read32(go, go->pclntab.start + HEADER_MAGIC, &magic) &&
           read8(go, go->pclntab.start + HEADER_MIN_LC, &quantum) &&
           read8(go, go->pclntab.start + HEADER_PTR_SIZE, &pointer) &&
           header_word(go, HEADER_NFUNC, &functions) && magic == MAGIC_GO_1_20 &&
           quantum == EPI_PC_QUANTUM && pointer == 8 && functions > 0 &&
           functions <= UINT32_MAX &&
           part_address(go, HEADER_PCLN, functions * 8 + 3) != 0;
}

EPI_SAFE bool epi_pclntab_find(const struct epi_goruntime *go, uintptr_t pc,
                               struct epi_func *func)
{
    uint64_t functions;
    if (!epi_in(go->text, pc) || pc - go->text.start > UINT32_MAX ||
        !epi_pclntab_readable(go) ||
        !header_word(go, HEADER_NFUNC, &functions))
        return false;
    uint32_t offset = (uint32_t)(pc - go->text.start);
    uintptr_t ftab = part_address(go, HEADER_PCLN, 0);

    /* The last entry at or below OFFSET.  Each has 8 bytes; one more, the end
     * of the text, has 4, which makes the whole range readable. */
    uint64_t low = 0, high = functions;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        uint32_t entry;
        if (!read32(go, ftab + middle * 8, &entry))
            return false;
        if (entry <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t begin, end, where;
    if (!read32(go, ftab + low * 8, &begin) ||
        !read32(go, ftab + low * 8 + 4, &where) ||
        !read32(go, ftab + low * 8 + 8, &end) || offset < begin || offset >= end)
        return false;

    func->record = part_address(go, HEADER_PCLN, where);
    return func->record != 0 && in_table(go, func->record, FUNC_SIZE) &&
           read32(go, func->record + FUNC_ENTRY, &func->entry) &&
           read8(go, func->record + FUNC_ID, &func->id) &&
           read8(go, func->record + FUNC_FLAG, &func->flag) &&
           func->entry <= offset;
}

EPI_SAFE const char *epi_pclntab_function(const struct epi_goruntime *go,
                                          const struct epi_func *func)
{
    uint32_t name;
    if (!read32(go, func->record + FUNC_NAME, &name) || name == 0)
        return "";
    const char *string = part_string(go, HEADER_FUNCNAMETAB, name);
    return string == NULL ? "" : string;
}

static EPI_SAFE bool varint(const struct epi_goruntime *go, uintptr_t *at,
                            uint32_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte;
        if (!read8(go, (*at)++, &byte))
            return false;
        *value |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

struct pcvalue {
    int32_t value, before;
    bool first;
};

/* The value at PC (an offset from runtime.text) of the table at TABLE in
 * pctab: runtime.pcvalue.  Ends because each round takes two bytes or more of
 * a table that has an end, and moves on in the text (cmd/internal/obj/pcln.go
 * writes no empty ranges). */
static EPI_SAFE bool pcvalue(const struct epi_goruntime *go,
                             const struct epi_func *func, uint32_t table,
                             uint32_t pc, struct pcvalue *result)
{
    uintptr_t at = table == 0 ? 0 : part_address(go, HEADER_PCTAB, table);
    if (at == 0)
        return false;
    uint64_t start = func->entry;
    uint32_t value = (uint32_t)-1;
    int32_t before = 0;
    for (bool first = true;; first = false) {
        uint32_t value_delta, pc_delta;
        if (!varint(go, &at, &value_delta) || (value_delta == 0 && !first) ||
            !varint(go, &at, &pc_delta) || pc_delta == 0)
            return false;
        value += -(value_delta & 1) ^ value_delta >> 1;
        uint64_t end = start + (uint64_t)pc_delta * EPI_PC_QUANTUM;
        if (pc < end) {
            *result = (struct pcvalue){(int32_t)value, before, pc == start};
            return true;
        }
        before = (int32_t)value;
        start = end;
    }
}

EPI_SAFE bool epi_pclntab_spdelta(const struct epi_goruntime *go,
                                  const struct epi_func *func, uintptr_t pc,
                                  struct epi_spdelta *delta)
{
    uint32_t table;
    struct pcvalue found;
    if (!read32(go, func->record + FUNC_PCSP, &table) ||
        !pcvalue(go, func, table, (uint32_t)(pc - go->text.start), &found))
        return false;
    *delta = (struct epi_spdelta){found.value, found.before, found.first};
    return found.value >= 0 && found.value % 8 == 0;
}

/* runtime.funcline1, with "?" and 0 where the table has nothing. */
static EPI_SAFE void position(const struct epi_goruntime *go,
                              const struct epi_func *func, uint32_t pc,
                              struct epi_goframe *frame)
{
    uint32_t files, lines, unit, path;
    struct pcvalue file, line;
    frame->file = "?";
    frame->line = 0;
    if (!read32(go, func->record + FUNC_PCFILE, &files) ||
        !read32(go, func->record + FUNC_PCLN, &lines) ||
        !read32(go, func->record + FUNC_CU, &unit) ||
        !pcvalue(go, func, files, pc, &file) ||
        !pcvalue(go, func, lines, pc, &line) || file.value < 0 || line.value < 0)
        return;
    uintptr_t entry = part_address(go, HEADER_CUTAB,
                                   ((uint64_t)unit + (uint32_t)file.value) * 4);
    if (entry == 0 || !read32(go, entry, &path) || path == UINT32_MAX)
        return;
    const char *string = part_string(go, HEADER_FILETAB, path);
    if (string == NULL)
        return;
    frame->file = string;
    frame->line = line.value;
}

/* The inline tree's entry for PC, or 0 for none: the PC belongs to the function
 * itself. */
static EPI_SAFE uintptr_t inlined_at(const struct epi_goruntime *go,
                                     const struct epi_func *func, uint32_t pc)
{
    uint32_t npcdata, table, tree;
    uint8_t nfuncdata;
    struct pcvalue index;
    uintptr_t after = func->record + FUNC_SIZE;
    if (!read32(go, func->record + FUNC_NPCDATA, &npcdata) ||
        !read8(go, func->record + FUNC_NFUNCDATA, &nfuncdata) ||
        npcdata <= PCDATA_INL_TREE_INDEX || nfuncdata <= FUNCDATA_INL_TREE ||
        !read32(go, after + PCDATA_INL_TREE_INDEX * 4, &table) ||
        !read32(go, after + ((uint64_t)npcdata + FUNCDATA_INL_TREE) * 4, &tree) ||
        tree == UINT32_MAX || !pcvalue(go, func, table, pc, &index) ||
        index.value < 0)
        return 0;
    uintptr_t entry = go->gofunc + tree + (uint64_t)index.value * INLINED_SIZE;
    return in_table(go, entry, INLINED_SIZE) ? entry : 0;
}

/* internal/abi.FuncID, the ones that decide about wrappers.  A wrapper below
 * one of these was called by the program's own fault: it is shown
 * (runtime.elideWrapperCalling). */
enum { ID_GOPANIC = 10, ID_PANICWRAP = 15, ID_SIGPANIC = 20, ID_WRAPPER = 23 };

static EPI_SAFE bool hidden(uint8_t id, uint8_t callee)
{
    return id == ID_WRAPPER && callee != ID_GOPANIC && callee != ID_SIGPANIC &&
           callee != ID_PANICWRAP;
}

EPI_SAFE int32_t epi_pclntab_frames(const struct epi_goruntime *go, uintptr_t pc,
                                    uint8_t *callee, struct epi_goframe *frames,
                                    uint32_t max)
{
    struct epi_func func;
    if (!epi_pclntab_find(go, pc, &func))
        return -1;
    uint32_t offset = (uint32_t)(pc - go->text.start);
    int32_t count = 0;
    for (int depth = 0; depth < INLINE_DEPTH; depth++) {
        uintptr_t inlined = inlined_at(go, &func, offset);
        uint8_t id = func.id;
        uint32_t name = 0, parent = 0;
        if (inlined != 0 && (!read8(go, inlined + INLINED_ID, &id) ||
                             !read32(go, inlined + INLINED_NAME, &name) ||
                             !read32(go, inlined + INLINED_PARENT, &parent)))
            return count;
        if (!hidden(id, *callee) && (uint32_t)count < max) {
            struct epi_goframe *frame = &frames[count++];
            const char *string = inlined == 0
                                     ? epi_pclntab_function(go, &func)
                                     : part_string(go, HEADER_FUNCNAMETAB, name);
            frame->function = string == NULL ? "" : string;
            frame->inlined = inlined != 0;
            position(go, &func, offset, frame);
        }
        *callee = id;
        if (inlined == 0)
            break;
        offset = func.entry + parent;
    }
    return count;
}

/* runtime.funcNamePiecesForPrint of Go 1.27: what stands between the first '['
 * and the last ']' is replaced, and where a generic method of a generic type
 * has brackets at two places, each of them.  Go 1.26 has one "[...]" there, for
 * closures in closures of generic functions. */
EPI_SAFE size_t epi_pclntab_print(char *to, size_t size, const char *function)
{
    const char *open = NULL, *close = NULL, *end = function;
    for (; *end != '\0'; end++) {
        if (*end == '[' && open == NULL)
            open = end;
        if (*end == ']')
            close = end;
    }

    /* The first bracket's partner, and the next '[' after it. */
    const char *partner = NULL, *second = NULL;
    if (open != NULL && close != NULL && close > open) {
        int depth = 1;
        for (const char *p = open + 1; p < close && second == NULL; p++) {
            if (*p == ']' && --depth == 0 && partner == NULL)
                partner = p;
            if (*p == '[' && ++depth == 1)
                second = p;
            if (depth < 0)
                break;
        }
        if (partner == NULL || second == NULL)
            partner = second = NULL;
    } else {
        open = close = NULL;
    }

    static const char dots[] = "[...]";
    const struct {
        const char *start, *end;
    } piece[] = {
        {function, open != NULL ? open : end},
        {dots, open != NULL ? dots + 5 : dots},
        {partner != NULL ? partner + 1 : end, partner != NULL ? second : end},
        {dots, partner != NULL ? dots + 5 : dots},
        {open != NULL ? close + 1 : end, end},
    };
    size_t length = 0;
    for (size_t i = 0; i < EPI_COUNT(piece); i++)
        for (const char *p = piece[i].start; p < piece[i].end && length + 1 < size; p++)
            to[length++] = *p;
    if (size > 0)
        to[length] = '\0';
    return length;
}
