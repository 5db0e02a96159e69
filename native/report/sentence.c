/* One sentence for a crash, in the report's second paragraph and on its last line:
 *
 *   SIGSEGV in copy_plane (decode.c:25), called from dec.Decode (decode.go:19): write through a NULL pointer + 8
 *
 * The rules are those of Summary in package report (summary.go), which makes it from the
 * text; where one of the two is changed, so is the other.  It is made in static memory of
 * the report's owner: that of a crash after the walk and before the stack is printed, that
 * of a dump when all stacks are out, for its last line. */
#include "sentence.h"
#include "calls.h"
#include "cause.h"
#include "gocause.h"
#include "hang.h"
#include "message.h"
#include "names.h"
#include "origin.h"
#include "report_parts.h"
#include "title.h"
#include "../base/base.h"
#include "../text/cut.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"

/* As many bytes as still fit on a line of a terminal and in the title of a ticket.  Causes
 * are cut, places are not. */
#define SENTENCE_MAX 400
#define CAUSE_MIN    80
#define NAME_MAX     100

struct sentence {
    bool ready;
    struct epi_calls calls;
    struct epi_call_text place;
    struct epi_out text, words; /* their buffers only; they go nowhere */
};

/* A dump goes on for a moment when there is a crash: each has its own. */
static EPI_SAFE struct sentence *sentence_of(const struct epi_incident *incident)
{
    static struct sentence sentences[2];
    return &sentences[incident->style.healthy];
}

EPI_SAFE void epi_sentence_forget(const struct epi_incident *incident)
{
    sentence_of(incident)->ready = false;
}

EPI_SAFE const char *epi_sentence(const struct epi_incident *incident)
{
    const struct sentence *sentence = sentence_of(incident);
    return sentence->ready ? sentence->text.buffer : "";
}

static EPI_SAFE void start(struct epi_out *out)
{
    epi_out_start(out, epi_fd_of(-1), epi_fd_of(-1), 0);
}

/* The text of a buffer as a string; what had no room is not there. */
static EPI_SAFE char *end(struct epi_out *out)
{
    if (out->flushed != 0)
        start(out);
    out->buffer[out->used < EPI_OUT_BUFFER ? out->used : EPI_OUT_BUFFER - 1] = '\0';
    return out->buffer;
}

/* The name of the call that is described, as the sentence has it. */
static EPI_SAFE void put_name(struct epi_out *out, struct epi_call_text *place,
                              const struct epi_call *call)
{
    char *name = place->name;
    size_t from = 0;
    if (name[0] == '\0') {
        epi_out_escaped(out, epi_name_base(place->module));
        epi_out_text(out, "+");
        epi_out_hex(out, place->offset);
        return;
    }
    epi_name_cut_clone(name);
    if ((call->facts & EPI_CALL_GO) != 0) /* with the last element of its package's path */
        for (size_t i = 0; name[i] != '\0' && name[i] != '[' && name[i] != '('; i++)
            if (name[i] == '/')
                from = i + 1;
    name += from;
    if (epi_strlen(name) > NAME_MAX)
        name = place->comparable; /* without the parameters */
    bool cut = epi_strlen(name) > NAME_MAX;
    if (cut)
        name[epi_cut_utf8(name, NAME_MAX)] = '\0';
    if (call->from == EPI_OF_LIBRARY)
        epi_name_make_public(name);
    epi_out_escaped(out, name);
    if (cut)
        epi_out_text(out, "...");
}

/* A function and its line, or what there is of it. */
static EPI_SAFE void put_place(struct sentence *sentence, struct epi_incident *incident,
                               const struct epi_call *call)
{
    struct epi_out *out = &sentence->text;
    struct epi_call_text *place = &sentence->place;
    epi_call_describe(place, incident, &sentence->calls, call);
    put_name(out, place, call);
    if (place->file[0] == '\0' || place->line <= 0)
        return;
    epi_out_text(out, " (");
    epi_out_escaped(out, epi_name_base(place->file));
    epi_out_char(out, ':');
    epi_out_decimal(out, place->line);
    epi_out_char(out, ')');
}

/* The first call from FROM on that is the program's, is not the same as the one at FIRST
 * and, of Go's, GO; or NULL. */
static EPI_SAFE const struct epi_call *caller(const struct epi_calls *calls,
                                              const struct epi_call *first, bool go)
{
    for (const struct epi_call *c = first + 1; c < calls->call + calls->count; c++)
        if (epi_calls_significant(c) &&
            (c->name != first->name || (c->facts & EPI_CALL_NAMED) == 0) &&
            (!go || (c->facts & EPI_CALL_GO) != 0))
            return c;
    return NULL;
}

/* The function of a library at which the program's calls end, unless it is on the way from a
 * failed check to the signal. */
static EPI_SAFE void put_library(struct sentence *sentence, struct epi_incident *incident,
                                 const struct epi_call *call)
{
    struct epi_call_text *place = &sentence->place;
    if (call->from != EPI_OF_LIBRARY || (call->facts & EPI_CALL_NAMED) == 0 ||
        (call->facts & EPI_CALL_FAILURE) != 0)
        return;
    epi_call_describe(place, incident, &sentence->calls, call);
    epi_name_make_public(place->comparable);
    epi_out_escaped(&sentence->text, place->comparable);
    epi_out_text(&sentence->text, ", called by ");
}

/* The program's C function that CALL, one of Go, hangs in and that has no frame. */
static EPI_SAFE bool put_stub(struct sentence *sentence, struct epi_incident *incident,
                              const struct epi_call *call)
{
    static const char mark[] = "._Cfunc_";
    struct epi_call_text *place = &sentence->place;
    if (!epi_calls_ends_in_stub(&sentence->calls, call))
        return false;
    epi_call_describe(place, incident, &sentence->calls, call - 1);
    const char *function = place->comparable;
    while (*function != '\0' && !epi_name_begins(function, mark))
        function++;
    if (*function == '\0')
        return false;
    function += sizeof mark - 1;
    if (epi_name_is_libc(function))
        return false;
    epi_out_escaped(&sentence->text, function);
    epi_out_text(&sentence->text, ", called from ");
    return true;
}

static EPI_SAFE void put_where(struct sentence *sentence, struct epi_incident *incident)
{
    struct epi_out *out = &sentence->text;
    const struct epi_calls *calls = &sentence->calls;
    const struct epi_call *call = calls->call, *end = calls->call + calls->count, *by;
    while (call < end && !epi_calls_significant(call))
        call++;
    if (call == end) {
        for (call = calls->call; call < end; call++)
            if (call->from == EPI_OF_LIBRARY && (call->facts & EPI_CALL_FAILURE) == 0)
                break;
        if (call == end)
            return;
        epi_out_text(out, " in ");
        put_place(sentence, incident, call);
        return;
    }
    epi_out_text(out, " in ");
    if (call > calls->call && !incident->style.healthy)
        put_library(sentence, incident, call - 1);
    bool stub = incident->style.healthy && put_stub(sentence, incident, call);
    put_place(sentence, incident, call);
    if (stub)
        return;
    bool in_c = (call->facts & EPI_CALL_GO) == 0;
    if (in_c && (by = caller(calls, call, true)) != NULL) {
        epi_out_text(out, ", called from ");
        put_place(sentence, incident, by);
    } else if ((by = caller(calls, call, false)) != NULL) {
        epi_out_text(out, ", called by ");
        put_place(sentence, incident, by);
    }
}

/* "write to 0x0…8, in the first page: a NULL pointer + 8" is said in fewer words. */
static EPI_SAFE const char *put_null(struct epi_out *out, const char *cause)
{
    static const struct {
        const char *access, *word;
    } accesses[] = {{"write to 0x", "write"},
                    {"read of 0x", "read"},
                    {"execution of 0x", "call"},
                    {"access to 0x", "access"}};
    static const char zeroes[] = "0000000000000", page[] = ", in the first page: a NULL pointer";
    for (size_t i = 0; i < EPI_COUNT(accesses); i++) {
        const char *rest = cause + epi_strlen(accesses[i].access);
        if (!epi_name_begins(cause, accesses[i].access) || !epi_name_begins(rest, zeroes) ||
            epi_strlen(rest) < 16 || !epi_name_begins(rest + 16, page))
            continue;
        epi_out_text(out, accesses[i].word);
        epi_out_text(out, " through a NULL pointer");
        return rest + 16 + sizeof page - 1;
    }
    return cause;
}

static EPI_SAFE bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Without the zeroes that addresses begin with. */
static EPI_SAFE void put_cause(struct epi_out *out, const char *cause)
{
    char before = ' ';
    for (cause = put_null(out, cause); *cause != '\0'; before = *cause++) {
        epi_out_char(out, *cause);
        if (is_word(before) || !epi_name_begins(cause, "0x0"))
            continue;
        epi_out_char(out, 'x');
        cause++;
        while (cause[1] == '0' &&
               ((cause[2] >= '0' && cause[2] <= '9') || (cause[2] >= 'a' && cause[2] <= 'f')))
            cause++;
    }
}

/* As the value of a "Message:" line has it, where a quotation mark is one. */
static EPI_SAFE void put_message(struct epi_out *out, const char *message)
{
    uint32_t from = out->used, to = from;
    epi_out_escaped(out, message);
    char *text = end(out);
    for (uint32_t i = from; i < out->used; to++) {
        bool quote = epi_name_begins(text + i, "\\x22");
        text[to] = quote ? '"' : text[i];
        i += quote ? 4 : 1;
    }
    out->used = to < out->used ? to : out->used;
}

/* The beginning of the sentence, and its end into WORDS. */
static EPI_SAFE void put_what(struct epi_incident *incident, struct epi_out *out,
                              struct epi_out *words)
{
    int signal = incident->go_death ? epi_cause.signal : incident->signal;
    const char *message = incident->go_death ? NULL : epi_message_first(incident);
    start(words);
    if (signal != 0) {
        epi_out_text(out, epi_signal_name(signal));
        if (signal == SIGABRT && message != NULL)
            put_message(words, message);
        else if (epi_cause.signal != 0 && epi_cause.line.used > epi_cause.words + 2)
            put_cause(words, end(&epi_cause.line) + epi_cause.words + 2);
        return;
    }
    epi_title_put(words, incident);
    const char *title = end(words);
    uint32_t skip = 0;
    if (epi_name_begins(title, "panic: ")) {
        epi_out_text(out, "panic");
        skip = (uint32_t)sizeof "panic: " - 1;
    } else if (epi_name_begins(title, "SIG")) {
        while (title[skip] != '\0' && !epi_name_begins(title + skip, ": "))
            epi_out_char(out, title[skip++]);
        skip += title[skip] == '\0' ? 0 : 2;
    } else {
        epi_out_text(out, "fatal error");
        skip = epi_name_begins(title, "fatal error: ") ? (uint32_t)sizeof "fatal error: " - 1 : 0;
    }
    for (uint32_t i = skip; i <= words->used; i++)
        words->buffer[i - skip] = words->buffer[i];
    words->used -= skip;
}

/* What has no room is cut, at the beginning of a character. */
static EPI_SAFE void put_why(struct epi_out *out, const char *words)
{
    size_t room = out->used < SENTENCE_MAX ? SENTENCE_MAX - out->used : 0, size = epi_strlen(words);
    if (size == 0)
        return;
    if (room < CAUSE_MIN)
        room = CAUSE_MIN;
    epi_out_text(out, ": ");
    size_t shown = size <= room ? size : epi_cut_escaped(words, room - 3);
    for (size_t i = 0; i < shown; i++)
        epi_out_char(out, words[i]);
    if (size > room)
        epi_out_text(out, "...");
}

/* The sentence is as good as it gets. */
static EPI_SAFE void finish(struct sentence *sentence)
{
    put_why(&sentence->text, end(&sentence->words));
    sentence->ready = end(&sentence->text)[0] != '\0';
}

EPI_SAFE void epi_report_sentence(struct epi_incident *incident)
{
    struct sentence *sentence = sentence_of(incident);
    struct epi_out *out = &sentence->text;
    start(out);
    epi_calls_find(&sentence->calls, incident, incident->go_death ? epi_go_cause_text() : "");
    put_what(incident, out, &sentence->words);
    put_where(sentence, incident);
    finish(sentence);
    if (!sentence->ready)
        return;
    epi_out_text(&incident->out, out->buffer);
    epi_out_char(&incident->out, '\n');
}

/* "0.5" */
static EPI_SAFE void put_seconds(struct epi_out *out, uint64_t ns)
{
    uint64_t us = (ns + 999) / 1000, rest = us % 1000000; /* as epi_out_clock rounds */
    unsigned digits = 6;
    epi_out_decimal(out, (int64_t)(us / 1000000));
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    epi_out_char(out, '.');
    epi_out_padded(out, rest, digits);
}

EPI_SAFE void epi_report_hang_sentence(struct epi_incident *incident, uint64_t timeout)
{
    struct sentence *sentence = sentence_of(incident);
    struct epi_out *out = &sentence->text;
    struct epi_hang hang;
    epi_zero(&hang, sizeof hang);
    start(out);
    start(&sentence->words);
    sentence->calls.count = 0;
    if (incident->style.timeout) {
        epi_out_text(out, "timeout of ");
        put_seconds(out, timeout);
        epi_out_text(out, " s");
    } else {
        epi_out_text(out, "dump");
        if (incident->stack.count > 0)
            epi_calls_find(&sentence->calls, incident, "");
    }
    if (!epi_calls_any_significant(&sentence->calls) &&
        epi_hang_find(&hang, &sentence->calls, incident)) {
        epi_out_escaped(&sentence->words, hang.waits_for);
        if (hang.count > 1) {
            epi_out_text(&sentence->words, ", ");
            epi_out_decimal(&sentence->words, (int64_t)hang.count);
            epi_out_text(&sentence->words, " goroutines");
        }
    }
    put_where(sentence, incident);
    finish(sentence);
}

EPI_SAFE const char *epi_sentence_why(const struct epi_incident *incident)
{
    struct sentence *sentence = sentence_of(incident);
    return sentence->ready ? end(&sentence->words) : "";
}
