/* The healthy side of the symbol look-up: taking over what Go has built. */
#include "symbols_install.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../image/modules.h"
#include "../image/symbols.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../ondemand/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The indexes that the core was given.  Not found through the modules: a table
 * forgets those that are gone.  Read and written while the process is healthy. */
struct symbol_block {
    struct symbol_block *next;
    struct epi_symbol_index *index;
    size_t size;
};

static struct symbol_block *symbols; /* no handler reads the list */

void *epi_symbols_alloc(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct epi_module *find_module(uintptr_t bias, const char *path)
{
    struct epi_modules *table = epi_program.modules;
    for (uint32_t i = 0; table != NULL && i < table->count; i++)
        if (table->module[i].bias == bias && strcmp(table->module[i].path, path) == 0)
            return &table->module[i];
    return NULL;
}

int epi_install_symbols(uintptr_t bias, const char *path, void *index, size_t size)
{
    struct epi_module *module = find_module(bias, path);
    struct symbol_block *block = malloc(sizeof *block);
    if (module == NULL || block == NULL || !epi_symbols_valid(index, size)) {
        munmap(index, size);
        free(block);
        return module == NULL ? ENOENT : block == NULL ? ENOMEM : EINVAL;
    }
    *block = (struct symbol_block){symbols, index, size};
    block->index->bias = bias;
    symbols = block;
    mprotect(index, size, PROT_READ);
    __atomic_store_n(&module->index, index, __ATOMIC_RELEASE);
    return 0;
}

size_t epi_symbols_size(void)
{
    size_t size = 0;
    for (const struct symbol_block *block = symbols; block != NULL;
         block = block->next)
        size += block->size;
    return size;
}

static bool in_use(const struct epi_symbol_index *index)
{
    const struct epi_modules *table = epi_program.modules;
    for (uint32_t i = 0; table != NULL && i < table->count; i++)
        if (table->module[i].index == index)
            return true;
    return false;
}

static bool any_unused(void)
{
    for (const struct symbol_block *block = symbols; block != NULL;
         block = block->next)
        if (!in_use(block->index))
            return true;
    return false;
}

/* A dump that is under way may look up names in the table that was in force when
 * it began; so may a crash.  One that begins after this has looked for it finds
 * the new table. */
void epi_symbols_release(void)
{
    if (!any_unused() || !epi_dump_lock(EPI_MS))
        return;
    struct symbol_block **link = &symbols;
    while (*link != NULL && !epi_crashing()) {
        struct symbol_block *block = *link;
        if (in_use(block->index)) {
            link = &block->next;
            continue;
        }
        *link = block->next;
        munmap(block->index, block->size);
        free(block);
    }
    epi_dump_unlock();
}

void epi_symbols_pending(bool pending)
{
    epi_incidents.symbols_pending = pending;
}

int epi_install_eh_frame(uintptr_t bias, const char *path, struct epi_range section)
{
    struct epi_module *module = find_module(bias, path);
    if (module == NULL)
        return ENOENT;
    if (!epi_in(module->extent, section.start) || section.end < section.start ||
        section.end > module->extent.end)
        return EINVAL;
    module->eh_frame = section;
    return 0;
}
