/* Who ends the process in the ordinary way: main returns, os.Exit, exit, _exit.  From the
 * moment when a thread owns a crash, no other may: they wait for its end, which is
 * that of the process, or until a host's handler has repaired it.
 *
 * Go's exits come here by a hook of its runtime (internal/gort/exits), C's by what atexit
 * calls.  That is called early, by exit's rule, where the destructors of shared libraries
 * are still to come; a crash in the midst of them stops the thread that runs them.  Calls
 * of _exit in this program are wrapped by the linker, and those of shared libraries come
 * by package interpose.  Not here come those who make the system call, as
 * syscall.Exit does: nothing can hold them up. */
#ifndef EPI_LEAVE_H
#define EPI_LEAVE_H

#include "../base/base.h"
#include "../record/mark.h"

/* May the calling thread end the process now?  WAITED is for how many nanoseconds it has
 * been asking, without those for which the process was stopped (struct epi_awake): it asks
 * again a moment later, and does not have to wait for ever.  With true it should make
 * haste. */
bool epi_leave_may(uint64_t waited);

/* It does, in the way HOW with STATUS, from Go's code at TEXT: for the black box. */
void epi_leave_goes(int how, int status, const char *text);

/* The crash hook ends the process: no thread has to wait any more. */
void epi_leave_let(void);

/* Waits until the calling thread may end the process, in the way HOW, and leaves that in the
 * black box.  Safe on any thread of a process that
 * may be crashing, in a child of fork or vfork too, and before epi_enable; async-signal-safe. */
EPI_SAFE void epi_leave_wait(enum epi_mark_how how, int status);

/* Has the calling thread begun to end the process? */
EPI_SAFE bool epi_leave_is_mine(void);

/* For who has become the owner of a crash: if another thread is on its way out, either
 * the process is at its end in a moment, and the crash came too late, or that thread
 * is stopped. */
EPI_SAFE void epi_leave_stop(void);

#endif
