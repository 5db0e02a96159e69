/* The lines are selected from the text of the report itself, which is remembered as it is
 * written.  To print them a second time from the stack and the tables would be the same
 * work again, with the same risks; from memory of the core's own nothing can fault.  And
 * whatever order the stages have, a line is known by its first words. */
#include "brief.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../text/cut.h"
#include "../text/out.h"
#include "../incident/incident.h"

/* To the end of the current stack: 256 frames of some 200 bytes, and what stands before. */
static char head[64 * 1024];

/* Lines of a stack that are shown: of a longer one, its two ends. */
enum { STACK_HEAD = 12, STACK_TAIL = 4 };

/* In Go's text a frame has two lines, and the goroutine's own one stands before them. */
enum { GO_HEAD = 1 + 2 * STACK_HEAD, GO_TAIL = 2 * STACK_TAIL };

/* For the line that says how much was left out, and for an empty line and the end of one
 * that is cut. */
enum { MARK = 44, LINE_END = 6 };

/* What is kept back for the process and the build. */
enum { IDENTITY = 320 };

#define WORDS "Standard error: "

struct line {
    const char *text;
    size_t size; /* without the newline */
};

struct reader {
    const char *at, *end;
};

struct brief {
    struct epi_out *out;
    size_t room;
    size_t longest; /* of one line: a message of 500 characters may have 5 000 bytes */
    uint32_t words; /* lines of standard error that are shown */
    struct reader report;
    bool all; /* nothing of the report was forgotten */
};

EPI_SAFE EPI_ON_CRASH void epi_brief_remember(struct epi_out *out)
{
    out->head.text = head;
    out->head.room = sizeof head;
    out->head.size = 0;
}

static EPI_SAFE struct reader reader_of(const struct epi_out *report)
{
    return (struct reader){report->head.text, report->head.text + report->head.size};
}

static EPI_SAFE bool next(struct reader *reader, struct line *line)
{
    if (reader->at == reader->end)
        return false;
    line->text = reader->at;
    while (reader->at != reader->end && *reader->at != '\n')
        reader->at++;
    line->size = (size_t)(reader->at - line->text);
    if (reader->at != reader->end)
        reader->at++;
    return true;
}

static EPI_SAFE bool begins(const struct line *line, const char *with)
{
    size_t size = epi_strlen(with);
    return line->size >= size && epi_equal(line->text, with, size);
}

static EPI_SAFE bool ends(const struct line *line, const char *with)
{
    size_t size = epi_strlen(with);
    return line->size >= size && epi_equal(line->text + line->size - size, with, size);
}

static EPI_SAFE bool is_indented(const struct line *line)
{
    return begins(line, "  ");
}

static EPI_SAFE bool is_stack(const struct line *line)
{
    return ends(line, " (most recent call first):");
}

static EPI_SAFE bool is_identity(const struct line *line)
{
    return begins(line, "Process: ") || begins(line, "Host: ") || begins(line, "Memory: ") ||
           begins(line, "Build: ");
}

static EPI_SAFE size_t left(const struct brief *brief)
{
    return brief->out->used < brief->room ? brief->room - brief->out->used : 0;
}

static EPI_SAFE void add(const struct brief *brief, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        epi_out_char(brief->out, text[i]);
}

/* A line that is too long ends with "...".  False when it does not fit. */
static EPI_SAFE bool add_line(const struct brief *brief, const struct line *line)
{
    bool cut = line->size > brief->longest;
    size_t size = cut ? epi_cut_escaped(line->text, brief->longest) : line->size;
    if (size + 5 > left(brief))
        return false;
    add(brief, line->text, size);
    if (cut)
        epi_out_text(brief->out, begins(line, "Message: ") || begins(line, WORDS) ? "...\"" : "...");
    epi_out_char(brief->out, '\n');
    return true;
}

static EPI_SAFE void add_blank(const struct brief *brief)
{
    if (left(brief) > 0)
        epi_out_char(brief->out, '\n');
}

/* The headline, an empty line, and what else says why.  In the third line stands the
 * sentence, once there is one. */
static EPI_SAFE void add_lead(const struct brief *brief)
{
    struct reader reader = brief->report;
    struct line line;
    bool kept_back = false;
    uint32_t words = 0;
    for (uint32_t number = 1; next(&reader, &line) && !is_stack(&line); number++) {
        kept_back = begins(&line, "Note: ") || begins(&line, "[stage ") || is_identity(&line) ||
                    is_indented(&line) || (number > 3 && ends(&line, ":")) ||
                    (begins(&line, WORDS) && words++ >= brief->words);
        if (number == 2 || (line.size > 0 && !kept_back))
            add_line(brief, &line);
    }
}

/* Lines that belong together: COUNT of them from FIRST on, with BYTES. */
struct block {
    struct reader first;
    uint32_t count;
    size_t bytes;
    bool whole; /* its end was remembered */
};

static EPI_SAFE bool belongs(const struct line *line, bool stack)
{
    return is_indented(line) && (stack || line->size > 2);
}

/* The lines from READER on that are indented; of Go's text those up to its next empty one. */
static EPI_SAFE struct block measure(struct reader reader, bool stack, bool all)
{
    struct block block = {.first = reader, .count = 0, .bytes = 0, .whole = all};
    struct line line;
    while (next(&reader, &line)) {
        if (!belongs(&line, stack)) {
            block.whole = true;
            break;
        }
        block.count++;
        block.bytes += line.size + 1;
    }
    return block;
}

/* The number behind the first WORD in LINE, or 0. */
static EPI_SAFE uint64_t number_behind(const struct line *line, const char *word)
{
    struct line rest = *line;
    uint64_t value = 0;
    while (rest.size > 0 && !begins(&rest, word))
        rest.text++, rest.size--;
    for (size_t i = rest.size > 0 ? epi_strlen(word) : 0;
         i < rest.size && rest.text[i] >= '0' && rest.text[i] <= '9' && value < UINT64_C(1) << 40; i++)
        value = value * 10 + (uint64_t)(rest.text[i] - '0');
    return value;
}

/* The frames that a line of a stack stands for. */
static EPI_SAFE uint64_t frames_of(const struct line *line)
{
    if (begins(line, "  <stack lost"))
        return 0;
    if (begins(line, "  ... ("))
        return number_behind(line, "(");
    if (begins(line, "  [Previous line "))
        return number_behind(line, "repeated ");
    if (begins(line, "  [Previous "))
        return number_behind(line, "Previous ") * number_behind(line, "repeated ");
    return 1;
}

/* The lines of Go's text that a line stands for: it leaves out frames of a long stack itself. */
static EPI_SAFE uint64_t go_lines_of(const struct line *line)
{
    return begins(line, "  ...") ? 2 * number_behind(line, "...") : 1;
}

static EPI_SAFE void add_mark(const struct brief *brief, const struct block *block, bool stack,
                              uint64_t frames)
{
    struct epi_out *out = brief->out;
    if (!block->whole) { /* who knows how many there are */
        epi_out_text(out, stack ? "  ...\n" : "  ...additional frames elided...\n");
    } else if (stack) {
        epi_out_text(out, "  ... (");
        epi_out_decimal(out, (int64_t)frames);
        epi_out_text(out, frames == 1 ? " more frame)\n" : " more frames)\n");
    } else {
        epi_out_text(out, "  ...");
        epi_out_decimal(out, (int64_t)(frames / 2));
        epi_out_text(out, " frames elided...\n"); /* runtime/traceback.go's words */
    }
}

/* How many bytes the last COUNT lines of a block have. */
static EPI_SAFE size_t size_of_last(const struct block *block, uint32_t count)
{
    struct reader reader = block->first;
    struct line line;
    size_t size = 0;
    for (uint32_t i = 0; i < block->count && next(&reader, &line); i++)
        if (i >= block->count - count)
            size += line.size + 1;
    return size;
}

/* The first HEAD and the last TAIL lines of a block, or all, in at most ROOM bytes, of which
 * there are MARK or more. */
static EPI_SAFE void add_ends(const struct brief *brief, const struct block *block, bool stack,
                              size_t room)
{
    uint32_t most = stack ? STACK_HEAD : GO_HEAD, tail = stack ? STACK_TAIL : GO_TAIL;
    bool all = block->whole && block->count <= most + tail && block->bytes <= room;
    if (all || !block->whole || block->count <= most + tail)
        tail = 0;
    size_t tail_size = size_of_last(block, tail);
    if (tail_size > room / 2 || tail_size + MARK > room)
        tail = 0, tail_size = 0;
    size_t budget = all ? room : room > MARK + tail_size ? room - MARK - tail_size : 0;
    uint64_t left_out = 0;
    uint32_t head_lines = 0;
    size_t used = 0;
    struct reader reader = block->first;
    struct line line;
    for (uint32_t i = 0; i < block->count && next(&reader, &line); i++) {
        bool is_head = head_lines == i && (all || i < most) && used + line.size + 1 <= budget;
        if (is_head) {
            head_lines++;
            used += line.size + 1;
        }
        if (i >= block->count - tail && left_out > 0) {
            add_mark(brief, block, stack, left_out);
            left_out = 0;
        }
        if (is_head || i >= block->count - tail) {
            add(brief, line.text, line.size);
            epi_out_char(brief->out, '\n');
        } else {
            left_out += stack ? frames_of(&line) : go_lines_of(&line);
        }
    }
    if (left_out > 0 || !block->whole)
        add_mark(brief, block, stack, left_out);
}

static EPI_SAFE bool find(struct reader *reader, struct line *line, bool (*is)(const struct line *))
{
    while (next(reader, line))
        if (is(line)) /* EPI_SAFE: is_stack, is_go_text, is_goroutine */
            return true;
    return false;
}

static EPI_SAFE bool is_go_text(const struct line *line)
{
    return begins(line, "Go's own report (");
}

static EPI_SAFE bool is_goroutine(const struct line *line)
{
    return begins(line, "  goroutine ");
}

static EPI_SAFE size_t room_for_stack(const struct brief *brief)
{
    size_t room = left(brief);
    return room > 2 * IDENTITY ? room - IDENTITY : room;
}

/* Go's text up to the end of the goroutine that it begins with, which is the one that it
 * died of.  False when there is none. */
static EPI_SAFE bool add_go_text(const struct brief *brief)
{
    static const char header[] = "\nGo's own report (its beginning):\n";
    struct brief before = *brief; /* the goroutine */
    struct reader reader = brief->report, goroutine;
    struct line line;
    if (!find(&reader, &line, is_go_text))
        return false;
    goroutine = reader;
    if (!find(&goroutine, &line, is_goroutine))
        return false;
    const char *end = line.text;
    size_t least = left(brief) / 2; /* for the goroutine */
    if (left(brief) < sizeof header + MARK)
        return true;
    epi_out_text(brief->out, header);
    before.room -= MARK;
    while (reader.at < end && next(&reader, &line) && left(brief) > least)
        add_line(&before, &line);
    goroutine.at = end;
    struct block block = measure(goroutine, false, brief->all);
    add_ends(brief, &block, false, room_for_stack(brief));
    return true;
}

static EPI_SAFE void add_stack(const struct brief *brief)
{
    struct reader reader = brief->report;
    struct line line;
    if (!find(&reader, &line, is_stack) || line.size + LINE_END + MARK > left(brief))
        return;
    add_blank(brief);
    add_line(brief, &line);
    struct block block = measure(reader, true, brief->all);
    add_ends(brief, &block, true, room_for_stack(brief));
}

static EPI_SAFE void add_identity(const struct brief *brief)
{
    struct reader reader = brief->report;
    struct line line;
    bool first = true;
    while (next(&reader, &line))
        if (is_identity(&line) && line.size + LINE_END < left(brief)) {
            if (first)
                add_blank(brief);
            first = false;
            add_line(brief, &line);
        }
}

EPI_SAFE void epi_brief_compose(struct epi_out *out, const struct epi_out *report, size_t room,
                                uint32_t words)
{
    struct brief brief = {.out = out, .room = room, .longest = room / 4, .words = words,
                          .report = reader_of(report),
                          .all = report->head.size < report->head.room};
    add_lead(&brief);
    if (!add_go_text(&brief))
        add_stack(&brief);
    add_identity(&brief);
}

EPI_SAFE void epi_brief_end(struct epi_out *out, const struct epi_incident *incident, uint64_t at)
{
    uint64_t took = (epi_now() - incident->began) / (EPI_MS / 10);
    uint64_t size = epi_out_total(out) - at;
    epi_out_text(out, "End of report (headline, ");
    epi_out_decimal(out, (int64_t)size);
    epi_out_text(out, " bytes, ");
    epi_out_decimal(out, (int64_t)(took / 10));
    epi_out_char(out, '.');
    epi_out_decimal(out, (int64_t)(took % 10));
    epi_out_text(out, " ms)");
}

EPI_SAFE struct epi_brief_text epi_brief_line(const struct epi_out *report, const char *words)
{
    struct reader reader = reader_of(report);
    struct line line;
    size_t size = epi_strlen(words);
    while (next(&reader, &line) && !is_stack(&line))
        if (begins(&line, words))
            return (struct epi_brief_text){line.text + size, line.size - size};
    return (struct epi_brief_text){NULL, 0};
}

EPI_SAFE struct epi_brief_text epi_brief_title(const struct epi_out *report)
{
    struct epi_brief_text title = epi_brief_line(report, "Fatal error: ");
    return title.size > 0 ? title : epi_brief_line(report, "Fatal Go error: ");
}

EPI_SAFE struct epi_brief_text epi_brief_sentence(const struct epi_out *report)
{
    struct reader reader = reader_of(report);
    struct line line = {NULL, 0};
    for (int number = 1; number <= 3; number++)
        if (!next(&reader, &line))
            line.size = 0;
    bool other = is_identity(&line) || begins(&line, "Signal: ") || begins(&line, "Message: ") ||
                 begins(&line, WORDS) || begins(&line, "Note: ") || begins(&line, "[stage ") || ends(&line, ":");
    return (struct epi_brief_text){line.text, other ? 0 : line.size};
}
