/* A report in short: what happened, why, and the innermost frames, in a few kilobytes. */
#ifndef EPI_BRIEF_H
#define EPI_BRIEF_H

#include "../base/base.h"
#include "../incident/incident.h"
#include "../text/out.h"

/* From now on what is written to OUT is remembered, as far as there is room: the lines of
 * a report in short are those of its whole text.  Of a crash alone, of which there is one. */
EPI_SAFE void epi_brief_remember(struct epi_out *out);

/* Appends to OUT, which goes nowhere, what answers what happened, in this order: the lines
 * before the stacks, a panic's text and its goroutine, the current stack, which process and
 * build.  OUT has at most ROOM bytes then. */
EPI_SAFE void epi_brief_compose(struct epi_out *out, const struct epi_out *report, size_t room);

/* The last line of a text that began AT bytes after the beginning of OUT. */
EPI_SAFE void epi_brief_end(struct epi_out *out, const struct epi_incident *incident, uint64_t at);

/* Room for that line, and the newline. */
#define EPI_BRIEF_END 80

/* The sentence that the report begins with, or NULL while there is none; ends at a newline. */
EPI_SAFE const char *epi_brief_sentence(const struct epi_out *report);

#endif
