/* The escapes of a report's text within a string of JSON. */
#ifndef EPI_ESCAPE_H
#define EPI_ESCAPE_H

#include "../base/base.h"

/* What follows the backslash; '\0': C stands for itself. */
EPI_SAFE char epi_json_second(char c);

/* Text of a report, SIZE bytes, as the inside of a JSON string, which has at most twice as
 * many; how many. */
EPI_SAFE size_t epi_json_escape(char *to, const char *text, size_t size);

/* How many bytes of TEXT have all of their own among the first WRITTEN of that. */
EPI_SAFE size_t epi_json_taken(const char *text, size_t size, size_t written);

#endif
