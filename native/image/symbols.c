/* Looks a PC of C code up: in the block that Go has built for the module, else in the
 * executable's symbol table or the module's own .dynsym.  Every offset is checked: a block
 * may come from a file. */
#include "symbols.h"
#include "modules.h"
#include "symfile.h"
#include "../base/base.h"
#include "../memory/peek.h"

#include <elf.h>

static EPI_SAFE void set_name(struct epi_symbol *symbol, uintptr_t from)
{
    if (!epi_peek_string(symbol->name, sizeof symbol->name, from) &&
        epi_strlen(symbol->name) == sizeof symbol->name - 1)
        epi_copy(symbol->name + sizeof symbol->name - 4, "...", 4);
}

/* A module's .dynsym, as its dynamic section describes it. */
struct dynsym {
    uintptr_t symbols, strings, hash, gnu_hash;
    uint64_t strings_size;
    uint32_t count;
};

/* glibc has added the bias to these addresses, musl and the vDSO have not. */
static EPI_SAFE uintptr_t relocated(const struct epi_module *module, uint64_t address)
{
    return epi_in(module->extent, address) ? address : module->bias + address;
}

#define MAX_DYNAMIC 256
#define MAX_SYMBOLS (1u << 24)

/* The GNU hash table does not say how many symbols there are: the last one is
 * at the end of the chain of the highest bucket. */
static EPI_SAFE uint32_t count_by_gnu_hash(uintptr_t table, uint32_t *work)
{
    uint32_t header[4]; /* buckets, first symbol, bloom words, shift */
    if (!epi_peek(header, table, sizeof header) || header[0] > MAX_SYMBOLS ||
        header[2] > MAX_SYMBOLS || !epi_spend(work, header[0] / 4))
        return 0;
    uintptr_t buckets = table + sizeof header + (uintptr_t)header[2] * 8;
    uintptr_t chains = buckets + (uintptr_t)header[0] * 4;
    uint32_t last = 0;
    for (uint32_t i = 0; i < header[0]; i++) {
        uint32_t bucket;
        if (!epi_peek32(&bucket, buckets + (uintptr_t)i * 4))
            return 0;
        if (bucket > last)
            last = bucket;
    }
    if (last < header[1])
        return header[1];
    for (; last < MAX_SYMBOLS; last++) {
        uint32_t hash;
        if (!epi_peek32(&hash, chains + (uintptr_t)(last - header[1]) * 4))
            return 0;
        if (hash & 1)
            return last + 1;
    }
    return 0;
}

static EPI_SAFE bool find_dynsym(const struct epi_module *module, struct dynsym *found,
                                 uint32_t *work)
{
    epi_zero(found, sizeof *found);
    if (module->dynamic == 0)
        return false;
    for (int i = 0; i < MAX_DYNAMIC; i++) {
        Elf64_Dyn dyn;
        if (!epi_peek(&dyn, module->dynamic + (uintptr_t)i * sizeof dyn, sizeof dyn) ||
            dyn.d_tag == DT_NULL)
            break;
        if (dyn.d_tag == DT_SYMTAB)
            found->symbols = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_STRTAB)
            found->strings = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_STRSZ)
            found->strings_size = dyn.d_un.d_val;
        else if (dyn.d_tag == DT_HASH)
            found->hash = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_GNU_HASH)
            found->gnu_hash = relocated(module, dyn.d_un.d_ptr);
    }
    if (found->symbols == 0 || found->strings == 0)
        return false;
    if (found->hash != 0) {
        if (!epi_peek32(&found->count, found->hash + 4) || found->count > MAX_SYMBOLS)
            found->count = 0;
    } else if (found->gnu_hash != 0) {
        found->count = count_by_gnu_hash(found->gnu_hash, work);
    }
    return found->count > 0;
}

/* Is SYMBOL a function that holds the address AT?  An assembly routine without
 * a size holds only its first byte: what follows it may be anything. */
static EPI_SAFE bool holds(const Elf64_Sym *symbol, uint64_t at)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) &&
           symbol->st_shndx != SHN_UNDEF && at >= symbol->st_value &&
           at - symbol->st_value < (symbol->st_size != 0 ? symbol->st_size : 1);
}

/* Linear: the table is sorted by hash.  A block at a time, since the start of
 * a copy costs more than its bytes. */
static EPI_SAFE bool find_in_table(const struct dynsym *table, uint64_t at, Elf64_Sym *found,
                                   uint32_t *work)
{
    Elf64_Sym block[16];
    for (uint32_t i = 0; i < table->count; i += (uint32_t)EPI_COUNT(block)) {
        uint32_t n = table->count - i;
        if (!epi_spend(work, 1))
            return false;
        if (n > EPI_COUNT(block))
            n = (uint32_t)EPI_COUNT(block);
        if (!epi_peek(block, table->symbols + (uintptr_t)i * sizeof block[0],
                      n * sizeof block[0]))
            return false;
        for (uint32_t j = 0; j < n; j++)
            if (holds(&block[j], at) && block[j].st_name < table->strings_size) {
                *found = block[j];
                return true;
            }
    }
    return false;
}

/* The symbol for the address AT of the file, and where its name is.  Of the executable all
 * symbols are there, as long as it has no block, and is not to have one. */
static EPI_SAFE bool find_symbol(const struct epi_module *module, uint64_t at, Elf64_Sym *found,
                                 uintptr_t *name, uint32_t *work)
{
    struct dynsym table;
    const struct epi_symfile *file = epi_symfile_of(module);
    if (file != NULL && module->index == NULL && module->dropped == EPI_DROPPED_NOTHING) {
        epi_zero(&table, sizeof table);
        table.symbols = file->symbols;
        table.strings = file->strings;
        table.strings_size = file->strings_size;
        table.count = file->count;
        if (find_in_table(&table, at, found, work)) {
            *name = table.strings + found->st_name;
            return true;
        }
    }
    if (!find_dynsym(module, &table, work) || !find_in_table(&table, at, found, work))
        return false;
    *name = table.strings + found->st_name;
    return true;
}

static EPI_SAFE bool find_in_table_of(const struct epi_module *module, uint64_t at,
                                      struct epi_symbol *symbol)
{
    Elf64_Sym found;
    uintptr_t name;
    uint32_t work = UINT32_MAX; /* any table */
    if (!find_symbol(module, at, &found, &name, &work))
        return false;
    symbol->offset = at - found.st_value;
    set_name(symbol, name);
    return true;
}

/* The bias is compared because Go, which installs an index, has found its module in a
 * table that may have been filled with others since. */
static EPI_SAFE bool open_block(struct epi_symblock *block, const struct epi_module *module)
{
    const struct epi_symbol_index *index = __atomic_load_n(&module->index, __ATOMIC_ACQUIRE);
    return index != NULL && index->bias == module->bias &&
           epi_symblock_open(block, index->block, index->size);
}

static EPI_SAFE bool find_in_block(struct epi_symbols *symbols, const struct epi_module *module,
                                   uint64_t at)
{
    uint64_t start;
    if (!open_block(&symbols->block, module) ||
        !epi_symblock_find(&symbols->chain, &symbols->block, at, &start))
        return false;
    symbols->offset = at - start;
    return true;
}

EPI_SAFE bool epi_symbols_function(const struct epi_module *module, uintptr_t pc,
                                   struct epi_range *function, uint32_t *work)
{
    struct epi_symblock block;
    Elf64_Sym found;
    uintptr_t name;
    uint64_t at = pc - module->bias;
    if (open_block(&block, module) && epi_symblock_part(&block, at, function)) {
        function->start += module->bias;
        function->end += module->bias;
        return true;
    }
    if (!find_symbol(module, at, &found, &name, work))
        return false;
    function->start = module->bias + found.st_value;
    function->end = function->start + found.st_size;
    return found.st_size != 0;
}

EPI_SAFE bool epi_symbols_find(struct epi_symbols *symbols, const struct epi_module *module,
                               uintptr_t pc, struct epi_symbol *symbol)
{
    uint64_t at = pc - module->bias;
    symbols->in_block = find_in_block(symbols, module, at);
    symbols->in_table = !symbols->in_block && find_in_table_of(module, at, symbol);
    return symbols->in_block || symbols->in_table;
}

EPI_SAFE bool epi_symbols_next(struct epi_symbols *symbols, struct epi_symbol *symbol)
{
    struct epi_symblock_call call;
    if (symbols->in_table) { /* there is one, and SYMBOL has its name */
        symbols->in_table = false;
        symbol->line = 0;
        symbol->inlined = symbol->near_line = false;
        symbol->file = NULL;
        return true;
    }
    if (!symbols->in_block || !epi_symblock_next(&symbols->chain, &call))
        return false;
    symbol->offset = symbols->offset;
    symbol->line = call.file == NULL ? 0 : call.line;
    symbol->inlined = call.inlined;
    symbol->near_line = call.near_line;
    symbol->file = call.file;
    symbol->name[0] = '\0';
    if (call.name != NULL)
        set_name(symbol, (uintptr_t)call.name);
    return true;
}

EPI_SAFE uint32_t epi_symbols_count(const struct epi_symbols *symbols)
{
    struct epi_symblock_chain chain = symbols->chain;
    struct epi_symblock_call call;
    uint32_t count = symbols->in_table ? 1 : 0;
    while (symbols->in_block && epi_symblock_next(&chain, &call))
        count++;
    return count;
}
