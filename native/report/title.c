/* Nothing is looked at for the title of a crash: it is the first line's. */
#include "title.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"
#include "../goruntime/goparts.h"
#include "../goruntime/goside.h"

EPI_SAFE EPI_ON_CRASH void epi_title_put(struct epi_out *out,
                                         const struct epi_incident *incident)
{
    const char *line = epi_goside.crash_output.title;
    if (!incident->go_death)
        epi_out_text(out, epi_signal_title(incident->signal));
    else if (line[0] != '\0')
        epi_out_line(out, line);
    else
        epi_out_text(out, epi_panic_find(incident->subject.goroutine) != NULL
                              ? "panic"
                              : "Go has ended the program");
}
