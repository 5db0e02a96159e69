/* What JIT compilers in shared libraries announce to libgcc's unwinder (image/frameblocks.h). */
#include "interpose.h"
#include "../base/base.h"
#include "../image/frameblocks.h"

#ifdef EPI_INTERPOSES

/* libgcc's header has no declaration of these. */
void __register_frame(void *begin);
void __deregister_frame(void *begin);

EPI_NEXT(next_register, __register_frame);
EPI_NEXT(next_deregister, __deregister_frame);

/* Not libgcc's: that may be loaded later, for the library that calls. */
static epi_frame_function next(struct epi_next *name)
{
    name->known = name->found != 0;
    return (epi_frame_function)epi_interpose_next(name);
}

/* As those of masks.c: the first call may come while dlopen waits for its thread.  A program
 * that exports the names has libgcc from its beginning, as a rule. */
static __attribute__((constructor)) void look_up(void)
{
    next(&next_register);
    next(&next_deregister);
}

EPI_INTERPOSED void __register_frame(void *begin)
{
    epi_frameblock_register(begin, next(&next_register));
}

EPI_INTERPOSED void __deregister_frame(void *begin)
{
    epi_frameblock_deregister(begin, next(&next_deregister));
}

#endif
