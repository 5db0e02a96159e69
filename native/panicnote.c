#include "panicnote.h"

#include "report_parts.h"

struct epi_panic_note *epi_panic_notes(void)
{
    return epi_state.panic_note;
}

/* Is NOTE what Go's report is about?  Where that is not known, its goroutine has to
 * do. */
static EPI_SAFE bool fits(const struct epi_panic_note *note)
{
    const struct epi_gotext *text = &epi_state.gotext;
    if (text->message_size > 0) /* a fatal error, and no panic */
        return false;
    return text->size == 0 ||
           epi_gotext_panics(text, note->message, note->message_size);
}

EPI_SAFE const struct epi_panic_note *epi_panic_find(uint64_t goroutine)
{
    const struct epi_panic_note *newest = NULL;
    for (int i = 0; goroutine != 0 && i < EPI_PANIC_NOTES; i++) {
        const struct epi_panic_note *note = &epi_state.panic_note[i];
        uint64_t sequence = __atomic_load_n(&note->sequence, __ATOMIC_SEQ_CST);
        if (sequence == 0 || (sequence & 1) != 0 || note->goroutine != goroutine ||
            note->message_size > EPI_PANIC_MESSAGE || note->text_size > EPI_PANIC_TEXT)
            continue;
        if (newest == NULL || sequence > newest->sequence)
            newest = note;
    }
    return newest != NULL && fits(newest) ? newest : NULL;
}

EPI_SAFE void epi_report_panic(struct epi_crash *crash)
{
    const struct epi_panic_note *note = epi_panic_find(crash->subject.goroutine);
    struct epi_out *out = &crash->out;
    if (note == NULL)
        return;
    epi_out_text(out, "Panic (noted by goroutine ");
    epi_out_decimal(out, (int64_t)note->goroutine);
    if (note->whole_size > note->text_size) {
        epi_out_text(out, ", the first ");
        epi_out_decimal(out, note->text_size);
        epi_out_text(out, " of ");
        epi_out_decimal(out, (int64_t)note->whole_size);
        epi_out_text(out, " bytes");
    }
    epi_out_text(out, "):\n");
    /* In pieces that end with a NUL, which nothing else here does. */
    char buffer[1024 + 1];
    size_t kept = 0;
    for (size_t at = 0; at < note->text_size;) {
        size_t room = sizeof buffer - 1 - kept, left = note->text_size - at;
        size_t n = left < room ? left : room;
        epi_copy(buffer + kept, note->text + at, n);
        at += n;
        buffer[kept + n] = '\0';
        kept = epi_out_rest(out, buffer, kept + n, at < note->text_size);
    }
    epi_out_fresh_line(out);
    epi_out_char(out, '\n');
}
