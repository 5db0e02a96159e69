/* A module's symbols as package internal/symindex writes them, in one block that
 * never changes: functions, files, lines and inlined calls.  The layout, byte by
 * byte, is in internal/symindex/block/block.go, and (*Block).Lookup there is the
 * same as what is here.
 *
 * A look-up allocates nothing, calls nothing and checks all that it reads: a
 * damaged block gives wrong answers at worst.  Its work is bounded: two
 * bisections, at most 32 rows where the block is a good one, and as many calls as
 * were inlined. */
#ifndef EPI_SYMBLOCK_H
#define EPI_SYMBLOCK_H

#include "../base/base.h"

/* Where the parts of a block are. */
struct epi_symblock {
    const uint8_t *start, *blob, *part_name, *file, *name; /* tables of 32-bit words */
    const uint8_t *blobs, *strings;
    uint64_t base;
    uint32_t parts, files, names, blobs_size, strings_size;
    const uint8_t *build_id;
    uint8_t build_id_size;
    bool names_only; /* for the time until lines are there */
};

/* Takes apart the SIZE bytes at DATA.  False when they are no block. */
EPI_SAFE bool epi_symblock_open(struct epi_symblock *block, const uint8_t *data, size_t size);

/* A call at an address: the function, and where in it. */
struct epi_symblock_call {
    const char *name, *file; /* in the block; NULL: not known */
    uint32_t line;           /* 0: not known */
    bool inlined;            /* into the call that follows */
    bool near_line;          /* the compiler says none; this is of the code before it */
};

/* The calls at an address that are still to be returned. */
struct epi_symblock_chain {
    const struct epi_symblock *block;
    const uint8_t *scope; /* of the part; NULL: nothing is known but the name */
    uint32_t scopes;
    uint32_t next; /* scope */
    uint32_t function;
    uint32_t file, line;
    bool near_line, done;
};

/* Begins with the innermost call at ADDRESS, as the file counts.  START becomes
 * where the piece of the function begins.  False when the block does not know the
 * address. */
EPI_SAFE bool epi_symblock_find(struct epi_symblock_chain *chain,
                                const struct epi_symblock *block, uint64_t address,
                                uint64_t *start);

/* The piece of a function that holds ADDRESS, in addresses of the file. */
EPI_SAFE bool epi_symblock_part(const struct epi_symblock *block, uint64_t address,
                                struct epi_range *part);

/* Takes the next call, the one that the last was inlined into; false behind the
 * function itself. */
EPI_SAFE bool epi_symblock_next(struct epi_symblock_chain *chain,
                                struct epi_symblock_call *call);

#endif
