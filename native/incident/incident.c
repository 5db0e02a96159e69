/* What a crash and a dump have in common and do alike. */
#include "incident.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"

#include <stdatomic.h>
#include <sys/prctl.h>

struct epi_incidents epi_incidents;

EPI_SAFE void epi_incident_close_spare(const struct epi_incident *incident)
{
    for (size_t i = 0; i < EPI_COUNT(epi_incidents.spare); i++) {
        struct epi_fd inherited = epi_incidents.spare[i];
        epi_fd_close(incident->forked ? &inherited : &epi_incidents.spare[i]);
    }
}

EPI_SAFE void epi_subject_is_self(struct epi_subject *subject)
{
    epi_zero(subject, sizeof *subject);
    subject->tid = epi_gettid();
    subject->pointer = epi_arch_thread_pointer();
    epi_syscall6(SYS_prctl, PR_GET_NAME, (long)subject->name, 0, 0, 0, 0);
}

/* How much of a stop of NS counts for a deadline at END that was set for MOST.  The owner
 * goes on in the same moment as the helper, and what it has set since is not postponed.
 * When that was is not recorded, but no deadline is further off than MOST. */
static EPI_SAFE uint64_t missed(uint64_t end, uint64_t ns, uint64_t now, uint64_t most)
{
    uint64_t last = now + most, room = last > end ? last - end : 0;
    return ns < room ? ns : room;
}

static EPI_SAFE void postpone(_Atomic(uint64_t) *deadline, uint64_t end, uint64_t ns)
{
    if (end != 0) /* one that the owner sets meanwhile is based on a clock that runs */
        atomic_compare_exchange_strong(deadline, &end, end + ns);
}

EPI_SAFE void epi_incident_postpone(struct epi_incident *incident, uint64_t ns, uint64_t now)
{
    uint64_t whole = incident->deadline, stages = incident->stages_deadline;
    uint64_t stage = incident->stage_deadline, out = incident->out.deadline;
    if (incident->options == NULL) /* the owner has not got there yet */
        return;
    /* A dump has no deadline but that of its stages. */
    uint64_t by = missed(whole != 0 ? whole : stages, ns, now, incident->options->deadline);
    postpone(&incident->deadline, whole, by);
    postpone(&incident->stages_deadline, stages, by);
    postpone(&incident->out.deadline, out, by);
    postpone(&incident->stage_deadline, stage, missed(stage, ns, now, incident->stage_budget));
}

/* What is counted already of its waits may be all of the short rounds. */
EPI_SAFE uint64_t epi_watch_round(struct epi_watch *watch, uint64_t now, uint64_t starved)
{
    uint64_t passed = now - watch->last, known = watch->starved + watch->since;
    watch->last = now;
    if (passed <= EPI_STOP) {
        watch->since += passed;
        return 0;
    }
    uint64_t waited = watch->starved != 0 && starved > known ? starved - known : 0;
    watch->starved = starved;
    watch->since = 0;
    return passed - EPI_STOP > waited ? passed - EPI_STOP - waited : 0;
}

/* A thread that wakes by itself comes about so late on a machine that is not busy. */
#define OVERSLEPT (10 * EPI_MS)

/* Who has settled has woken the helper, which then was late for a stop only.  Who has not may
 * be in the write of the first line, while the helper slept on until DUE.  A helper that is
 * late for that, too, has been stopped, and nothing tells since when: the process may have
 * been stopped in the moment in which its first line could be read. */
EPI_SAFE uint64_t epi_incident_watched_from(const struct epi_incident *incident, uint64_t due,
                                            uint64_t now)
{
    if (incident->deadline == 0) /* the owner has not got there yet */
        return now;
    if (incident->settled || now > due + OVERSLEPT)
        return incident->began;
    uint64_t from = due < now ? due : now;
    return from > incident->began ? from : incident->began;
}

EPI_SAFE void epi_incident_clear(struct epi_incident *incident)
{
    if (incident->phase != EPI_PHASE_LEFT) /* until there is no owner */
        incident->phase = EPI_PHASE_NONE;
    incident->deadline = 0; /* or the helper takes the old one for the next owner's */
    incident->go_failed = false;
    epi_zero(incident->parked, sizeof incident->parked);
    incident->parked_count = 0;
}
