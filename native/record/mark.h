/* What a program that ends without a crash leaves in the black box: how, and by whom.
 *
 * A program that is killed (SIGKILL) leaves nothing.  So everything else has to leave
 * something: exits do so before the process ends (crash/leave.h), and deadly signals
 * before Go's handler makes them deadly (goruntime/traceback_bit.h), which takes the mark
 * away again when the program has survived. */
#ifndef EPI_MARK_H
#define EPI_MARK_H

#include "../base/base.h"

#include <signal.h>

/* As in internal/boxformat, which says more. */
enum epi_mark_how {
    EPI_MARK_NONE,
    EPI_MARK_RETURN,
    EPI_MARK_OS_EXIT,
    EPI_MARK_LOG_FATAL,
    EPI_MARK_EXIT,
    EPI_MARK_QUICK_EXIT,
    EPI_MARK_EXIT_NOW, /* _exit and _Exit */
    EPI_MARK_SIGNAL,
};

#define EPI_NO_STATUS (-1) /* not known */

struct epi_mark {
    uint32_t how, signal;
    uint64_t time; /* ns since 1970 */
    int32_t status;
    uint32_t sender, tid; /* who sent the signal: 0, the kernel; who ends the process */
    char text[148];       /* where; ends at the first NUL byte */
};

/* The process is about to end.  Of several that end it at the same time the first counts. */
EPI_SAFE void epi_mark_exit(enum epi_mark_how how, int status, const char *text);

/* SIGNAL is about to kill the process, by the handler that is called next.  False: it has
 * an end already.  When that handler returns, the end is taken back. */
EPI_SAFE bool epi_mark_signal(int signal, const siginfo_t *info);
EPI_SAFE void epi_mark_survived(void);

/* The program is going to be asked to end, and does so by itself; it has been asked.  The
 * first takes no time, the second writes to the box. */
EPI_SAFE void epi_mark_request(int signal, const siginfo_t *info);
EPI_SAFE void epi_mark_asked(void);

#endif
