/* What the program left behind, in the report. */
#include "report_parts.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../text/errors.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../record/box.h"
#include "../record/notes.h"

#include <errno.h>
#include <stdatomic.h>

/* Copies a record of SIZE bytes that begins with its sequence number; false
* when it is being written.  The number is returned in SEQUENCE. */
static EPI_SAFE bool read_record(void *to, const _Atomic uint64_t *from, size_t size,
                                 uint64_t *sequence)
{
    *sequence = atomic_load_explicit(from, memory_order_acquire);
    if ((*sequence & 1) != 0)
        return false;
    epi_copy(to, (const void *)from, size);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(from, memory_order_relaxed) == *sequence;
}

/* TEXT, which had LENGTH bytes before it was cut to CAPACITY.  It is cut again
 * in pieces that epi_out_escaped takes; a NUL byte ends it. */
static EPI_SAFE void put_text(struct epi_out *out, const char *text, uint32_t length,
                              uint32_t capacity)
{
    char buffer[EPI_ANNOTATION_VALUE + 1];
    uint32_t n = length < capacity ? length : capacity;
    epi_copy(buffer, text, n);
    buffer[n] = '\0';
    epi_out_escaped(out, buffer);
    if (length > capacity)
        epi_out_text(out, "...");
}

/* So many stand before the stacks; package report knows the number too (layout.go). */
#define NEWEST 8

static EPI_SAFE void list_annotations(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    struct epi_annotation a;
    uint64_t sequence;
    bool any = false;
    for (int i = 0; i < EPI_ANNOTATIONS; i++) {
        if (!read_record(&a, &epi_notes_pages.notes.annotation[i].sequence, sizeof a, &sequence) ||
            sequence == 0 || a.value_length == 0)
            continue;
        epi_out_text(out, any ? "  " : "Annotations:\n  ");
        any = true;
        put_text(out, a.key, a.key_length, EPI_ANNOTATION_KEY);
        epi_out_text(out, " = ");
        put_text(out, a.value, a.value_length, EPI_ANNOTATION_VALUE);
        epi_out_char(out, '\n');
    }
    incident->noted = incident->noted || any;
}

/* Who left CRUMB. */
static EPI_SAFE void put_author(struct epi_out *out, const struct epi_crumb *crumb)
{
    if (crumb->thread == 0)
        return;
    epi_out_text(out, " (thread ");
    epi_out_decimal(out, crumb->thread);
    if (crumb->goroutine != 0) {
        epi_out_text(out, ", goroutine ");
        epi_out_decimal(out, (int64_t)crumb->goroutine);
    }
    epi_out_char(out, ')');
}

/* Those from FROM to END, oldest first, as in a log, under a HEADING; false: there are none. */
static EPI_SAFE bool list_breadcrumbs(struct epi_incident *incident, const char *heading,
                                      uint64_t from, uint64_t end)
{
    struct epi_out *out = &incident->out;
    struct epi_crumb crumb;
    uint64_t sequence;
    bool any = false;
    for (uint64_t n = from; n < end; n++) {
        const struct epi_crumb *at = &epi_notes_pages.notes.crumb[n % EPI_CRUMBS];
        if (!read_record(&crumb, &at->sequence, sizeof crumb, &sequence) || sequence != 2 * n + 2)
            continue;
        epi_out_text(out, any ? "" : heading);
        any = true;
        epi_out_text(out, "  ");
        epi_out_seconds(out, incident->began > crumb.time ? incident->began - crumb.time : 0);
        epi_out_text(out, " s before: ");
        put_text(out, crumb.text, crumb.length, EPI_CRUMB_TEXT);
        put_author(out, &crumb);
        epi_out_char(out, '\n');
    }
    return any;
}

/* Which are the newest is settled once: others may be left while a report is written. */
static EPI_SAFE void list_newest(struct epi_incident *incident)
{
    uint64_t end = atomic_load(&epi_notes_pages.notes.crumbs);
    uint64_t from = end > NEWEST ? end - NEWEST : 0;
    incident->crumbs.end = end;
    incident->crumbs.newest = from;
    if (list_breadcrumbs(incident, "Breadcrumbs:\n", from, end))
        incident->noted = true;
}

/* An empty line ends what the program has left. */
static EPI_SAFE void end_notes(struct epi_incident *incident)
{
    if (incident->noted)
        epi_out_char(&incident->out, '\n');
    incident->noted = false;
}

/* A black box's pages are a file's.  Where one is not in memory any more and the file
 * system does not answer, a load sleeps in the kernel and no signal wakes it; then the
 * report ends here.  So with a box they stand behind the current stack. */
EPI_SAFE void epi_report_annotations(struct epi_incident *incident)
{
    incident->crumbs.mapped = epi_notes_mapped;
    if (!incident->crumbs.mapped)
        list_annotations(incident);
}

EPI_SAFE void epi_report_breadcrumbs(struct epi_incident *incident)
{
    if (!incident->crumbs.mapped)
        list_newest(incident);
    end_notes(incident);
}

EPI_SAFE void epi_report_mapped_annotations(struct epi_incident *incident)
{
    if (incident->crumbs.mapped)
        list_annotations(incident);
}

EPI_SAFE void epi_report_mapped_breadcrumbs(struct epi_incident *incident)
{
    if (incident->crumbs.mapped)
        list_newest(incident);
    end_notes(incident);
}

EPI_SAFE void epi_report_earlier_breadcrumbs(struct epi_incident *incident)
{
    uint64_t end = incident->crumbs.end, oldest = end > EPI_CRUMBS ? end - EPI_CRUMBS : 0;
    list_breadcrumbs(incident, "Earlier breadcrumbs:\n", oldest, incident->crumbs.newest);
}

EPI_SAFE void epi_box_begin(struct epi_incident *incident)
{
    const struct epi_box *box = &epi_box;
    struct epi_out *out = &incident->out;
    if (incident->forked || !epi_box_usable())
        return;
    epi_box_status(box->fd.fd, EPI_BOX_CRASHED, incident->go_death ? 0 : incident->signal);
    out->copy = box->fd;
    out->copy_at = EPI_BOX_REPORT;
    out->copy_end = EPI_BOX_SIZE;
    /* The headline was written before anything else, and is still there. */
    epi_out_copy(out, out->buffer, out->flushed);
}

EPI_SAFE void epi_box_end(struct epi_incident *incident)
{
    const struct epi_fd *copy = &incident->out.copy;
    if (copy->fd >= 0 && epi_fd_valid(copy))
        epi_box_status(copy->fd, EPI_BOX_REPORTED, incident->go_death ? 0 : incident->signal);
}

EPI_SAFE void epi_report_box(struct epi_incident *incident)
{
    static const char *const texts[] = {
        [EPI_BOX_TRUNCATED] = "it was truncated",
        [EPI_BOX_REMOVED] = "it was removed",
        [EPI_BOX_CLOSED] = "its descriptor was closed",
        [EPI_BOX_FAILED] = "writing to it failed: ",
    };
    const struct epi_box *box = &epi_box;
    struct epi_out *out = &incident->out;
    uint32_t loss = incident->out.copy_error != 0 ? EPI_BOX_FAILED : box->loss;
    if (incident->forked || !box->attached || loss == EPI_BOX_FINE || loss >= EPI_COUNT(texts))
        return;
    epi_out_text(out, "Note: the black box ");
    epi_out_escaped(out, box->path);
    epi_out_text(out, " is lost: ");
    epi_out_text(out, texts[loss]);
    if (loss == EPI_BOX_FAILED)
        epi_error_put(out, out->copy_error != 0 ? out->copy_error : (int)box->error);
    epi_out_char(out, '\n');
}
