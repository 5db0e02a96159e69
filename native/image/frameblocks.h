/* Call frame information that a program announces while it runs: what JIT compilers hand to
 * libgcc's unwinder by __register_frame, so that exceptions pass through their code.
 *
 * libgcc keeps it in structures of its own, behind a lock.  So the calls are noted here as they are
 * made: by -Wl,-wrap in the objects of this link, by interpose/frames.c in shared libraries. */
#ifndef EPI_FRAMEBLOCKS_H
#define EPI_FRAMEBLOCKS_H

#include "../base/base.h"

/* A compiler registers one for each piece of code that it loads.  More are not noted. */
#define EPI_FRAMEBLOCKS 4096

typedef void (*epi_frame_function)(void *);

/* Notes that BEGIN is registered, or no longer is, and calls LIBGCCS; where that is NULL and
 * no library of the process has the function, the one of libgcc_s.so.1, which is loaded for it. */
void epi_frameblock_register(void *begin, epi_frame_function libgccs);
void epi_frameblock_deregister(void *begin, epi_frame_function libgccs);

/* How many places there are to look at, and the block at place I; 0: none. */
EPI_SAFE uint32_t epi_frameblock_count(void);
EPI_SAFE uintptr_t epi_frameblock(uint32_t i);

#endif
