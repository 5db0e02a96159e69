#include "incident.h"
#include "../base/base.h"
#include "../base/system.h"

#include <sys/prctl.h>

struct epi_incidents epi_incidents;

EPI_SAFE bool epi_crashing(void)
{
    return epi_incidents.crash.owner >> 32 == (uint32_t)epi_getpid();
}

EPI_SAFE void epi_subject_is_self(struct epi_subject *subject)
{
    epi_zero(subject, sizeof *subject);
    subject->tid = epi_gettid();
    subject->pointer = epi_arch_thread_pointer();
    epi_syscall6(SYS_prctl, PR_GET_NAME, (long)subject->name, 0, 0, 0, 0);
}

EPI_SAFE struct epi_incident *epi_incident_of(uint64_t self)
{
    if (epi_incidents.crash.owner == self)
        return &epi_incidents.crash;
    return epi_incidents.dump.owner == self ? &epi_incidents.dump : NULL;
}
