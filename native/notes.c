#include "notes.h"

#include "report_parts.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* Records to try before a breadcrumb is given up.  Each is claimed only if a
 * thread was stopped within some 20 ns, a whole turn of the ring ago. */
#define TRIES 4

void *epi_notes_area(void)
{
    return &epi_state.notes;
}

static bool each_record(bool (*check)(_Atomic uint64_t *sequence))
{
    bool all = true;
    for (int i = 0; i < EPI_CRUMBS; i++)
        all &= check(&epi_state.notes.crumb[i].sequence);
    for (int i = 0; i < EPI_ANNOTATIONS; i++)
        all &= check(&epi_state.notes.annotation[i].sequence);
    return all;
}

static bool is_even(_Atomic uint64_t *sequence)
{
    return (*sequence & 1) == 0;
}

static bool make_even(_Atomic uint64_t *sequence)
{
    uint64_t odd = *sequence;
    return (odd & 1) == 0 || atomic_compare_exchange_strong(sequence, &odd, odd + 1);
}

bool epi_notes_quiet(void)
{
    return each_record(is_even);
}

void epi_notes_release(void)
{
    each_record(make_even);
}

void epi_breadcrumb(const char *text)
{
    struct epi_notes *notes = &epi_state.notes;
    struct timespec ts;
    if (atomic_load_explicit(&notes->frozen, memory_order_relaxed) != 0)
        return;
    size_t length = strlen(text);
    size_t kept = length < EPI_CRUMB_TEXT ? length : EPI_CRUMB_TEXT;
    /* The vDSO's clock: a system call takes longer than all the rest. */
    clock_gettime(CLOCK_MONOTONIC, &ts);
    for (int try = 0; try < TRIES; try++) {
        uint64_t n = atomic_fetch_add_explicit(&notes->crumbs, 1, memory_order_relaxed);
        struct epi_crumb *crumb = &notes->crumb[n % EPI_CRUMBS];
        uint64_t old = atomic_load_explicit(&crumb->sequence, memory_order_relaxed);
        if ((old & 1) != 0 || old > 2 * n ||
            !atomic_compare_exchange_strong(&crumb->sequence, &old, 2 * n + 1))
            continue;
        crumb->time = (uint64_t)ts.tv_sec * EPI_SECOND + (uint64_t)ts.tv_nsec;
        crumb->length = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
        memcpy(crumb->text, text, kept);
        atomic_store_explicit(&crumb->sequence, 2 * n + 2, memory_order_release);
        return;
    }
    atomic_fetch_add_explicit(&notes->dropped, 1, memory_order_relaxed);
}

/* Copies a record of SIZE bytes that begins with its sequence number; false
 * when somebody is writing it.  The number is returned in SEQUENCE. */
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
    for (uint32_t i = 0; i < n; i++)
        buffer[i] = text[i];
    buffer[n] = '\0';
    epi_out_escaped(out, buffer);
    if (length > capacity)
        epi_out_text(out, "...");
}

EPI_SAFE void epi_report_annotations(struct epi_crash *crash)
{
    struct epi_out *out = &crash->out;
    struct epi_annotation a;
    uint64_t sequence;
    bool any = false;
    for (int i = 0; i < EPI_ANNOTATIONS; i++) {
        if (!read_record(&a, &epi_state.notes.annotation[i].sequence, sizeof a, &sequence) ||
            sequence == 0 || a.value_length == 0)
            continue;
        epi_out_text(out, any ? "  " : "Annotations:\n  ");
        any = true;
        put_text(out, a.key, a.key_length, EPI_ANNOTATION_KEY);
        epi_out_text(out, " = ");
        put_text(out, a.value, a.value_length, EPI_ANNOTATION_VALUE);
        epi_out_char(out, '\n');
    }
}

/* Oldest first, as in a log. */
EPI_SAFE void epi_report_breadcrumbs(struct epi_crash *crash)
{
    struct epi_out *out = &crash->out;
    struct epi_crumb crumb;
    uint64_t sequence;
    uint64_t end = atomic_load(&epi_state.notes.crumbs);
    bool any = false;
    for (uint64_t n = end > EPI_CRUMBS ? end - EPI_CRUMBS : 0; n < end; n++) {
        const struct epi_crumb *from = &epi_state.notes.crumb[n % EPI_CRUMBS];
        if (!read_record(&crumb, &from->sequence, sizeof crumb, &sequence) ||
            sequence != 2 * n + 2)
            continue;
        epi_out_text(out, any ? "  " : "Breadcrumbs:\n  ");
        any = true;
        epi_out_seconds(out, crash->began > crumb.time ? crash->began - crumb.time : 0);
        epi_out_text(out, " s before: ");
        put_text(out, crumb.text, crumb.length, EPI_CRUMB_TEXT);
        epi_out_char(out, '\n');
    }
}
