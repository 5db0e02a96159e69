/* Go's text may end with the line of a call, without the one for its place. */
#include "check.h"
#include "gotext.h"

#include <stdlib.h>
#include <string.h>

/* On the heap, where the sanitizer sees a load behind the text. */
static void describe_last(struct epi_call_text *call, const char *from)
{
    size_t size = strlen(from) + 1;
    char *text = malloc(size);
    memcpy(text, from, size);
    uint32_t at = epi_gotext_first(text);
    CHECK(at != 0, "no call in %s", text);
    for (uint32_t next = at; next != 0; next = epi_gotext_next(text, next))
        at = next;
    epi_gotext_describe(call, text, at);
    free(text);
}

int main(void)
{
    struct epi_call_text call;
    describe_last(&call, "goroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:7 +0x1d\n");
    CHECK(strcmp(call.name, "main.f") == 0 && strcmp(call.file, "/a.go") == 0 && call.line == 7,
          "%s in %s, line %ld", call.name, call.file, (long)call.line);
    describe_last(&call, "goroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:7 +0x1d\nmain.main()\n");
    CHECK(strcmp(call.name, "main.main") == 0 && call.file[0] == '\0' && call.line == 0,
          "%s in %s, line %ld", call.name, call.file, (long)call.line);
    return check_result();
}
