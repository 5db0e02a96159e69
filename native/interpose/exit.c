/* The exits of crash/leave.h, as shared libraries call them.  exit and quick_exit need no
 * name here: what atexit calls is called for everybody. */
#include "interpose.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../crash/askend.h"
#include "../crash/leave.h"
#include "../signals/hosts.h"

#include <stdlib.h>
#include <unistd.h>

#ifdef EPI_INTERPOSES

EPI_NEXT(next_exit, _exit);

/* Async-signal-safe, as these two are: in a child of vfork dlsym would be called in the
 * parent's memory. */
static __attribute__((constructor)) void look_up(void)
{
    epi_interpose_next(&next_exit);
    epi_hosts_see_libraries(epi_interpose_own());
}

static _Noreturn void leave(int status)
{
    __typeof__(&_exit) next = (__typeof__(&_exit))epi_interpose_next(&next_exit);
    if (epi_interpose_own()) {
        epi_host_ends_process("has called _exit");
        epi_leave_wait(EPI_MARK_EXIT_NOW, status);
    }
    if (next != NULL)
        next(status);
    epi_exit(status);
}

EPI_INTERPOSED_FIRST void _exit(int status)
{
    leave(status);
}

EPI_INTERPOSED void _Exit(int status)
{
    leave(status);
}

#endif
