/* Fills and searches the table of announced call frame information.
 *
 * Nothing that is announced is trusted.  It is read through epi_peek; only entries for
 * executable memory without a module are taken; a block that does not end is left at the
 * time's end. */
#include "codeframes.h"
#include "cfi.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../image/frameblocks.h"
#include "../image/gdbjit.h"
#include "../image/jitfile.h"

/* Less than the stage has, with the list of the mappings (image/codemap.c) before it. */
#define READ_TIME (100 * EPI_MS)

/* Entries between two looks at the clock. */
#define A_LOOK 256

/* A block that is registered does not say how long it is: it ends with a length of 0. */
#define BLOCK_MAX ((uintptr_t)64 << 20)

/* An entry of the table behind which others begin may still hold a PC. */
#define OVERLAPS 16

struct reading {
    struct epi_codeframes *frames;
    const struct epi_codemap *code;
    uint64_t end;
    uint32_t entries;
    bool over;
};

static EPI_SAFE bool goes_on(struct reading *r)
{
    if (++r->entries % A_LOOK == 0 && epi_now() > r->end)
        r->over = true;
    return !r->over;
}

static EPI_SAFE void take(struct reading *r, uintptr_t at, const struct epi_cfi_entry *entry)
{
    struct epi_codeframes *frames = r->frames;
    if (entry->pc.start >= entry->pc.end || epi_codemap_find(r->code, entry->pc.start) == NULL)
        return;
    if (frames->count == EPI_CODEFRAMES) {
        r->over = true;
        return;
    }
    frames->frame[frames->count++] =
        (struct epi_codeframe){entry->pc, at, entry->bounds};
}

/* The entries from AT on; ONE: no more than the first. */
static EPI_SAFE void read_block(struct reading *r, struct epi_range bounds, uintptr_t at, bool one)
{
    struct epi_cfi_entry entry;
    uintptr_t this = at;
    while (goes_on(r) && epi_cfi_next(bounds, &at, &entry)) {
        take(r, this, &entry);
        if (one)
            return;
        this = at;
    }
}

/* libgcc takes a list of entries, which begins with a CIE; LLVM's unwinder one FDE, whose CIE
 * is before it. */
static EPI_SAFE void read_registered(struct reading *r)
{
    for (uint32_t i = 0; i < epi_frameblock_count() && goes_on(r); i++) {
        struct epi_cfi_entry entry;
        uintptr_t begin = epi_frameblock(i), first = begin;
        struct epi_range bounds = {begin > BLOCK_MAX ? begin - BLOCK_MAX : 1,
                                   begin + BLOCK_MAX > begin ? begin + BLOCK_MAX : UINTPTR_MAX};
        if (begin != 0 && epi_cfi_next(bounds, &first, &entry))
            read_block(r, bounds, begin, entry.pc.end != 0);
    }
}

static EPI_SAFE void read_files(struct reading *r, const struct epi_modules *modules)
{
    struct epi_gdbjit walk;
    struct epi_range file, frames;
    epi_gdbjit_start(&walk, modules);
    /* A file's section headers are no entries, so each is a look at the clock. */
    while (goes_on(r) && epi_gdbjit_next(&walk, &file) && epi_now() < r->end)
        if (epi_jitfile_frames(file, &frames))
            read_block(r, frames, frames.start, false);
}

static EPI_SAFE void sift(struct epi_codeframe *frame, uint64_t root, uint64_t count)
{
    struct epi_codeframe moved = frame[root];
    for (uint64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && frame[child].pc.start < frame[child + 1].pc.start)
            child++;
        if (frame[child].pc.start <= moved.pc.start)
            break;
        frame[root] = frame[child];
    }
    frame[root] = moved;
}

/* Heapsort: no recursion, no worst case. */
static EPI_SAFE void sort(struct epi_codeframes *frames)
{
    struct epi_codeframe *frame = frames->frame, last;
    for (uint64_t i = frames->count / 2; i > 0; i--)
        sift(frame, i - 1, frames->count);
    for (uint64_t end = frames->count; end > 1; end--) {
        last = frame[end - 1];
        frame[end - 1] = frame[0];
        frame[0] = last;
        sift(frame, 0, end - 1);
    }
}

EPI_SAFE void epi_codeframes_load(struct epi_codeframes *frames, const struct epi_codemap *code,
                                  const struct epi_modules *modules)
{
    struct reading r = {.frames = frames, .code = code, .end = epi_now() + READ_TIME};
    frames->count = 0;
    if (code->count == 0)
        return;
    read_registered(&r);
    read_files(&r, modules);
    sort(frames);
}

EPI_SAFE bool epi_codeframes_find(const struct epi_codeframes *frames, uintptr_t pc,
                                  struct epi_cfi_entry *entry)
{
    uint64_t low = 0, high = frames == NULL ? 0 : frames->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (frames->frame[middle].pc.start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint64_t i = low; i > 0 && low - i < OVERLAPS; i--) {
        const struct epi_codeframe *frame = &frames->frame[i - 1];
        if (epi_in(frame->pc, pc) && epi_cfi_parse(frame->bounds, frame->at, entry) &&
            epi_in(entry->pc, pc))
            return true;
    }
    return false;
}
