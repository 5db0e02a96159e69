/* What the program says about itself: breadcrumbs (the last things it did) and
 * annotations (what is true of it now), in fixed memory that any thread writes
 * at any time, without a lock, and that a report reads while they go on.
 *
 * The memory is whole pages, because a black box puts its file under them
 * (box.h), so its layout is that of the file: little-endian, fixed offsets.
 * Package handler writes it from Go without a call of C, by the same protocol:
 * that is why times and limits stand here and not in notes.c.
 *
 * A record is claimed by a compare-and-swap of its sequence number from even to
 * odd, filled in, and released with an even number.  A reader copies a record
 * and takes it if the number was even and is still the same.  Who finds a
 * record claimed by a thread that was stopped in the middle goes on to another
* one: no thread waits.
 *
 * Breadcrumb number I (from 0) is record I % EPI_CRUMBS, with the sequence
 * number 2 * (I + 1); so a record also says which turn of the ring it is of. */
#ifndef EPI_NOTES_H
#define EPI_NOTES_H

#include "../base/base.h"

#define EPI_CRUMBS           128
#define EPI_CRUMB_TEXT       224
#define EPI_ANNOTATIONS      64
#define EPI_ANNOTATION_KEY   64
#define EPI_ANNOTATION_VALUE 424

/* Texts have no terminator; a length beyond the array is what there was before
 * the text was cut. */
struct epi_crumb {
    _Atomic uint64_t sequence;
    uint64_t time; /* ns on the monotonic clock */
    uint32_t length;
    uint32_t thread;    /* who left it: the thread's number */
    uint64_t goroutine; /* and the goroutine's; 0: none, or not known */
    char text[EPI_CRUMB_TEXT];
};

/* An empty value: the key was removed, or the record was never used. */
struct epi_annotation {
    _Atomic uint64_t sequence;
    uint64_t time;
    uint32_t key_length, value_length;
    char key[EPI_ANNOTATION_KEY];
    char value[EPI_ANNOTATION_VALUE];
};

enum {
    EPI_NOTES_OPEN,
    /* A crash is reported: a busy program would replace what led to it before
     * the report gets to it. */
    EPI_NOTES_CRASH,
    /* For some 0.1 ms: the pages are replaced by others.  Breadcrumbs are
     * dropped, annotations wait. */
    EPI_NOTES_MOVING,
};

/* Where the notes stand in the black box's file. */
#define EPI_NOTES_AT (2 * 4096)

struct epi_notes {
    _Atomic uint64_t crumbs;  /* begun so far */
    _Atomic uint64_t dropped; /* breadcrumbs that found every record claimed */
    _Atomic uint64_t refused; /* annotations beyond EPI_ANNOTATIONS keys */
    _Atomic uint32_t frozen;  /* nothing is written */
    char reserved[4096 - 28];
    struct epi_crumb crumb[EPI_CRUMBS];
    struct epi_annotation annotation[EPI_ANNOTATIONS];
};

_Static_assert(sizeof(struct epi_crumb) == 256, "layout of the black box");
_Static_assert(sizeof(struct epi_annotation) == 512, "layout of the black box");
_Static_assert(offsetof(struct epi_crumb, length) == 16, "layout of the black box");
_Static_assert(offsetof(struct epi_crumb, thread) == 20, "layout of the black box");
_Static_assert(offsetof(struct epi_crumb, goroutine) == 24, "layout of the black box");
_Static_assert(offsetof(struct epi_crumb, text) == 32, "layout of the black box");
_Static_assert(offsetof(struct epi_annotation, key_length) == 16, "layout of the black box");
_Static_assert(offsetof(struct epi_annotation, key) == 24, "layout of the black box");
_Static_assert(offsetof(struct epi_annotation, value) == 88, "layout of the black box");
_Static_assert(offsetof(struct epi_notes, frozen) == 24, "layout of the black box");
_Static_assert(offsetof(struct epi_notes, crumb) == 4096, "layout of the black box");
_Static_assert(sizeof(struct epi_notes) == 17 * 4096, "whole pages");

/* The notes' place in memory.  A file can only be mapped from a multiple of the page size on: where
 * that is larger than 4 KiB, what the file has before the notes, and behind them, is mapped too. */
struct epi_notes_pages {
    _Alignas(EPI_PAGE_MOST) char before[EPI_NOTES_AT % EPI_PAGE_MOST];
    struct epi_notes notes;
};
extern struct epi_notes_pages epi_notes_pages __attribute__((visibility("hidden")));

/* All of those pages. */
EPI_SAFE struct epi_range epi_notes_window(void);

/* A crash keeps the notes as they are (EPI_NOTES_CRASH), and opens them if it is over. */
EPI_SAFE void epi_notes_freeze(uint32_t how);

/* The pages are a file's (box.c).  A child of fork does not have them. */
extern _Atomic bool epi_notes_mapped __attribute__((visibility("hidden")));

/* Puts ordinary memory there, empty.  False when there is none. */
EPI_SAFE bool epi_notes_unmap(void);

/* Notes what the program does: the last EPI_CRUMBS (notes.h) such texts stand in
 * a report, with their age, the thread and the goroutine.  A text is cut after EPI_CRUMB_TEXT bytes, and the
 * cut is marked.  Any thread, any time after the program's start, without a
 * lock; not after a fault, when the notes are kept as they were.  Takes some
 * 50 ns.  A C file of another package declares it by itself. */
void epi_breadcrumb(const char *text);

/* No record is claimed: all are whole. */
bool epi_notes_quiet(void);

/* Releases records whose writers have released them in memory that was
 * replaced since. */
void epi_notes_release(void);

/* The memory, for writers in Go.  It stays where it is, box or no box. */
void *epi_notes_area(void);

#endif
