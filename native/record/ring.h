/* The snapshot ring: what the goroutines did lately, for a crash in which Go
 * does not answer any more.  A goroutine (internal/engine/snapshot.go) writes the slots
 * in turn, at most once a second or so; after a fault the newest slot that is
 * whole is taken.
 *
 * With a black box the same bytes go to its file, so the layout is fixed and
 * little-endian.  Package internal/boxformat, which writes it, is checked
 * against this file by a test. */
#ifndef EPI_RING_H
#define EPI_RING_H

#include "../base/base.h"

#define EPI_SLOTS     16
#define EPI_SLOT_TEXT (32 * 1024 - 256)

struct epi_slot {
    _Atomic uint64_t sequence; /* 2n+2 for snapshot n; odd while it is written */
    uint64_t time, real;       /* ns, monotonic and since 1970 */
    uint32_t length;           /* of the text */
    uint32_t checksum;         /* CRC-32 of all but itself, to the text's end */
    uint64_t period, cost;     /* ns to the next snapshot; ns that this one took */
    uint64_t goroutines, groups;
    uint64_t figures[24];     /* of memory, GC and scheduler: for the reader of a box */
    char text[EPI_SLOT_TEXT]; /* groups of goroutines, in the report's form */
};

_Static_assert(sizeof(struct epi_slot) == 32 * 1024, "layout of the black box");
_Static_assert(offsetof(struct epi_slot, text) == 256, "layout of the black box");

struct epi_snapshot {
    const char *text; /* in the copy */
    size_t size;
    uint64_t age; /* ns */
    uint64_t goroutines, groups;
};

extern struct epi_slot epi_ring[EPI_SLOTS] __attribute__((visibility("hidden")));

/* The slots, for the writer in Go. */
void *epi_ring_area(void);

/* Copies the newest slot whose checksum holds; false if there is none.  COPY is
 * the caller's own: a dump goes on for a moment when there is a crash. */
EPI_SAFE bool epi_ring_newest(struct epi_slot *copy, struct epi_snapshot *snapshot);

#endif
