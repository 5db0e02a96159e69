/* Names of C addresses.  A look-up gives a list, as that of Go's does: the
 * inlined calls first, the function that they were inlined into last.
 *
 * Two sources: the index that Go built of the module's symbol tables while the
 * process was healthy, and without one the module's own .dynsym. */
#ifndef EPI_SYMBOLS_H
#define EPI_SYMBOLS_H

#include "modules.h"
#include "../base/base.h"

#define EPI_SYMBOL_NAME 512

struct epi_symbol {
    uint64_t offset; /* of the PC in the function */
    uint32_t line;   /* 0: no file and line are known */
    bool inlined;    /* into the symbol that follows */
    const char *file;
    char name[EPI_SYMBOL_NAME]; /* cut, then it ends in "..." */
};

/* At most MAX symbols for PC (a return address has 1 taken off) in MODULE; the
 * number found, 0 when there is none. */
EPI_SAFE uint32_t epi_symbols_find(const struct epi_module *module, uintptr_t pc,
                                   struct epi_symbol *symbols, uint32_t max);

/* The index's layout; package internal/symindex writes it.  One block, in the
 * byte order of the machine: this header, then entry[count] by rising start,
 * then the strings. */
#define EPI_SYMBOL_MAGIC UINT32_C(0x31697045) /* "Epi1" */

struct epi_symbol_entry {
    uint32_t start; /* offset from the module's bias */
    uint32_t size;
    uint32_t name; /* offset in the strings */
};

struct epi_symbol_index {
    uint32_t magic;
    uint32_t count;
    uint32_t strings_size; /* at least 1; the last byte is 0 */
    uint32_t reserved;
    uint64_t bias; /* of the module that it is for; the core sets it */
    struct epi_symbol_entry entry[];
};

/* Is this a block of SIZE bytes that a look-up can trust? */
bool epi_symbols_valid(const struct epi_symbol_index *index, size_t size);

#endif
