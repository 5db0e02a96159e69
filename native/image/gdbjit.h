/* The list that JIT compilers keep for debuggers: at the symbol __jit_debug_descriptor of
 * the library that has the compiler, or of the program ("JIT Compilation Interface" in GDB's
 * manual).  Each entry leads to an ELF file in memory, which describes some code (jitfile.h).
 *
 * It is walked after a fault, in the middle of a change maybe: every read may fail, and the
 * number of entries is bounded. */
#ifndef EPI_GDBJIT_H
#define EPI_GDBJIT_H

#include "modules.h"
#include "../base/base.h"

/* A compiler that announces each function by a file of its own may have more; they are
 * left out. */
#define EPI_GDBJIT_FILES 8192

/* A walk over the files of all lists. */
struct epi_gdbjit {
    const struct epi_modules *modules;
    uint32_t module;      /* the number of the next; 0: the program's own list */
    uint32_t lists;       /* that were found */
    uintptr_t list[8];    /* a library's may be the one that the program refers to */
    uintptr_t entry;      /* the next; 0: the list is at its end */
    uintptr_t mark;       /* an entry that must not come again */
    uint32_t steps, mark_at;
    uint32_t files;
};

/* Finds the list of a compiler in the program itself, which need not export its name.  For a
 * healthy process. */
void epi_gdbjit_prepare(void);

EPI_SAFE void epi_gdbjit_start(struct epi_gdbjit *walk, const struct epi_modules *modules);

/* The next FILE, as its entry gives it; false behind the last. */
EPI_SAFE bool epi_gdbjit_next(struct epi_gdbjit *walk, struct epi_range *file);

#endif
