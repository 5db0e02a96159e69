/* Reads the stack of the goroutine that Go's text begins with, the one that it died of
 * (runtime/traceback.go, traceback2: a line for the function with its arguments, and one
 * for its place, which begins with a tab). */
#include "gotext.h"
#include "../base/base.h"

static EPI_SAFE uint32_t next_line(const char *text, uint32_t at)
{
    while (text[at] != '\0' && text[at] != '\n')
        at++;
    return text[at] == '\0' ? at : at + 1;
}

/* From the beginning of a line on; 0 at the end of the stack. */
static EPI_SAFE uint32_t call_from(const char *text, uint32_t at)
{
    for (;; at = next_line(text, at)) {
        const char *line = text + at;
        uint32_t end = next_line(text, at);
        if (line[0] == '\0' || line[0] == '\n' || epi_name_begins(line, "created by ") ||
            text[end - 1] != '\n') /* the text is cut here */
            return 0;
        if (line[0] == '\t' || epi_name_begins(line, "..."))
            continue;
        for (uint32_t i = at + 1; i < end; i++)
            if (text[i] == '(')
                return at;
    }
}

EPI_SAFE uint32_t epi_gotext_first(const char *text)
{
    for (uint32_t at = 0; text[at] != '\0'; at = next_line(text, at))
        if (epi_name_begins(text + at, "goroutine "))
            return call_from(text, next_line(text, at));
    return 0;
}

EPI_SAFE uint32_t epi_gotext_next(const char *text, uint32_t at)
{
    return call_from(text, next_line(text, at));
}

/* The place, "\t/srv/decode.go:19 +0x1d". */
static EPI_SAFE void describe_place(struct epi_call_text *call, const char *line)
{
    char *file = call->path;
    uint32_t size = 0, colon = 0;
    if (line[0] != '\t') /* the text's end, behind which nothing is to be read */
        return;
    for (; line[size + 1] != '\0' && line[size + 1] != '\n' && line[size + 1] != ' ' &&
           size < sizeof call->path - 1; size++) {
        file[size] = line[size + 1];
        if (file[size] == ':')
            colon = size;
    }
    file[size] = '\0';
    if (colon == 0)
        return;
    for (uint32_t i = colon + 1; i < size; i++) {
        if (file[i] < '0' || file[i] > '9' || call->line > 100000000) {
            call->line = 0;
            return;
        }
        call->line = call->line * 10 + (file[i] - '0');
    }
    file[colon] = '\0';
    call->file = file;
}

EPI_SAFE void epi_gotext_describe(struct epi_call_text *call, const char *text, uint32_t at)
{
    uint32_t end = next_line(text, at), size = 0;
    for (uint32_t i = at + 1; i < end; i++) /* the arguments hold no parentheses */
        if (text[i] == '(')
            size = i - at;
    for (uint32_t i = 0; i < size && i < sizeof call->name - 1; i++)
        call->name[i] = text[at + i];
    call->name[size < sizeof call->name ? size : sizeof call->name - 1] = '\0';
    call->module = call->file = "";
    call->line = 0;
    call->offset = 0;
    describe_place(call, text + end);
}
