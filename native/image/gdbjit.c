/* Walks the lists of the compilers, newest entry first.  The layout is GDB's, version 1. */
#include "gdbjit.h"
#include "dynsym.h"
#include "modules.h"
#include "../base/base.h"
#include "../memory/peek.h"

#include <stddef.h>

struct entry {
    uintptr_t next, previous;
    uintptr_t file;
    uint64_t size;
};

struct descriptor {
    uint32_t version, action;
    uintptr_t relevant, first;
};

extern struct descriptor __jit_debug_descriptor __attribute__((weak));
static uintptr_t programs; /* list, or 0 */

/* The address stands in memory first, for which the dynamic linker finds a library's, too: code that
 * refers to it by itself would have the linker put a copy of the library's into the program. */
void epi_gdbjit_prepare(void)
{
    static struct descriptor *volatile found = &__jit_debug_descriptor;
    programs = (uintptr_t)found;
}

EPI_SAFE void epi_gdbjit_start(struct epi_gdbjit *walk, const struct epi_modules *modules)
{
    epi_zero(walk, sizeof *walk);
    walk->modules = modules;
}

/* The descriptor of the module with that number, or 0. */
static EPI_SAFE uintptr_t find_list(const struct epi_gdbjit *walk, uint32_t number)
{
    struct epi_dynsym table;
    Elf64_Sym symbol;
    if (number == 0)
        return programs;
    const struct epi_module *module = &walk->modules->module[number - 1];
    if (!epi_dynsym_open(&table, module) ||
        !epi_dynsym_find(&table, "__jit_debug_descriptor", &symbol))
        return 0;
    return module->bias + symbol.st_value;
}

static EPI_SAFE bool is_known(const struct epi_gdbjit *walk, uintptr_t list)
{
    for (uint32_t i = 0; i < walk->lists; i++)
        if (walk->list[i] == list)
            return true;
    return false;
}

/* Goes on to the next list that has entries; false when there is none. */
static EPI_SAFE bool open_list(struct epi_gdbjit *walk)
{
    while (walk->modules != NULL && walk->module <= walk->modules->count &&
           walk->lists < EPI_COUNT(walk->list)) {
        struct descriptor descriptor;
        uintptr_t list = find_list(walk, walk->module++);
        if (list == 0 || is_known(walk, list))
            continue;
        walk->list[walk->lists++] = list;
        if (!epi_peek(&descriptor, list, sizeof descriptor) || descriptor.version != 1 ||
            descriptor.first == 0)
            continue;
        walk->entry = descriptor.first;
        walk->mark = 0;
        walk->steps = 0;
        walk->mark_at = 1;
        return true;
    }
    return false;
}

/* Brent: an entry that comes again would come for ever. */
static EPI_SAFE bool comes_again(struct epi_gdbjit *walk)
{
    if (walk->entry == walk->mark)
        return true;
    if (++walk->steps == walk->mark_at) {
        walk->mark = walk->entry;
        walk->mark_at *= 2;
    }
    return false;
}

EPI_SAFE bool epi_gdbjit_next(struct epi_gdbjit *walk, struct epi_range *file)
{
    while (walk->files < EPI_GDBJIT_FILES && (walk->entry != 0 || open_list(walk))) {
        struct entry entry;
        walk->files++;
        if (comes_again(walk) || !epi_peek(&entry, walk->entry, sizeof entry)) {
            walk->entry = 0;
            continue;
        }
        walk->entry = entry.next;
        file->start = entry.file;
        file->end = entry.file + entry.size;
        if (file->start != 0 && file->end > file->start)
            return true;
    }
    return false;
}
