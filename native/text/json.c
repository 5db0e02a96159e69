/* JSON in pieces.  What a report has is printable ASCII, newlines and tabs; so an escape is
 * two bytes, and a piece is cut between characters or in the middle of one escape. */
#include "json.h"
#include "../base/base.h"
#include "../text/out.h"

/* What follows the backslash; '\0': C stands for itself. */
static EPI_SAFE char escaped(char c)
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
        char second = escaped(text[i]);
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
        used += escaped(text[i]) != '\0' ? 2 : 1;
        if (used > written)
            return i;
    }
    return size;
}

static EPI_SAFE void four_digits(struct epi_out *out, uint32_t value)
{
    epi_out_text(out, "\\u");
    epi_out_byte(out, (uint8_t)(value >> 8));
    epi_out_byte(out, (uint8_t)value);
}

/* Beyond 16 bits as two surrogates. */
static EPI_SAFE void code_point(struct epi_out *out, uint32_t point)
{
    if (point > 0xffff) {
        four_digits(out, 0xd800 + ((point - 0x10000) >> 10));
        four_digits(out, 0xdc00 + (point & 0x3ff));
    } else {
        four_digits(out, point);
    }
}

EPI_SAFE void epi_json_string(struct epi_out *out, const char *text)
{
    epi_out_char(out, '"');
    while (*text != '\0') {
        unsigned length = 1;
        uint32_t point = 0;
        if (*text == '"') {
            epi_out_text(out, "\\\"");
        } else if (*text >= 0x20 && *text < 0x7f && *text != '\\') {
            epi_out_char(out, *text);
        } else if ((point = epi_text_code_point(text, &length)) > 0xff) {
            code_point(out, point);
        } else {
            epi_out_text(out, "\\\\x");
            epi_out_byte(out, point != 0 ? (uint8_t)point : (uint8_t)*text);
        }
        text += length;
    }
    epi_out_char(out, '"');
}

EPI_SAFE void epi_json_report_string(struct epi_out *out, const char *text, size_t size)
{
    epi_out_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        bool same = text[i] == '\\' && i + 5 < size && text[i + 1] == 'u'; /* in both */
        char second = same ? '\0' : escaped(text[i]);
        if (second != '\0')
            epi_out_char(out, '\\');
        epi_out_char(out, second != '\0' ? second : text[i]);
    }
    epi_out_char(out, '"');
}
