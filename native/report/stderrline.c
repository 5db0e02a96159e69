/* What the crashing thread wrote to standard error just before it gave up; not on standard
 * error, where it stands already. */
#include "stderrline.h"
#include "places.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../record/lastwords.h"

#include <signal.h>

#define LINES 64

EPI_SAFE void epi_report_standard_error(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    char text[EPI_WORDS + 8];
    /* Not of a fault: what a thread wrote before that need have nothing to do with it. */
    bool gives_up = incident->signal == SIGABRT || incident->signal == SIGILL ||
                    incident->signal == SIGTRAP;
    if (!gives_up || epi_report_is_stderr(&out->target) ||
        epi_words_last(epi_gettid(), incident->began, text) == 0)
        return;
    char *line = text;
    for (unsigned lines = 0; *line != '\0' && lines < LINES;) {
        char *end = line;
        while (*end != '\0' && *end != '\n')
            end++;
        bool last = *end == '\0';
        *end = '\0';
        if (end != line) {
            epi_out_text(out, "Standard error: \"");
            epi_out_escaped(out, line);
            epi_out_text(out, "\"\n");
            lines++;
        }
        line = last ? end : end + 1;
    }
}
