/* A report is a table of stages.  Each runs under a guard and a budget: one
 * that faults or does not end is named in the report, and the next one runs
 * (HotSpot's STEP, made a table). */
#ifndef EPI_STAGE_H
#define EPI_STAGE_H

#include "../base/base.h"
#include "../incident/incident.h"

struct epi_stage {
    const char *name;
    uint32_t budget_ms;
    void (*run)(struct epi_incident *incident);
};

/* Runs STAGE to its end, to its first fault, or to the end of its budget. */
EPI_SAFE void epi_stage_run(struct epi_incident *incident, const struct epi_stage *stage);

/* Something failed outside of a guard: tells so in the last line. */
EPI_SAFE void epi_stage_gave_up(struct epi_incident *incident);

/* What ends a report, each of STEPS once, up to one that runs nothing: a fault in one goes
 * on with the next. */
EPI_SAFE void epi_stage_close(struct epi_incident *incident, const struct epi_stage *steps);

/* The handler's answer to a fatal signal on the owner's own thread while it
 * reports: leaves the stage.  Returns only for a signal that is to be ignored
* (one that another process sent). */
EPI_SAFE void epi_stage_fault(struct epi_incident *incident, int signal, const siginfo_t *info,
                              const ucontext_t *uc);

/* The handler of the deadline signal. */
EPI_SAFE void epi_stage_interrupt(int signal, siginfo_t *info, void *context);

/* Sends the owner the deadline signal, for the stage of this epoch (odd), or for
 * the host's handler (0). */
EPI_SAFE void epi_stage_send(struct epi_incident *incident, uint32_t epoch);

/* For the helper thread: interrupts the owner if its stage is over its budget. */
EPI_SAFE void epi_stage_enforce(struct epi_incident *incident, uint64_t now);

/* More faults than this in one report, and the rest of it is given up. */
#define EPI_NESTED_MAX EPI_COUNT(((struct epi_incident *)0)->failure)

#endif
