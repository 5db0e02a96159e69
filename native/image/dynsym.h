/* A module's .dynsym: what the dynamic linker sees of it. */
#ifndef EPI_DYNSYM_H
#define EPI_DYNSYM_H

#include "modules.h"
#include "../base/base.h"

#include <elf.h>

/* A table of Elf64_Sym, their names, and the hash tables that may be there. */
struct epi_dynsym {
    uintptr_t symbols, strings, hash, gnu_hash;
    uint64_t strings_size;
    uint32_t count; /* 0 until epi_dynsym_count */
};

/* The table as MODULE's dynamic section describes it; false when there is none. */
EPI_SAFE bool epi_dynsym_open(struct epi_dynsym *table, const struct epi_module *module);

/* Finds out how many symbols there are, which costs 1 of WORK for each four buckets of a GNU
 * hash table; false when it cannot be told, or WORK is not enough. */
EPI_SAFE bool epi_dynsym_count(struct epi_dynsym *table, uint32_t *work);

/* The symbol of that NAME (at most 63 bytes) that the table defines, by the GNU hash table. */
EPI_SAFE bool epi_dynsym_find(const struct epi_dynsym *table, const char *name,
                              Elf64_Sym *found);

#endif
