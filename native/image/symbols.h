/* Names and lines of C addresses.  A look-up gives calls, as that of Go's does:
 * the inlined ones first, the function that they were inlined into last.
 *
 * The sources: the block that Go built of the module's debug information and symbol
 * tables while the process was healthy; without one the executable's symbol table, which is
 * mapped for that (symfile.h), and the module's own .dynsym. */
#ifndef EPI_SYMBOLS_H
#define EPI_SYMBOLS_H

#include "modules.h"
#include "symblock.h"
#include "../base/base.h"

#define EPI_SYMBOL_NAME 512

struct epi_symbol {
    uint64_t offset;  /* of the PC in the piece of the function */
    uint32_t line;    /* 0: no file and line are known */
    bool inlined;     /* into the symbol that follows */
    bool near_line;   /* the compiler gives no line; this is of the code before it */
    const char *file; /* in the index, which a crash does not outlive */
    char name[EPI_SYMBOL_NAME]; /* cut, then it ends in "..."; "": not known */
};

/* The symbols at a PC that are still to be returned: as many as there are, so no
 * array has to have room for them. */
struct epi_symbols {
    struct epi_symblock block;
    struct epi_symblock_chain chain;
    uint64_t offset;
    bool in_block, in_table;
};

/* Begins with the innermost symbol at PC (a return address has 1 taken off) in
 * MODULE, whose name may go into SYMBOL already.  False when there is none. */
EPI_SAFE bool epi_symbols_find(struct epi_symbols *symbols, const struct epi_module *module,
                               uintptr_t pc, struct epi_symbol *symbol);

/* The function at PC, or the piece of it that is there, as its symbol says.  False when there
 * is none, or it does not say where the function ends, or WORK is not enough to look for it: a
 * block costs none of it, a table, which is searched from its start, 1 for each 16 symbols. */
EPI_SAFE bool epi_symbols_function(const struct epi_module *module, uintptr_t pc,
                                   struct epi_range *function, uint32_t *work);

/* Fills SYMBOL with the next one; false behind the last. */
EPI_SAFE bool epi_symbols_next(struct epi_symbols *symbols, struct epi_symbol *symbol);

/* How many more there are. */
EPI_SAFE uint32_t epi_symbols_count(const struct epi_symbols *symbols);

/* What a module has: a block, which does not know where it is loaded, and its
 * bias.  Modules have a pointer to it, so that one store gives them both.  Call
 * frame information out of .debug_frame is kept in the same way.
 *
 * All of them are in a list.  They are not found through the modules: a table
 * forgets those that are gone.  Read and written while the process is healthy. */
struct epi_symbol_index {
    struct epi_symbol_index *next;
    const uint8_t *block;
    size_t size;
    uintptr_t bias;
    bool names_only; /* lines will come, in another index */
    uint64_t unused; /* since when no module has it; 0: one does */
};

#endif
