/* Annotations and breadcrumbs: claimed without a lock by any thread, and frozen while a
 * report prints them. */
#include "notes.h"
#include "self.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/page.h"
#include "../base/system.h"
#include "../incident/process.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Records to try before a breadcrumb is given up.  Each is claimed only if a
 * thread was stopped within some 20 ns, a whole turn of the ring ago. */
#define TRIES 4

struct epi_notes_pages epi_notes_pages;
_Atomic bool epi_notes_mapped;

EPI_SAFE EPI_ON_CRASH void epi_notes_freeze(uint32_t how)
{
    epi_notes_pages.notes.frozen = how;
}

EPI_SAFE struct epi_range epi_notes_window(void)
{
    return (struct epi_range){epi_page_down((uintptr_t)&epi_notes_pages.notes),
                              epi_page_up((uintptr_t)(&epi_notes_pages.notes + 1))};
}

EPI_SAFE bool epi_notes_unmap(void)
{
    struct epi_range window = epi_notes_window();
    long at = epi_syscall6(SYS_mmap, (long)window.start, (long)(window.end - window.start),
                           PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return at == (long)window.start;
}

void *epi_notes_area(void)
{
    return &epi_notes_pages.notes;
}

static bool each_record(bool (*check)(_Atomic uint64_t *sequence))
{
    bool all = true;
    for (int i = 0; i < EPI_CRUMBS; i++)
        all &= check(&epi_notes_pages.notes.crumb[i].sequence);
    for (int i = 0; i < EPI_ANNOTATIONS; i++)
        all &= check(&epi_notes_pages.notes.annotation[i].sequence);
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
    struct epi_notes *notes = &epi_notes_pages.notes;
    struct timespec ts;
    /* A child of the bare system call, whose handlers may not be ours any more. */
    if (epi_notes_mapped && !epi_process()->notes)
        epi_process()->notes = epi_notes_unmap();
    if (atomic_load_explicit(&notes->frozen, memory_order_relaxed) != 0)
        return;
    size_t length = strlen(text);
    size_t kept = length < EPI_CRUMB_TEXT ? length : EPI_CRUMB_TEXT;
    /* The vDSO's clock: a system call takes longer than all the rest. */
    clock_gettime(CLOCK_MONOTONIC, &ts);
    uint32_t thread = epi_self_thread();
    uint64_t goroutine = epi_self_goroutine();
    for (int try = 0; try < TRIES; try++) {
        uint64_t n = atomic_fetch_add_explicit(&notes->crumbs, 1, memory_order_relaxed);
        struct epi_crumb *crumb = &notes->crumb[n % EPI_CRUMBS];
        uint64_t old = atomic_load_explicit(&crumb->sequence, memory_order_relaxed);
        if ((old & 1) != 0 || old > 2 * n ||
            !atomic_compare_exchange_strong(&crumb->sequence, &old, 2 * n + 1))
            continue;
        crumb->time = (uint64_t)ts.tv_sec * EPI_SECOND + (uint64_t)ts.tv_nsec;
        crumb->length = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
        crumb->thread = thread;
        crumb->goroutine = goroutine;
        memcpy(crumb->text, text, kept);
        atomic_store_explicit(&crumb->sequence, 2 * n + 2, memory_order_release);
        return;
    }
    atomic_fetch_add_explicit(&notes->dropped, 1, memory_order_relaxed);
}

