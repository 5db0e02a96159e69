/* The record has the names of OpenTelemetry's semantic conventions, as Record of package
 * report does.  Before the text stands what is certain from the beginning, behind it what the
 * text has shown; what only a parser can tell (the signature, the program's frames) is left
 * to who reads the text. */
#include "jsonline.h"
#include "brief.h"
#include "hostline.h"
#include "sentence.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../text/json.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../text/write.h"
#include "../incident/incident.h"

static EPI_SAFE void add_string(struct epi_out *out, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    epi_out_char(out, ',');
    epi_json_string(out, name);
    epi_out_char(out, ':');
    epi_json_string(out, value);
}

static EPI_SAFE void add_number(struct epi_out *out, const char *name, int64_t value)
{
    epi_out_char(out, ',');
    epi_json_string(out, name);
    epi_out_char(out, ':');
    epi_out_decimal(out, value);
}

/* What is behind the text stands in the buffer as a whole: what is flushed becomes text. */
enum {
    TAIL_END = 64, /* for what follows the last string */
    STRING_LEAST = 32,
};

/* What stands in a report already, without what is behind it; in at most a PART of what is
 * left of the buffer, or in STRING_LEAST bytes. */
static EPI_SAFE void add_text(struct epi_out *out, const char *name, struct epi_brief_text text,
                              unsigned part)
{
    if (text.size == 0)
        return;
    epi_out_char(out, ',');
    epi_json_string(out, name);
    epi_out_char(out, ':');
    size_t end = out->used + TAIL_END, left = sizeof out->buffer > end ? sizeof out->buffer - end : 0;
    size_t room = left / part;
    epi_json_report_string(out, text.at, text.size, room > STRING_LEAST ? room : STRING_LEAST);
}

/* As in OpenTelemetry's data model for logs, and in Record. */
static EPI_SAFE void add_kind(struct epi_out *out, const struct epi_style *style)
{
    const char *kind = !style->healthy ? "crash" : style->timeout ? "timeout" : "dump";
    const char *severity = !style->healthy ? "FATAL" : style->timeout ? "ERROR" : "INFO";
    add_string(out, "severity_text", severity);
    add_number(out, "severity_number", !style->healthy ? 21 : style->timeout ? 17 : 9);
    add_string(out, "epitaph.kind", kind);
}

static EPI_SAFE void add_process(struct epi_out *out, const struct epi_incident *incident)
{
    const struct epi_options *options = incident->options;
    add_number(out, "process.pid", epi_getpid());
    add_string(out, "process.executable.name", options->program);
    add_string(out, "process.executable.path", options->executable);
    add_string(out, "process.runtime.name", "go");
    add_number(out, "thread.id", incident->subject.tid);
    add_string(out, "thread.name", incident->subject.name);
    add_string(out, "host.name", epi_host_name());
}

EPI_SAFE void epi_jsonline_prepare(struct epi_incident *incident, struct epi_out *out)
{
    struct epi_record *record = &incident->record;
    epi_out_start(out, epi_fd_of(-1), epi_fd_of(-1), 0);
    epi_out_text(out, "{\"timestamp\":\"");
    epi_out_time(out, epi_clock(CLOCK_REALTIME));
    epi_out_char(out, '"');
    add_kind(out, &incident->style);
    add_process(out, incident);
    if (!incident->style.healthy && !incident->go_death) {
        add_string(out, "epitaph.signal.name", epi_signal_name(incident->signal));
        add_number(out, "epitaph.signal.number", incident->signal);
    }
    epi_out_text(out, ",\"exception.stacktrace\":\"");
    record->open_size = out->used;
    epi_copy(record->open, out->buffer, out->used);
    record->opened = record->broken = record->half = false;
}

static EPI_SAFE struct epi_brief_text behind(struct epi_brief_text text, const char *words)
{
    size_t size = epi_strlen(words);
    if (text.size < size || !epi_equal(text.at, words, size))
        size = 0;
    text.at += size;
    text.size -= size;
    return text;
}

static EPI_SAFE bool begins(struct epi_brief_text text, const char *words)
{
    return behind(text, words).size < text.size;
}

static EPI_SAFE struct epi_brief_text up_to(struct epi_brief_text text, char end)
{
    size_t size = 0;
    while (size < text.size && text.at[size] != end)
        size++;
    text.size = size;
    return text;
}

/* Behind the first WORDS in TEXT; nothing when they are not there. */
static EPI_SAFE struct epi_brief_text after(struct epi_brief_text text, const char *words)
{
    while (text.size > 0 && !begins(text, words))
        text.at++, text.size--;
    return behind(text, words);
}

/* What is known of a crash when its text is written. */
static EPI_SAFE void add_exception(struct epi_out *out, const struct epi_out *report,
                                   const struct epi_incident *incident)
{
    static const struct epi_brief_text fatal = {"fatal error", sizeof "fatal error" - 1};
    static const struct epi_brief_text panic = {"panic", sizeof "panic" - 1};
    struct epi_brief_text signal = epi_brief_line(report, "Signal: "), title = epi_brief_title(report);
    struct epi_brief_text message = title, type = fatal;
    if (signal.size > 0) {
        type = up_to(signal, ' ');
        message = after(after(signal, "), "), "): ");
    } else if (begins(title, "panic: ")) {
        type = panic;
        message = behind(title, "panic: ");
    }
    const char *why = epi_sentence_why(incident); /* in the words of Record */
    if (why[0] != '\0')
        message = (struct epi_brief_text){why, epi_strlen(why)};
    add_text(out, "exception.type", type, 4);
    add_text(out, "exception.message", message, 2);
}

EPI_SAFE void epi_jsonline_end(struct epi_out *out, const struct epi_out *report,
                               const struct epi_incident *incident)
{
    if (out->record == NULL)
        return;
    epi_out_flush(out);
    epi_out_char(out, '"');
    if (report->head.size > 0 && !incident->style.healthy) {
        struct epi_brief_text sentence = epi_brief_sentence(report);
        add_exception(out, report, incident);
        add_text(out, "body", sentence.size > 0 ? sentence : epi_brief_title(report), 1);
    } else {
        const char *sentence = epi_sentence(incident), *kind = incident->style.timeout ? "timeout" : "dump";
        add_string(out, "body", sentence[0] != '\0' ? sentence : kind);
    }
    if (incident->failure_count > 0 || report->error != 0)
        epi_out_text(out, ",\"epitaph.incomplete\":true");
    epi_out_text(out, "}\n");
    epi_out_end_record(out);
}
