/* The lines are those that internal/goroutines writes (render.go there):
 *
 *   Goroutines 7, 9, ... (12 in all) [chan receive, 1 to 3 minutes] (most recent call first):
 *     File "/srv/decode.go", line 19 in main.decode
 *
 * Names are escaped there; here a code point is UTF-8 again, so that what is cut is cut as
 * it is in the name itself. */
#include "grouptext.h"
#include "../base/base.h"

static EPI_SAFE const char *next_line(const char *at)
{
    while (*at != '\0' && *at != '\n')
        at++;
    return *at == '\0' ? at : at + 1;
}

static EPI_SAFE bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static EPI_SAFE uint32_t number(const char *at)
{
    uint32_t value = 0;
    while (is_digit(*at) && value < 100000000)
        value = value * 10 + (uint32_t)(*at++ - '0');
    return value;
}

/* How many goroutines there are; AT is behind the first word of the line, which ends at END. */
static EPI_SAFE uint32_t count_of(const char *at, const char *end)
{
    uint32_t count = 1;
    for (; at < end && *at != '['; at++) {
        if (*at == '(')
            return number(at + 1);
        count += *at == ',';
    }
    return count;
}

/* The longest of "3 minutes" and "1 to 3 minutes" between AT and END. */
static EPI_SAFE uint32_t minutes_of(const char *at, const char *end)
{
    for (; at < end && *at != ']'; at++)
        if (is_digit(*at) && !is_digit(at[-1])) {
            const char *behind = at;
            while (is_digit(*behind))
                behind++;
            if (epi_name_begins(behind, " minutes"))
                return number(at);
        }
    return 0;
}

EPI_SAFE const char *epi_grouptext_find(struct epi_group *group, const char *at)
{
    for (const char *next = next_line(at); *at != '\0'; at = next, next = next_line(at)) {
        bool one = epi_name_begins(at, "Goroutine "), some = epi_name_begins(at, "Goroutines ");
        if (!one && !some && !is_digit(*at))
            continue;
        const char *open = at;
        while (open < next && *open != '[')
            open++;
        *group = (struct epi_group){.text = at, .state = "", .count = number(at)};
        if (one || some) {
            group->count = some ? count_of(at, next) : 1;
            group->state = open < next ? open + 1 : open;
            while (group->state + group->state_size < next &&
                   group->state[group->state_size] != ',' && group->state[group->state_size] != ']')
                group->state_size++;
            group->minutes = minutes_of(group->state + group->state_size, next);
        }
        return next;
    }
    return NULL;
}

static const char file_start[] = "  File \"", line_start[] = "\", line ", name_start[] = " in ";

/* From the beginning of a line on; 0 at the end of the stack. */
static EPI_SAFE uint32_t call_from(const char *text, const char *line)
{
    for (; epi_name_begins(line, "  "); line = next_line(line))
        if (epi_name_begins(line, file_start))
            return (uint32_t)(line - text);
    return 0;
}

EPI_SAFE uint32_t epi_grouptext_first(const char *text)
{
    return call_from(text, next_line(text));
}

EPI_SAFE uint32_t epi_grouptext_next(const char *text, uint32_t at)
{
    return call_from(text, next_line(text + at));
}

static EPI_SAFE unsigned digit_value(char c)
{
    return is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* The code point of an escape at *AT, which is moved behind it. */
static EPI_SAFE uint32_t escaped(const char **at, const char *end, bool *byte)
{
    const char *c = *at;
    unsigned digits = c + 1 >= end ? 0 : c[1] == 'x' ? 2 : c[1] == 'u' ? 4 : c[1] == 'U' ? 8 : 0;
    uint32_t point = 0;
    if (digits == 0 || (size_t)(end - c) < 2 + digits) {
        *at = c + 1;
        return '\\';
    }
    for (unsigned i = 0; i < digits; i++)
        point = point << 4 | (digit_value(c[2 + i]) & 15);
    *byte = digits == 2;
    *at = c + 2 + digits;
    return point;
}

static EPI_SAFE size_t put_point(char *to, uint32_t point, bool byte)
{
    if (byte || point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)(first[size] | point);
    return size;
}

/* The text between AT and END, as it was before it was escaped. */
static EPI_SAFE void copy_text(char *to, size_t room, const char *at, const char *end)
{
    size_t used = 0;
    while (at < end && used + 5 < room) {
        bool byte = false;
        if (*at == '\\') {
            uint32_t point = escaped(&at, end, &byte);
            used += put_point(to + used, point, byte);
        } else {
            to[used++] = *at++;
        }
    }
    to[used] = '\0';
}

/* Where WORDS begin between AT and END; END: they do not. */
static EPI_SAFE const char *find(const char *at, const char *end, const char *words)
{
    while (at < end && !epi_name_begins(at, words))
        at++;
    return at;
}

EPI_SAFE void epi_grouptext_describe(struct epi_call_text *call, const char *text, uint32_t at)
{
    const char *line = text + at, *end = next_line(line);
    const char *file = line + sizeof file_start - 1, *place = find(file, end, line_start);
    call->name[0] = call->path[0] = '\0';
    call->module = call->file = "";
    call->line = 0;
    call->offset = 0;
    if (place == end)
        return;
    const char *name = find(place, end, name_start);
    if (name == end)
        return;
    copy_text(call->path, sizeof call->path, file, place);
    copy_text(call->name, sizeof call->name, name + sizeof name_start - 1,
              end[-1] == '\n' ? end - 1 : end);
    call->file = call->path;
    call->line = number(place + sizeof line_start - 1);
}
