/* How text gets out of its buffer. */
#ifndef EPI_WRITE_H
#define EPI_WRITE_H

#include "out.h"
#include "../base/base.h"

/* Writes SIZE bytes to the target, in its record if it has one, and what that does not
 * take to the fallback.  What is lost is said in OUT. */
EPI_SAFE void epi_out_write(struct epi_out *out, const char *text, size_t size);

/* Ends the record, if one was begun, with what is in the buffer: that is no text of the
 * report. */
EPI_SAFE void epi_out_end_record(struct epi_out *out);

/* Would the target take text now, without a wait and without an error?  Then the next write
 * does not ask again. */
EPI_SAFE bool epi_out_takes_text(struct epi_out *out);

/* The helper thread postpones the deadlines by the time for which the process was stopped.  Where
 * this thread goes on before it, waits until it has looked: for who computes with what is left.
 * A helper that does not come to it is not waited for again. */
EPI_SAFE void epi_out_catch_up(struct epi_out *out);

#endif
