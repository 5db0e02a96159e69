/* Between the first line and the rest: the helper thread is woken, the core's handlers are
 * put back, the spare descriptors are closed, the thread's name is read.  These are some
 * thirty system calls, and the wake-up of a thread that takes the processor on which the
 * line's reader would wake.  The first line needs none of them: it is made of the core's own
 * memory, and is written only where a poll says that nothing waits. */
#include "settle.h"
#include "cause.h"
#include "sentence.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../signals/actions.h"
#include "../signals/taken.h"
#include "../threads/wake.h"

#include <sys/prctl.h>

/* Not the subject of a report that one thread makes for another. */
static EPI_SAFE void name_owner(const struct epi_incident *incident, struct epi_subject *subject)
{
    if (subject->tid != (int)(uint32_t)incident->owner)
        return;
    subject->pointer = epi_arch_thread_pointer();
    epi_syscall6(SYS_prctl, PR_GET_NAME, (long)subject->name, 0, 0, 0, 0);
}

EPI_SAFE void epi_report_settle(struct epi_incident *incident)
{
    if (incident->settled)
        return;
    incident->settled = true; /* first: it is not tried again should it fault */
    if (!incident->forked)
        epi_helper_wake(); /* it keeps the deadlines of all that follows */
    epi_taken_keep();
    epi_action_reassert(true);
    epi_incident_close_spare(incident); /* a report file may need their places */
    name_owner(incident, &incident->subject);
    epi_sentence_forget(incident);
    epi_cause_forget();
}
