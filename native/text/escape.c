/* JSON in pieces.  What a report has is printable ASCII, newlines and tabs; so an escape is
 * two bytes, and a piece is cut between characters or in the middle of one escape. */
#include "escape.h"
#include "../base/base.h"

EPI_SAFE char epi_json_second(char c)
{
    switch (c) {
    case '\n':
        return 'n';
    case '\t':
        return 't';
    case '"':
    case '\\':
        return c;
    default:
        return '\0';
    }
}

EPI_SAFE size_t epi_json_escape(char *to, const char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char second = epi_json_second(text[i]);
        if (second != '\0') {
            to[used++] = '\\';
            to[used++] = second;
        } else { /* no other byte comes, but the line must be valid */
            to[used++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
        }
    }
    return used;
}

EPI_SAFE size_t epi_json_taken(const char *text, size_t size, size_t written)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        used += epi_json_second(text[i]) != '\0' ? 2 : 1;
        if (used > written)
            return i;
    }
    return size;
}
