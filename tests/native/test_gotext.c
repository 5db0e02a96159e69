/* Go's text may end with the line of a call, without the one for its place.  And groups of
 * goroutines as a report has them, which may end anywhere. */
#include "check.h"
#include "gotext.h"
#include "grouptext.h"

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

static const char groups[] =
    "Goroutines: 9, live, in 3 groups\n\n"
    "Goroutines 7, 9 [sync.Mutex.Lock, 1 to 13 minutes] (most recent call first):\n"
    "  File \"/a \\u4e16/b.go\", line 12 in main.\\U0001d4d0.f\n"
    "  ... (2 more frames)\n"
    "  File \"c.go\", line 3 in main.main\n"
    "  Created by main.x in goroutine 1, File \"d.go\", line 4\n\n"
    "Goroutine 3 [chan receive, 2 minutes, locked to thread] (most recent call first):\n"
    "  <no stack: it was running>\n\n"
    "Goroutines 1, 2, ... (5316 in all) [select (no cases)] (most recent call first):\n\n"
    "12 goroutines (most recent call first):\n\n";

static void check_groups(void)
{
    static const struct {
        const char *state;
        uint32_t count, minutes;
    } want[] = {{"sync.Mutex.Lock", 2, 13}, {"chan receive", 1, 2}, {"select (no cases)", 5316, 0}, {"", 12, 0}};
    struct epi_group group;
    struct epi_call_text call;
    const char *at = groups;
    for (size_t i = 0; i < EPI_COUNT(want); i++) {
        at = epi_grouptext_find(&group, at);
        CHECK(at != NULL && group.count == want[i].count && group.minutes == want[i].minutes &&
                  group.state_size == strlen(want[i].state) &&
                  memcmp(group.state, want[i].state, group.state_size) == 0,
              "group %zu: %u, %u minutes, %.*s", i, group.count, group.minutes,
              (int)group.state_size, group.state);
        if (i != 0)
            continue;
        uint32_t first = epi_grouptext_first(group.text), second = epi_grouptext_next(group.text, first);
        epi_grouptext_describe(&call, group.text, first);
        CHECK(strcmp(call.name, "main.\xf0\x9d\x93\x90.f") == 0 && call.line == 12 &&
                  strcmp(call.file, "/a \xe4\xb8\x96/b.go") == 0, "%s in %s", call.name, call.file);
        epi_grouptext_describe(&call, group.text, second);
        CHECK(strcmp(call.name, "main.main") == 0 && strcmp(call.file, "c.go") == 0, "%s", call.name);
        CHECK(epi_grouptext_next(group.text, second) == 0, "there is a third call");
    }
    CHECK(epi_grouptext_find(&group, at) == NULL, "there is another group");
}

/* No beginning of the text is read behind its end. */
static void check_any_beginning(void)
{
    for (size_t size = 0; size < sizeof groups; size++) {
        struct epi_group group;
        struct epi_call_text call;
        char *text = malloc(size + 1);
        memcpy(text, groups, size);
        text[size] = '\0';
        for (const char *at = text; (at = epi_grouptext_find(&group, at)) != NULL;)
            for (uint32_t c = epi_grouptext_first(group.text); c != 0; c = epi_grouptext_next(group.text, c))
                epi_grouptext_describe(&call, group.text, c);
        free(text);
    }
}

int main(void)
{
    struct epi_call_text call;
    check_groups();
    check_any_beginning();
    describe_last(&call, "goroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:7 +0x1d\n");
    CHECK(strcmp(call.name, "main.f") == 0 && strcmp(call.file, "/a.go") == 0 && call.line == 7,
          "%s in %s, line %ld", call.name, call.file, (long)call.line);
    describe_last(&call, "goroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:7 +0x1d\nmain.main()\n");
    CHECK(strcmp(call.name, "main.main") == 0 && call.file[0] == '\0' && call.line == 0,
          "%s in %s, line %ld", call.name, call.file, (long)call.line);
    return check_result();
}
