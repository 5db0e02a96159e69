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
#include "../goruntime/cgotraceback.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct epi_symbol_index *indexes; /* no handler reads the list */

static struct epi_module *find_module(uintptr_t bias, const char *path)
{
    struct epi_modules *table = epi_program.modules;
    for (uint32_t i = 0; table != NULL && i < table->count; i++)
        if (table->module[i].bias == bias && strcmp(table->module[i].path, path) == 0)
            return &table->module[i];
    return NULL;
}

/* A module without a build-id takes what it is given: nothing else tells. */
static bool is_of(const struct epi_symblock *block, const struct epi_module *module)
{
    return module->build_id_size == 0 ||
           (block->build_id_size == module->build_id_size &&
            memcmp(block->build_id, module->build_id, block->build_id_size) == 0);
}

int epi_install_symbols(uintptr_t bias, const char *path, void *data, size_t size,
                        enum epi_dropped dropped)
{
    struct epi_module *module = find_module(bias, path);
    struct epi_symbol_index *index = malloc(sizeof *index);
    struct epi_symblock block;
    bool valid = epi_symblock_open(&block, data, size);
    if (module == NULL || index == NULL || !valid || !is_of(&block, module)) {
        munmap(data, size);
        free(index);
        return module == NULL ? ENOENT : index == NULL ? ENOMEM : EINVAL;
    }
    *index = (struct epi_symbol_index){indexes, data, size, bias, block.names_only, 0};
    indexes = index;
    mprotect(data, size, PROT_READ);
    module->dropped = (uint8_t)dropped;
    __atomic_store_n(&module->index, index, __ATOMIC_RELEASE);
    return 0;
}

int epi_install_frames(uintptr_t bias, const char *path, void *data, size_t size)
{
    struct epi_module *module = find_module(bias, path);
    struct epi_symbol_index *frames = malloc(sizeof *frames);
    if (module == NULL || frames == NULL) {
        munmap(data, size);
        free(frames);
        return module == NULL ? ENOENT : ENOMEM;
    }
    *frames = (struct epi_symbol_index){indexes, data, size, bias, false, 0};
    indexes = frames;
    mprotect(data, size, PROT_READ);
    __atomic_store_n(&module->frames, frames, __ATOMIC_RELEASE);
    return 0;
}

void epi_drop_symbols(uintptr_t bias, const char *path)
{
    struct epi_module *module = find_module(bias, path);
    if (module != NULL)
        module->dropped = module->index == NULL ? EPI_DROPPED_NAMES : EPI_DROPPED_LINES;
}

size_t epi_symbols_size(void)
{
    size_t size = 0;
    for (const struct epi_symbol_index *index = indexes; index != NULL; index = index->next)
        if (!index->names_only || index->unused == 0) /* their successors are counted */
            size += index->size;
    return size;
}

static bool in_use(const struct epi_symbol_index *index)
{
    const struct epi_modules *table = epi_program.modules;
    for (uint32_t i = 0; table != NULL && i < table->count; i++)
        if (table->module[i].index == index || table->module[i].frames == index)
            return true;
    return false;
}

/* Go may be about to copy a string that the symbolizer gave it (cgotraceback.h). */
#define RETIRED (10 * EPI_SECOND)

static bool may_go(struct epi_symbol_index *index)
{
    uint64_t now = epi_now();
    if (in_use(index)) {
        index->unused = 0;
        return false;
    }
    if (index->unused == 0)
        index->unused = now;
    return !epi_cgo_traceback_is_on() || now - index->unused >= RETIRED;
}

static bool any_may_go(void)
{
    bool any = false;
    for (struct epi_symbol_index *index = indexes; index != NULL; index = index->next)
        any |= may_go(index);
    return any;
}

/* Whoever walks a stack in a signal's handler counts itself first and loads the table and
 * the index of a module then.  So when no thread is counted after the modules have let an index
 * go, the caller knows that no thread has it, nor will.  The fence keeps the two in this order. */
static bool anyone_walks(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    return epi_process()->receivers > 0;
}

/* A dump that is under way may look up names in the table that was in force when
 * it began, or in the index that a module had then; so may a crash.  One that
 * begins after this has looked for it finds the new ones.  A thread that is in the middle
 * of a walk, maybe stopped there, is not waited for: the next call looks again.
 *
 * Blocks and .debug_frame go this way, both with the record that leads to them.  The
 * executable's own table (symfile.h) stays. */
void epi_symbols_release(void)
{
    if (!any_may_go() || !epi_dump_lock(EPI_MS))
        return;
    bool wait = anyone_walks();
    struct epi_symbol_index **link = &indexes;
    while (*link != NULL && !wait && !epi_crashing()) {
        struct epi_symbol_index *index = *link;
        bool seen = index->unused != 0; /* unused when no thread walked */
        if (!may_go(index) || !seen) {
            link = &index->next;
            continue;
        }
        *link = index->next;
        munmap((void *)(uintptr_t)index->block, index->size);
        free(index);
    }
    epi_dump_unlock();
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
