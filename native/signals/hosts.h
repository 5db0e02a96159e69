/* Which handlers of the host resolve faults, and are asked before a report is made.
 *
 * A virtual machine, a collector or an emulator lives by faults.  What prints and lets the
 * process die (glog, Abseil, Python's faulthandler) has its turn after the report: what it
 * does may fail, and the report is the better one.  Which is which:
 *
 *   it has resolved a fault ................. it resolves
 *   a library that is known for either ...... as that is known
 *   of this link, where its ways to give up
 *     are seen (wrap.c, crash/exit_wrap.c) .. asked; the report comes when it gives up
 *   it is one of SIGSYS or SIGTRAP .......... what trapped is behind the thread: an emulator of
 *                                             system calls, a debugger's.  Asked
 *   the signal was sent, and ways to give up
 *     of libraries are seen ................. it has done no harm yet: asked
 *   the fault is in code of no module ....... a compiler at run time made that, whose handler
 *                                             this is: asked
 *   any other ............................... after the report
 */
#ifndef EPI_HOSTS_H
#define EPI_HOSTS_H

#include "asked.h"
#include "../base/base.h"
#include "../incident/incident.h"

/* Is HANDLER asked before the report of SIGNAL, of a fault at PC?  DOUBT: there may be none
 * to report, so that one that may resolve it is asked. */
EPI_SAFE bool epi_host_goes_first(enum epi_host_first wanted, uintptr_t handler, int signal,
                                  uintptr_t pc, bool doubt);

/* Are ways to give up seen that are in shared libraries?  Not after a fault. */
void epi_hosts_see_libraries(bool seen);
EPI_SAFE bool epi_hosts_in_libraries_are_seen(void);

/* HANDLER has resolved a fault. */
EPI_SAFE void epi_host_has_resolved(uintptr_t handler);

/* What the thread TID, at SP, is asking about; NULL: nothing.  It may have jumped out of a
 * handler that it asked, which has resolved the fault then. */
EPI_SAFE struct epi_evidence *epi_host_evidence(int tid, uintptr_t sp);

/* Does HANDLER resolve faults: has it done so, or is its library known for that? */
EPI_SAFE bool epi_host_resolves(uintptr_t handler);

#endif
