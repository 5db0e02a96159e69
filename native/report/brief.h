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
 * build.  OUT has at most ROOM bytes then, and of what the thread had written to standard
 * error at most WORDS lines. */
EPI_SAFE void epi_brief_compose(struct epi_out *out, const struct epi_out *report, size_t room,
                                uint32_t words);

/* As many as say why, and leave room for the stack. */
#define EPI_BRIEF_WORDS 6

/* The last line of a text that began AT bytes after the beginning of OUT. */
EPI_SAFE void epi_brief_end(struct epi_out *out, const struct epi_incident *incident, uint64_t at);

/* Room for that line, and the newline. */
#define EPI_BRIEF_END 80

/* A part of a line. */
struct epi_brief_text {
    const char *at;
    size_t size; /* 0: there is none */
};

/* What stands behind the words that the headline begins with; the sentence that follows it;
 * and what stands behind WORDS at the beginning of a line before the stacks. */
EPI_SAFE struct epi_brief_text epi_brief_title(const struct epi_out *report);
EPI_SAFE struct epi_brief_text epi_brief_sentence(const struct epi_out *report);
EPI_SAFE struct epi_brief_text epi_brief_line(const struct epi_out *report, const char *words);

#endif
