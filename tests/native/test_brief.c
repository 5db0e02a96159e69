/* A report in short, in any room and of any beginning of a report; and text as a string of
 * JSON, in any pieces. */
#include "check.h"
#include "brief.h"
#include "cut.h"
#include "escape.h"
#include "json.h"
#include "jsonline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEAST = 300 }; /* no message has less room */

static struct epi_out report, text;

static void remember(const char *from, size_t size)
{
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    epi_out_start(&report, none, none, 0);
    epi_brief_remember(&report);
    for (size_t i = 0; i < size; i++)
        epi_out_char(&report, from[i]);
    epi_out_flush(&report);
}

static const char *compose(size_t room)
{
    static char copy[EPI_OUT_BUFFER + 1];
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    epi_out_start(&text, none, none, 0);
    epi_brief_compose(&text, &report, room, EPI_BRIEF_WORDS);
    CHECK(text.flushed == 0 && text.used <= room, "%u bytes of %zu", text.used, room);
    memcpy(copy, text.buffer, text.used);
    copy[text.used] = '\0';
    return copy;
}

static const char before[] = "Fatal error: Segmentation fault\n\nSIGSEGV in f (a.c:1)\n"
                             "Signal: SIGSEGV (11), SEGV_MAPERR (1): why\n"
                             "Process: 1 \"p\" (/p)\nBuild: go1\nNote: other\n\n";

/* A report whose stack has so many frames, with a repetition that counts for more. */
static size_t make_report(char *to, size_t room, int frames)
{
    size_t n = (size_t)snprintf(to, room, "%sCurrent thread 0x1 [p, 1] (most recent call first):\n",
                                before);
    for (int i = 0; i < frames; i++)
        n += (size_t)snprintf(to + n, room - n, "  File \"a.c\", line %d in f%d [0x1]\n", i, i);
    return n + (size_t)snprintf(to + n, room - n, "  [Previous 2 lines repeated 7 more times]\n\n"
                                                  "Thread 0x2 [q, 2] (most recent call first):\n");
}

static void test_any_room(void)
{
    static char from[1 << 17];
    for (int frames = 0; frames < 300; frames += 7) {
        size_t size = make_report(from, sizeof from, frames);
        remember(from, size);
        for (size_t room = LEAST; room <= 4000; room += 13) {
            const char *brief = compose(room);
            CHECK(strncmp(brief, "Fatal error: Segmentation fault\n\nSIGSEGV in f (a.c:1)\nSignal: ", 60) == 0,
                  "%s", brief);
            CHECK(strstr(brief, "Note: ") == NULL && strstr(brief, "Thread 0x2") == NULL, "%s", brief);
        }
    }
}

/* Is every backslash the beginning of a whole escape? */
static bool escapes_are_whole(const char *at)
{
    while ((at = strchr(at, '\\')) != NULL) {
        size_t digits = at[1] == 'x' ? 2 : at[1] == 'u' ? 4 : at[1] == 'U' ? 8 : 0;
        if (digits == 0 || strspn(at + 2, "0123456789abcdef") < digits)
            return false;
        at += 2 + digits;
    }
    return true;
}

/* A wide headline is cut between characters, in any room. */
static void test_wide(void)
{
    static const char *const wide[] = {"\\u0416", "\\U0001f600", "\\xe9", "a\\u4e16", "ab\\xe9\\U0001f600"};
    static char from[1 << 13];
    for (size_t w = 0; w < EPI_COUNT(wide); w++) {
        size_t n = (size_t)snprintf(from, sizeof from, "Fatal Go error: panic: ");
        for (int i = 0; i < 500; i++)
            n += (size_t)snprintf(from + n, sizeof from - n, "%s", wide[w]);
        n += (size_t)snprintf(from + n, sizeof from - n, "\n\npanic in f (a.c:1)\nProcess: 1 \"p\" (/p)\n\n");
        remember(from, n);
        for (size_t room = LEAST; room <= 4000; room++)
            CHECK(escapes_are_whole(compose(room)), "%zu: %s", room, compose(room));
        for (size_t size = 0; size < n; size++) {
            char part[512];
            size_t cut = epi_cut_escaped(from, size);
            CHECK(cut <= size && size - cut < 10, "%zu of %zu", cut, size);
            if (cut < sizeof part) {
                memcpy(part, from, cut);
                part[cut] = '\0';
                CHECK(escapes_are_whole(part), "%zu of %zu: %s", cut, size, part);
            }
        }
    }
    static const char utf8[] = "a\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80\x80";
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t size = 0; size < EPI_COUNT(ends); size++)
        CHECK(epi_cut_utf8(utf8, size) == ends[size], "%zu of %zu", epi_cut_utf8(utf8, size), size);
}

static void test_any_beginning(void)
{
    static char from[1 << 14];
    size_t size = make_report(from, sizeof from, 40);
    for (size_t i = 0; i <= size; i++) {
        remember(from, i);
        compose(LEAST);
        compose(4000);
    }
}

static void test_counts(void)
{
    static char from[1 << 17];
    remember(from, make_report(from, sizeof from, 300));
    const char *brief = compose(4000);
    CHECK(strstr(brief, " f11 [0x1]\n  ... (285 more frames)\n  File \"a.c\", line 297 in f297") != NULL,
          "%s", brief);
    remember(from, make_report(from, sizeof from, 15));
    CHECK(strstr(compose(4000), "more frames") == NULL, "all of it fits");
}

/* What was forgotten is not counted. */
static void test_forgotten(void)
{
    static char from[1 << 18];
    remember(from, make_report(from, sizeof from, 5000));
    const char *brief = compose(4000);
    CHECK(strstr(brief, " f11 [0x1]\n  ...\n") != NULL, "%s", brief);
}

static void test_go_text(void)
{
    static char from[1 << 14];
    size_t n = (size_t)snprintf(from, sizeof from, "Fatal Go error: panic: boom\n\nProcess: 1 \"p\" (/p)\n\n"
                                                   "Go's own report (from the crash output):\n  panic: boom\n  \n"
                                                   "  goroutine 7 [running]:\n");
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(from + n, sizeof from - n, "  main.f%d()\n  \t/a.go:%d +0x1\n%s", i, i,
                              i == 20 ? "  ...100 frames elided...\n" : "");
    n += (size_t)snprintf(from + n, sizeof from - n, "  \n  goroutine 8 [select]:\n  main.other()\n\n"
                                                     "Current thread 0x1 [p, 1] (most recent call first):\n");
    remember(from, n);
    const char *brief = compose(4000);
    CHECK(strstr(brief, "\n  panic: boom\n  \n  goroutine 7 [running]:\n  main.f0()\n") != NULL, "%s", brief);
    CHECK(strstr(brief, "\n  ...124 frames elided...\n  main.f36()\n") != NULL, "%s", brief);
    CHECK(strstr(brief, "main.other") == NULL && strstr(brief, "Process: 1 ") != NULL, "%s", brief);
    for (size_t room = LEAST; room < 4000; room += 7)
        compose(room);
}

/* What stands before the stack, or before Go's text, leaves any number of bytes for it. */
static void test_any_lead(void)
{
    static char from[1 << 14];
    static const char *const stacks[] = {
        "Go's own report (from the crash output):\n  panic: boom\n  and boom\n  \n  goroutine 7 [running]:\n",
        "Current thread 0x1 [p, 1] (most recent call first):\n",
    };
    for (int lead = 1; lead <= LEAST; lead++)
        for (size_t i = 0; i < EPI_COUNT(stacks); i++) {
            size_t n = 0;
            for (int rest = lead; rest > 0; rest -= 60)
                n += (size_t)snprintf(from + n, sizeof from - n, "%0*d\n", rest < 60 ? rest : 60, 0);
            n += (size_t)snprintf(from + n, sizeof from - n, "\n%s", stacks[i]);
            for (int frame = 0; frame < 60; frame++)
                n += (size_t)snprintf(from + n, sizeof from - n, "  main.f%d()\n", frame);
            remember(from, n);
            compose(LEAST);
        }
}

static void test_json_pieces(void)
{
    static const char from[] = "a \"b\"\\x5c\n\tc\\\\";
    char to[2 * sizeof from];
    size_t size = sizeof from - 1, all = epi_json_escape(to, from, size);
    CHECK(memcmp(to, "a \\\"b\\\"\\\\x5c\\n\\tc\\\\\\\\", all) == 0, "%.*s", (int)all, to);
    CHECK(epi_json_taken(from, size, all) == size, "all of it");
    for (size_t written = 0; written < all; written++) {
        size_t taken = epi_json_taken(from, size, written);
        CHECK(epi_json_escape(to, from, taken) <= written &&
                  epi_json_escape(to, from, taken + 1) > written,
              "%zu of %zu", taken, written);
    }
    CHECK(epi_json_escape(to, "\x01\xff", 2) == 2 && memcmp(to, "??", 2) == 0, "%.2s", to);
}

static void string_is(const char *from, const char *want)
{
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    epi_out_start(&text, none, none, 0);
    epi_json_string(&text, from);
    CHECK(text.used == strlen(want) && memcmp(text.buffer, want, text.used) == 0, "%.*s, want %s",
          (int)text.used, text.buffer, want);
}

/* What has no room is cut between characters. */
static void test_json_report_string(void)
{
    static const char from[] = "\"\\x5c\\u0416\\U0001f600\\U0001f600 \\u04";
    static const char want[] = "\"\\\"\\\\x5c\\u0416\\\\U0001f600\\\\U0001f600 \\\\u04\"";
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    for (size_t room = 5; room < sizeof want + 5; room++) {
        epi_out_start(&text, none, none, 0);
        epi_json_report_string(&text, from, sizeof from - 1, room);
        bool cut = room < sizeof want - 1;
        size_t same = cut ? text.used - 4 : sizeof want - 1;
        const char *next = want + same;
        CHECK(text.used <= room && memcmp(text.buffer, want, same) == 0 &&
                  (cut ? memcmp(text.buffer + same, "...\"", 4) == 0 : text.used == same),
              "%zu: %.*s", room, (int)text.used, text.buffer);
        CHECK(!cut || same == 1 || *next == '\\' || *next == ' ', "%zu: %.*s", room, (int)text.used, text.buffer);
    }
}

/* What stands behind the text comes out as it is, however long the headline. */
static void test_json_tail(void)
{
    static struct epi_incident incident;
    static char from[EPI_OUT_BUFFER * 2], got[EPI_OUT_BUFFER * 2];
    static const char begin[] = "{\"text\":\"\",\"exception.type\":\"panic\",\"exception.message\":\"\\\\U0001f600";
    FILE *file = tmpfile();
    CHECK(file != NULL, "a file");
    if (file == NULL)
        return;
    for (size_t characters = 1; characters <= 500; characters++) {
        size_t n = (size_t)snprintf(from, sizeof from, "Fatal Go error: panic: ");
        for (size_t i = 0; i < characters; i++)
            n += (size_t)snprintf(from + n, sizeof from - n, "\\U0001f600");
        n += (size_t)snprintf(from + n, sizeof from - n, "\n\nProcess: 1\n");
        remember(from, n);
        CHECK(ftruncate(fileno(file), 0) == 0 && lseek(fileno(file), 0, SEEK_SET) == 0, "emptied");
        epi_out_start(&text, epi_fd_of(fileno(file)), epi_fd_of(-1), UINT64_MAX);
        text.record = &incident.record;
        incident.record.open_size = sizeof "{\"text\":\"" - 1;
        memcpy(incident.record.open, "{\"text\":\"", incident.record.open_size);
        incident.record.opened = true;
        epi_jsonline_end(&text, &report, &incident);
        ssize_t size = pread(fileno(file), got, sizeof got, 0);
        size_t skipped = incident.record.open_size; /* it was written before */
        CHECK(size > 3 && memcmp(got, begin + skipped, sizeof begin - 1 - skipped) == 0 &&
                  memcmp(got + size - 3, "\"}\n", 3) == 0 && size <= EPI_OUT_BUFFER,
              "%zu characters: %.*s", characters, (int)size, got);
    }
    fclose(file);
}

int main(void)
{
    test_any_room();
    test_any_beginning();
    test_wide();
    test_counts();
    test_forgotten();
    test_go_text();
    test_any_lead();
    test_json_pieces();
    test_json_report_string();
    test_json_tail();
    string_is("plain \"quoted\"", "\"plain \\\"quoted\\\"\"");
    string_is("\\ \n \xff", "\"\\\\x5c \\\\x0a \\\\xff\"");
    string_is("\xc3\xa9\xd0\x96\xf0\x9f\x98\x80", "\"\\\\xe9\\u0416\\ud83d\\ude00\"");
    return check_result();
}
