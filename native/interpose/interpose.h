/* The next definition of a name that this program defines, too. */
#ifndef EPI_INTERPOSE_H
#define EPI_INTERPOSE_H

#include "../base/base.h"

#include <stdatomic.h>

/* A definition that the dynamic linker exports by itself where libc.so has the same name;
 * weak, so that a sanitizer's that is linked in may win. */
#define EPI_INTERPOSED __attribute__((visibility("default"), weak))

/* Is this the program?  Else a library has imported it by mistake, and the calls are the
 * host's. */
bool epi_interpose_own(void);

/* Is DEFINITION what a name has come to mean in this program, of which REAL is the __real_ form?
 * The name itself is the wrapper for lld, in the file that defines it, too.  Clang's sanitizers
 * are linked in statically, and their definition wins: then theirs is what a wrapper goes on to,
 * as it does by itself, and libc's would pass them by.  The empty asm keeps the compiler from
 * the conclusion that they are the same. */
static inline bool epi_interpose_wins(uintptr_t real, uintptr_t definition)
{
    __asm__("" : "+r"(real));
    return real == definition;
}

/* A name, and its next definition behind this one. */
struct epi_next {
    const char *name;
    _Atomic uintptr_t found;
    _Atomic bool known; /* looked up; what was found may be 0 */
};

/* Libc's, or that of a sanitizer or a library that was loaded first.  0 in a static program,
 * where there are no shared libraries, either.  The first call looks the name up, which
 * waits for a dlopen that goes on; the constructors here make it.  For a healthy process. */
uintptr_t epi_interpose_next(struct epi_next *next);

#endif
