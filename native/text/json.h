/* A text as a member of a record of JSON, in one line. */
#ifndef EPI_JSON_H
#define EPI_JSON_H

#include "out.h"
#include "../base/base.h"

/* Around the text that an epi_out writes: what stands before it, whose last member is the
 * text, and how far it has come. */
struct epi_record {
    char open[4096]; /* from the brace to the quotation mark of the text */
    uint32_t open_size;
    bool opened; /* it is written */
    bool broken; /* the target has failed in its middle, */
    bool half;   /* between the two bytes of an escape */
    struct epi_fd target; /* that it was written to last */
    char piece[4096];
};

/* A string from outside as a JSON string, with its quotation marks: code points beyond 0xff
 * are JSON's \uNNNN, and control characters, backslashes and bytes that are no text are the
 * text \xNN, as in the values of package report.  TEXT must be readable. */
EPI_SAFE void epi_json_string(struct epi_out *out, const char *text);

/* The same for what stands in a report already, SIZE bytes, in at most ROOM bytes, which are
 * at least 5: a text that is longer is cut between characters, and ends with "...". */
EPI_SAFE void epi_json_report_string(struct epi_out *out, const char *text, size_t size,
                                     size_t room);

#endif
