/* What the crashing thread wrote to standard error just before it gave up; not on standard
 * error, where it stands already. */
#include "stderrline.h"
#include "places.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../record/lastwords.h"

#include <signal.h>
#include <unistd.h>

/* Of a fault no words are shown: what a thread wrote before it need have nothing to do with it.
 * A signal of another process interrupts any thread. */
static EPI_SAFE bool gives_up(const struct epi_incident *incident)
{
    int signal = incident->signal;
    bool sent = incident->info.si_code <= 0 && incident->info.si_pid != epi_getpid();
    return !sent && (signal == SIGABRT || signal == SIGILL || signal == SIGTRAP);
}

/* The program may have closed descriptor 2, and opened a file, or accepted a connection, that got
 * its number: what it writes there is its data, such as a journal.  A log for which it has
 * redirected both outputs is another matter; of Go's dup2, a raw system call, nothing is seen but
 * what is there now. */
static EPI_SAFE bool is_standard_error(const struct epi_fd *standard)
{
    return (standard->fd == STDERR_FILENO && epi_fd_valid(standard)) ||
           epi_fd_is_log(STDERR_FILENO);
}

EPI_SAFE void epi_report_standard_error(struct epi_incident *incident)
{
    static char text[EPI_WORDS]; /* of the crash, of which there is one */
    struct epi_out *out = &incident->out;
    if (!gives_up(incident) || !is_standard_error(&incident->options->standard) ||
        epi_report_is_stderr(&out->target) ||
        epi_words_last(incident->subject.tid, incident->began, text) == 0)
        return;
    for (char *line = text, *end = text; *line != '\0'; line = end) {
        while (*end != '\0' && *end != '\n')
            end++;
        bool empty = end == line;
        if (*end != '\0')
            *end++ = '\0';
        if (empty)
            continue;
        epi_out_text(out, "Standard error: \"");
        epi_out_escaped(out, line);
        epi_out_text(out, "\"\n");
    }
}
