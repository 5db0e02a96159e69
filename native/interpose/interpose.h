/* The next definition of a name that this program defines, too. */
#ifndef EPI_INTERPOSE_H
#define EPI_INTERPOSE_H

#include "../base/base.h"

#include <stdatomic.h>

/* A definition that the dynamic linker exports by itself where libc.so has the same name;
 * weak, so that one that is linked in statically (libgcc's, another sanitizer's) may win. */
#define EPI_INTERPOSED __attribute__((visibility("default"), weak))

/* The same of a name that the runtimes of the address and the leak sanitizer define.  These may
 * be linked in statically (clang's are, gcc's by -static-libasan), before all else.  Their
 * definitions are weak, too, and would win.  So ours are strong there, and go on to the
 * runtime's, which have a second name (compiler-rt's interception.h).
 *
 * Ours stay weak with the memory sanitizer, which would check what a library without it hands
 * over.  Ours stay weak with -fsanitize=undefined, too, which may come without a runtime, in a
 * static program, whose libc must not have a second strong definition.
 *
 * With the thread sanitizer there are none: the core cannot be enabled under it.  In a library
 * that has imported them by mistake its runtime would find them behind its own, call them
 * before it is there, and die in what the compiler puts at their start. */
#if defined __SANITIZE_ADDRESS__ /* gcc's */
#define EPI_BEFORE_RUNTIME
#elif defined __SANITIZE_THREAD__
#define EPI_UNDER_TSAN
#elif defined __clang__
#if __has_feature(address_sanitizer) || __has_feature(leak_sanitizer)
#define EPI_BEFORE_RUNTIME
#elif __has_feature(thread_sanitizer)
#define EPI_UNDER_TSAN
#endif
#endif
#if !defined EPI_NOWRAP && !defined EPI_UNDER_TSAN
#define EPI_INTERPOSES
#endif
#ifdef EPI_BEFORE_RUNTIME
#define EPI_INTERPOSED_FIRST __attribute__((visibility("default")))
#define EPI_NEXT(variable, libcs)                                                              \
    extern void __interceptor_##libcs(void) __attribute__((weak));                             \
    static struct epi_next variable = {.name = #libcs,                                         \
                                       .second_name = "__interceptor_" #libcs,                 \
                                       .linked = __interceptor_##libcs}
#else
#define EPI_INTERPOSED_FIRST      EPI_INTERPOSED
#define EPI_NEXT(variable, libcs) static struct epi_next variable = {.name = #libcs}
#endif

/* Is this the program?  Else a library, or a c-archive, has imported it by mistake, and the calls
 * are the host's. */
bool epi_interpose_own(void);

/* Is DEFINITION what a name has come to mean in this program, of which REAL is the __real_
 * form? The name itself is the wrapper for lld, in the file that defines it, too.  Where a
 * sanitizer's definition wins, a wrapper goes on to that by itself, and libc's would pass it
 * by.  The empty asm keeps the compiler from the conclusion that they are the same. */
static inline bool epi_interpose_wins(uintptr_t real, uintptr_t definition)
{
    __asm__("" : "+r"(real));
    return real == definition;
}

/* A name, and its next definition behind this one (EPI_NEXT). */
struct epi_next {
    const char *name;
    const char *second_name; /* of a sanitizer's definition */
    void (*linked)(void);    /* that definition, where the runtime is linked in and has one */
    _Atomic uintptr_t found;
    _Atomic bool known; /* looked up; what was found may be 0 */
};

/* A sanitizer's, or that of a library that was loaded first, or libc's.  0 in a static program
 * without a sanitizer's runtime: it has no shared libraries.  The first call looks the name up,
 * which waits for a dlopen that goes on; the constructors here make it.  For a healthy process.
 */
uintptr_t epi_interpose_next(struct epi_next *next);

#endif
