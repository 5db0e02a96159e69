/* The executable's own symbol table (.symtab), for the time until Go has built a block: its
 * static functions are in no table that the loader maps. */
#ifndef EPI_SYMFILE_H
#define EPI_SYMFILE_H

#include "modules.h"
#include "../base/base.h"

/* A table of Elf64_Sym, and their names. */
struct epi_symfile {
    uintptr_t symbols, strings;
    uint64_t strings_size;
    uint32_t count;
};

/* Maps the symbol table of EXECUTABLE, a module of the healthy process, at the first call;
 * it stays mapped, so that nothing has to be opened or read after a fault.  A file without
 * one, or one that makes no sense, is left alone. */
void epi_symfile_map(const struct epi_module *executable);

/* That of MODULE, or NULL.  Whoever truncates the file takes the pages away, so it is read
 * by epi_peek like any other memory. */
EPI_SAFE const struct epi_symfile *epi_symfile_of(const struct epi_module *module);

#endif
