/* Looks a PC of C code up: in the block that Go has built for the module, else in the
 * executable's symbol table or the module's own .dynsym.  Every offset is checked: a block
 * may come from a file. */
#include "symbols.h"
#include "modules.h"
#include "dynsym.h"
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
static EPI_SAFE bool find_in_table(const struct epi_dynsym *table, uint64_t at, Elf64_Sym *found,
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
    struct epi_dynsym table;
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
    if (!epi_dynsym_open(&table, module) || !epi_dynsym_count(&table, work) ||
        !find_in_table(&table, at, found, work))
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
