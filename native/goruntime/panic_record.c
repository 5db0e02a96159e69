/* Finds the record of the panic that a goroutine died of among those of panics that were
 * recovered. */
#include "panic_record.h"
#include "goparts.h"
#include "goside.h"
#include "crash_output.h"
#include "forkcopy.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../text/errors.h"
#include "../text/out.h"
#include "../incident/incident.h"

struct epi_panic_record *epi_panic_records(void)
{
    return epi_goside.panic_record;
}

/* Is NOTE what Go's report is about?  Where that is not known, its goroutine has to
 * do. */
static EPI_SAFE bool fits(const struct epi_panic_record *note)
{
    const struct epi_crash_output *text = &epi_goside.crash_output;
    if (text->message_size > 0) /* a fatal error, and no panic */
        return false;
    return text->size == 0 ||
           epi_crash_output_panics(text, note->message, note->message_size);
}

EPI_SAFE const struct epi_panic_record *epi_panic_find(uint64_t goroutine)
{
    const struct epi_panic_record *newest = NULL;
    for (int i = 0; goroutine != 0 && i < EPI_PANIC_RECORDS; i++) {
        const struct epi_panic_record *note = &epi_goside.panic_record[i];
        uint64_t sequence = __atomic_load_n(&note->sequence, __ATOMIC_SEQ_CST);
        if (sequence == 0 || (sequence & 1) != 0 || note->goroutine != goroutine ||
            note->message_size > EPI_PANIC_MESSAGE || note->text_size > EPI_PANIC_TEXT)
            continue;
        if (newest == NULL || sequence > newest->sequence)
            newest = note;
    }
    return newest != NULL && fits(newest) ? newest : NULL;
}

/* How much there was, when that is more than is shown. */
static EPI_SAFE void print_cut(struct epi_out *out, uint64_t size, uint64_t whole_size)
{
    if (whole_size <= size)
        return;
    epi_out_text(out, ", the first ");
    epi_out_decimal(out, (int64_t)size);
    epi_out_text(out, " of ");
    epi_out_decimal(out, (int64_t)whole_size);
    epi_out_text(out, " bytes");
}

/* In pieces that end with a NUL, which nothing else here does. */
static EPI_SAFE void print(struct epi_out *out, const char *text, size_t size)
{
    char buffer[1024 + 1];
    size_t kept = 0;
    for (size_t at = 0; at < size;) {
        size_t room = sizeof buffer - 1 - kept, left = size - at;
        size_t n = left < room ? left : room;
        epi_copy(buffer + kept, text + at, n);
        at += n;
        buffer[kept + n] = '\0';
        kept = epi_out_rest(out, buffer, kept + n, at < size);
    }
    epi_out_fresh_line(out);
}

static EPI_SAFE void print_note(struct epi_out *out, const struct epi_panic_record *note)
{
    epi_out_text(out, "Panic (noted by goroutine ");
    epi_out_decimal(out, (int64_t)note->goroutine);
    print_cut(out, note->text_size, note->whole_size);
    epi_out_text(out, "):\n");
    print(out, note->text, note->text_size);
}

/* Why there is no answer; NULL when there is nothing to be missed. */
static EPI_SAFE const char *failure(const struct epi_forkcopy_result *result)
{
    if (result->answer == EPI_FORKCOPY_OTHER)
        return "it has another text than Go has printed";
    if (result->answer == EPI_FORKCOPY_NO_VALUE)
        return NULL;
    if (result->too_large)
        return "the process is too large to be copied";
    if (result->error != 0)
        return "the process could not be copied";
    return result->ended ? "the copy of the process failed"
                         : "the copy of the process did not answer";
}

static EPI_SAFE void print_answer(struct epi_out *out, const struct epi_forkcopy_result *result)
{
    const struct epi_forkcopy_area *area = epi_goside.forkcopy.area;
    if (result->answer == EPI_FORKCOPY_TEXT_IS) {
        uint32_t size = area->size < EPI_FORKCOPY_TEXT ? area->size : EPI_FORKCOPY_TEXT;
        epi_out_text(out, "Panic (formatted in a copy of the process");
        print_cut(out, size, area->whole_size);
        epi_out_text(out, "):\n");
        print(out, area->text, size);
    } else if (failure(result) != NULL) {
        epi_out_text(out, "Panic (not formatted: ");
        epi_out_text(out, failure(result));
        if (result->error != 0) {
            epi_out_text(out, ": ");
            epi_error_put(out, result->error);
        }
        epi_out_text(out, "):\n");
    }
}

/* The first copy keeps collector and scheduler out, where it would be stuck, at the
 * price that a panic in a method of the value ends it: then the second does not. */
static EPI_SAFE void ask(struct epi_incident *incident)
{
    struct epi_forkcopy_result result = {EPI_FORKCOPY_NONE, 0, false, false};
    if (epi_now() >= incident->stages_deadline) {
        epi_out_text(&incident->out, "Panic (not formatted: no time is left):\n");
        return;
    }
    epi_out_flush(&incident->out); /* the copy has a copy of that, too */
    /* A copy that does not answer may have wanted a lock that another thread held when it
     * was made; the next one is made at another moment. */
    bool hung = false;
    for (uint32_t attempt = 0; attempt < 2;) {
        uint64_t now = epi_now(), end = incident->stage_deadline;
        if (now >= end)
            break;
        epi_goside.forkcopy.area->attempt = attempt;
        /* Half of what is left: the rest is for a second copy, and to end the first. */
        uint64_t latest = now + (end - now) / 2, wanted = now + EPI_FORKCOPY_PATIENCE;
        result = epi_forkcopy_ask(incident->uc, EPI_FORKCOPY_TELL_PANIC,
                                  wanted < latest ? wanted : latest, latest);
        if (result.answer != EPI_FORKCOPY_NONE || result.error != 0 || result.too_large ||
            (!result.ended && hung))
            break;
        hung = !result.ended;
        attempt += result.ended;
    }
    print_answer(&incident->out, &result);
}

EPI_SAFE void epi_report_panic(struct epi_incident *incident)
{
    const struct epi_panic_record *note = epi_panic_find(incident->subject.goroutine);
    if (note == NULL)
        return;
    print_note(&incident->out, note);
    epi_out_char(&incident->out, '\n');
}

/* The last of all stages: a filter for system calls may kill a process that forks. */
EPI_SAFE void epi_report_panic_in_copy(struct epi_incident *incident)
{
    if (incident->options->panic_copy && epi_panic_find(incident->subject.goroutine) == NULL &&
        incident->subject.goroutine != 0 && epi_goside.crash_output.message_size == 0 &&
        !incident->forked && epi_forkcopy_fits(incident->uc))
        ask(incident);
}
