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

EPI_SAFE void epi_json_report_string(struct epi_out *out, const char *text, size_t size)
{
    epi_out_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        bool same = text[i] == '\\' && i + 5 < size && text[i + 1] == 'u'; /* in both */
        char second = same ? '\0' : epi_json_second(text[i]);
        if (second != '\0')
            epi_out_char(out, '\\');
        epi_out_char(out, second != '\0' ? second : text[i]);
    }
    epi_out_char(out, '"');
}
