/* The next definition of a name that this program defines, too. */
#ifndef EPI_INTERPOSE_H
#define EPI_INTERPOSE_H

#include "../base/base.h"

/* A definition that the dynamic linker exports by itself where libc.so has the same name;
 * weak, so that a sanitizer's that is linked in may win. */
#define EPI_INTERPOSED __attribute__((visibility("default"), weak))

/* Is this the program?  Else a library has imported it by mistake, and the calls are the
 * host's. */
bool epi_interpose_own(void);

/* The definition of NAME behind this one: libc's, or that of a sanitizer or a library that
 * was loaded first.  0 in a static program, where there are no shared libraries, either.
 * For a healthy process. */
uintptr_t epi_interpose_next(const char *name);

#endif
