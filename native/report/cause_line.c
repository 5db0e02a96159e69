/* The line "Signal: ...", which is made before it is written. */
#include "cause.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"

struct epi_cause epi_cause;

EPI_SAFE void epi_cause_begin(const struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    int code = incident->info.si_code;
    epi_out_start(out, epi_fd_of(-1), epi_fd_of(-1), 0);
    epi_out_text(out, "Signal: ");
    epi_out_text(out, epi_signal_name(incident->signal));
    epi_out_text(out, " (");
    epi_out_decimal(out, incident->signal);
    epi_out_text(out, "), ");
    epi_out_text(out, epi_signal_code(incident->signal, code));
    epi_out_text(out, " (");
    epi_out_decimal(out, code);
    epi_out_char(out, ')');
    epi_cause.words = out->used;
    epi_cause.signal = incident->signal;
    epi_out_text(out, ": ");
}

EPI_SAFE void epi_cause_forget(void)
{
    epi_cause.signal = 0;
}

/* Behind a stage that has failed the line ends where that did, or before the colon. */
EPI_SAFE void epi_report_signal(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    if ((!incident->go_death && epi_cause.signal == 0) || out->flushed != 0)
        epi_cause_begin(incident);
    if (epi_cause.signal == 0)
        return;
    if (out->used == epi_cause.words + 2)
        out->used = epi_cause.words;
    for (uint32_t i = 0; i < out->used; i++)
        epi_out_char(&incident->out, out->buffer[i]);
    epi_out_char(&incident->out, '\n');
}
