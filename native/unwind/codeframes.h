/* Call frame information of code that no module has, as JIT compilers announce it: to libgcc's
 * unwinder (image/frameblocks.h), and to debuggers (image/gdbjit.h).  One table of both, made
 * from what is there now by who is about to walk stacks. */
#ifndef EPI_CODEFRAMES_H
#define EPI_CODEFRAMES_H

#include "cfi.h"
#include "../base/base.h"
#include "../image/codemap.h"
#include "../image/modules.h"

#define EPI_CODEFRAMES 16384

/* An FDE. */
struct epi_codeframe {
    struct epi_range pc;
    uintptr_t at;
    struct epi_range bounds; /* of the memory that it and its CIE are in */
};

struct epi_codeframes {
    uint64_t count;
    struct epi_codeframe frame[EPI_CODEFRAMES]; /* by rising start */
};

/* Fills FRAMES, which nobody else reads yet, with what is announced now for code of CODE.  What is
 * beyond its capacity is left out, and what could not be read in 100 ms. */
EPI_SAFE void epi_codeframes_load(struct epi_codeframes *frames, const struct epi_codemap *code,
                                  const struct epi_modules *modules);

/* The entry that covers PC, read anew; false when there is none.  FRAMES may be NULL. */
EPI_SAFE bool epi_codeframes_find(const struct epi_codeframes *frames, uintptr_t pc,
                                  struct epi_cfi_entry *entry);

#endif
