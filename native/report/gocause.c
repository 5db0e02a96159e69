/* Of a fault that Go dies of there is a line as of one of C's: what the incident has of a
 * signal is then that fault's, for as long as the line is written. */
#include "gocause.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../goruntime/crash_output.h"
#include "../goruntime/gofault.h"
#include "../goruntime/goside.h"
#include "../incident/incident.h"

/* So much of Go's text is looked at, for the line that names the fault and for the stack: of
 * a deep one Go shows a hundred calls (runtime/traceback.go, tracebackInnerFrames). */
#define HEAD 32768

static struct {
    bool changed;
    struct epi_gofault own; /* of the incident, meanwhile */
} saved;

static EPI_SAFE void set(struct epi_incident *incident, const struct epi_gofault *fault)
{
    incident->signal = fault->signal;
    epi_copy(&incident->info, &fault->info, sizeof incident->info);
    epi_copy(&incident->context, &fault->context, EPI_CONTEXT_SIZE);
}

static char text[HEAD + 1]; /* what Go has said, its beginning */

EPI_SAFE const char *epi_go_cause_text(void)
{
    return text;
}

EPI_SAFE void epi_report_go_cause(struct epi_incident *incident)
{
    static struct epi_gofault fault;
    text[epi_crash_output_head(&epi_goside.crash_output, text, HEAD)] = '\0';
    saved.changed = false;
    if (!epi_gofault_find(&fault, text))
        return;
    saved.own.signal = incident->signal;
    epi_copy(&saved.own.info, &incident->info, sizeof saved.own.info);
    epi_copy(&saved.own.context, &incident->context, EPI_CONTEXT_SIZE);
    saved.changed = true;
    set(incident, &fault);
    epi_report_cause(incident);
    epi_report_go_cause_end(incident);
}

EPI_SAFE void epi_report_go_cause_end(struct epi_incident *incident)
{
    if (saved.changed)
        set(incident, &saved.own);
    saved.changed = false;
}
