/* The whole report is in a file of its own; standard error, which collectors read and
 * whose reader may be a terminal, gets the answer, and where the file is.  It may be stuck:
 * the file does not wait for it long. */
#include "short.h"
#include "brief.h"
#include "file.h"
#include "jsonline.h"
#include "places.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../text/out.h"
#include "../incident/incident.h"

#define PATIENCE (100 * EPI_MS)

static EPI_SAFE void add_text(struct epi_out *out, const struct epi_out *text)
{
    for (uint32_t i = 0; i < text->used; i++)
        epi_out_char(out, text->buffer[i]);
}

static EPI_SAFE void add_sentence(struct epi_out *out, struct epi_brief_text sentence)
{
    if (sentence.size > 0)
        epi_out_text(out, ": ");
    for (size_t i = 0; i < sentence.size; i++)
        epi_out_char(out, sentence.at[i]);
}

static EPI_SAFE void note_file(struct epi_out *out, const struct epi_incident *incident,
                               const char *what)
{
    epi_out_text(out, what);
    epi_report_file_path(out, incident);
    epi_out_char(out, '\n');
}

static EPI_SAFE void write_short(struct epi_incident *incident)
{
    static struct epi_out text, out; /* of the crash, of which there is one; TEXT goes nowhere */
    epi_out_start(&text, epi_fd_of(-1), epi_fd_of(-1), 0);
    epi_brief_compose(&text, &incident->out, sizeof text.buffer - EPI_BRIEF_END,
                      epi_report_is_stderr(&incident->terminal) ? 0 : EPI_BRIEF_WORDS);
    epi_out_start(&out, incident->terminal, epi_fd_of(-1), epi_now() + PATIENCE);
    out.record = incident->out.record;
    epi_out_lock(&out, out.deadline);
    add_text(&out, &text);
    note_file(&out, incident, "Note: the whole report is in ");
    epi_brief_end(&out, incident, 0);
    add_sentence(&out, epi_brief_sentence(&incident->out));
    epi_out_char(&out, '\n');
    epi_out_flush(&out);
    epi_jsonline_end(&out, &incident->out, incident);
    epi_out_unlock(&out);
}

EPI_SAFE void epi_report_short(struct epi_incident *incident)
{
    if (incident->file_fd.fd < 0 || incident->terminal.fd < 0 || incident->shortened)
        return;
    incident->shortened = true;
    if (incident->out.error == 0) {
        write_short(incident);
        return;
    }
    /* The file takes no more, and the rest of the report is there already. */
    epi_out_fresh_line(&incident->out);
    note_file(&incident->out, incident, "Note: the beginning of the report is in ");
}
