/* The ELF files in memory by which JIT compilers describe their code to debuggers.  Any byte
 * of them may be wrong, or not there. */
#ifndef EPI_JITFILE_H
#define EPI_JITFILE_H

#include "perfmap.h"
#include "../base/base.h"

/* Where the call frame information (.eh_frame) of FILE is: as the code was loaded, if it was,
 * else in the file itself.  False when there is none. */
EPI_SAFE bool epi_jitfile_frames(struct epi_range file, struct epi_range *frames);

/* Gives the PCs of NAMES that have no name yet those of FILE's symbol table.  Does not look
 * further than DEADLINE (monotonic). */
EPI_SAFE void epi_jitfile_names(struct epi_range file, struct epi_perfmap *names,
                                uint64_t deadline);

#endif
