/* Strings as members of a record of JSON. */
#include "json.h"
#include "escape.h"
#include "out.h"
#include "../base/base.h"

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

/* The bytes that the first character of a report's text has there, SIZE being left: \xNN,
 * \uNNNN, \UNNNNNNNN, or one. */
static EPI_SAFE size_t report_character(const char *text, size_t size)
{
    if (text[0] != '\\' || size < 2)
        return 1;
    size_t length = text[1] == 'x' ? 4 : text[1] == 'u' ? 6 : text[1] == 'U' ? 10 : 1;
    return length <= size ? length : 1;
}

/* Is it JSON as it stands? */
static EPI_SAFE bool is_json(const char *text, size_t length)
{
    return length == 6 || epi_json_second(text[0]) == '\0';
}

/* Where the text is to be cut so that what comes of it has at most ROOM bytes. */
static EPI_SAFE size_t fitting(const char *text, size_t size, size_t room)
{
    size_t at = 0, used = 0;
    while (at < size) {
        size_t length = report_character(text + at, size - at);
        used += length + (is_json(text + at, length) ? 0 : 1);
        if (used > room)
            break;
        at += length;
    }
    return at;
}

EPI_SAFE void epi_json_report_string(struct epi_out *out, const char *text, size_t size,
                                     size_t room)
{
    bool cut = fitting(text, size, room - 2) < size;
    if (cut)
        size = fitting(text, size, room - 5);
    epi_out_char(out, '"');
    for (size_t at = 0, length; at < size; at += length) {
        length = report_character(text + at, size - at);
        char second = is_json(text + at, length) ? '\0' : epi_json_second(text[at]);
        if (second != '\0')
            epi_out_char(out, '\\');
        epi_out_char(out, second != '\0' ? second : text[at]);
        for (size_t i = 1; i < length; i++) /* digits: they stand for themselves */
            epi_out_char(out, text[at + i]);
    }
    if (cut)
        epi_out_text(out, "...");
    epi_out_char(out, '"');
}
