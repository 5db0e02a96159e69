/* The end of a C++ exception that leaves what epi_arch_call_cxx called. */
#include "cxx.h"
#include "../base/base.h"

struct epi_jump epi_cxx_thrown;

/* The personality of epi_arch_call_cxx: a throw that looks for a handler gets as
 * far as here, with nothing unwound yet.  In a real one this would be a catch
 * clause; the unwinder's functions for that are not worth finding, when a jump
 * does it.  (What it leaves behind is the exception, for ever.) */
EPI_SAFE int epi_cxx_personality(int version, int actions, uint64_t class, void *exception,
                                 void *context) EPI_FOR_ASSEMBLY;
EPI_SAFE int epi_cxx_personality(int version, int actions, uint64_t class, void *exception, void *context)
{
    enum { SEARCH_PHASE = 1, CONTINUE_UNWIND = 8 };
    (void)version, (void)class, (void)exception, (void)context;
    if ((actions & SEARCH_PHASE) != 0)
        epi_arch_longjmp(&epi_cxx_thrown, 1);
    return CONTINUE_UNWIND; /* the end of a thread that is cancelled */
}
