/* The threads that wrote last have a slot each.  A thread writes its own slot alone, so
 * pieces of a message that come by a call each stand one after the other, and no lock is needed; a slot
 * whose thread has been silent for a second is another's to take.  A signal handler that
 * writes in the middle of its thread's write may mix the two texts, no more.
 *
 * The start of a message is kept as well as its end: a Rust panic tells its reason first, and a
 * backtrace of some kilobytes may follow. */
#include "lastwords.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../memory/peek.h"

#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOTS 16
#define PART (EPI_WORDS / 2)
#define SILENCE_MS 1000

struct slot {
    _Atomic uint64_t who; /* the thread's id, and milliseconds in the lower half; 0: nobody */
    uint32_t size;        /* written since its thread was silent */
    char head[PART], tail[PART]; /* the first bytes, and a ring of those behind them */
};

static struct slot slots[SLOTS];

static EPI_SAFE uint32_t age_ms(uint64_t who, uint32_t now)
{
    return now - (uint32_t)who;
}

/* The slot of the thread, with its time; NULL: others have them all. */
static struct slot *take_slot(uint32_t tid, uint32_t now)
{
    uint64_t who, mine = (uint64_t)tid << 32 | now;
    for (unsigned i = 0; i < SLOTS; i++) {
        who = slots[i].who;
        if (who >> 32 != tid)
            continue;
        if (!atomic_compare_exchange_strong(&slots[i].who, &who, mine))
            break;
        if (age_ms(who, now) > SILENCE_MS)
            slots[i].size = 0;
        return &slots[i];
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        who = slots[i].who;
        if ((who == 0 || age_ms(who, now) > SILENCE_MS) &&
            atomic_compare_exchange_strong(&slots[i].who, &who, mine)) {
            slots[i].size = 0;
            return &slots[i];
        }
    }
    return NULL;
}

/* Another thread may have unmapped the text since. */
static void append(struct slot *slot, const char *text, size_t size)
{
    uint32_t at = slot->size;
    if (size > UINT32_MAX / 2 - at)
        return;
    slot->size = at + (uint32_t)size;
    for (; size > 0 && at < PART; at++, text++, size--)
        if (!epi_peek(&slot->head[at], (uintptr_t)text, 1))
            return;
    if (size > PART) {
        at += (uint32_t)(size - PART);
        text += size - PART;
        size = PART;
    }
    for (; size > 0; at++, text++, size--)
        if (!epi_peek(&slot->tail[at % PART], (uintptr_t)text, 1))
            return;
}

/* Before Enable a load that fails would be somebody else's fault. */
static struct slot *listen(void)
{
    return epi_incidents.options == NULL
               ? NULL
               : take_slot((uint32_t)epi_gettid(), (uint32_t)(epi_now() / EPI_MS));
}

ssize_t epi_words_write(const void *text, size_t size, epi_write_function libcs)
{
    ssize_t n = libcs(STDERR_FILENO, text, size);
    struct slot *slot = n > 0 ? listen() : NULL;
    if (slot != NULL)
        append(slot, text, (size_t)n);
    return n;
}

EPI_SAFE size_t epi_words_last(int tid, uint64_t now, char text[EPI_WORDS + 8])
{
    static const char gap[] = "\n...\n";
    const struct slot *slot = NULL;
    size_t size = 0;
    for (unsigned i = 0; i < SLOTS && slot == NULL; i++)
        if (slots[i].who >> 32 == (uint32_t)tid &&
            age_ms(slots[i].who, (uint32_t)(now / EPI_MS)) <= SILENCE_MS)
            slot = &slots[i];
    text[0] = '\0';
    if (slot == NULL)
        return 0;
    uint32_t all = slot->size, from = all > EPI_WORDS ? all - PART : PART;
    for (; size < all && size < PART; size++)
        text[size] = slot->head[size];
    if (from > PART) {
        epi_copy(text + size, gap, sizeof gap - 1);
        size += sizeof gap - 1;
    }
    for (uint32_t at = from; at < all; at++)
        text[size++] = slot->tail[at % PART];
    text[size] = '\0';
    return size;
}

#ifndef EPI_NOWRAP

static _Atomic(epi_write_function) behind;

void epi_words_write_by(epi_write_function libcs)
{
    behind = libcs;
}

ssize_t __real_write(int fd, const void *text, size_t size);
ssize_t __wrap_write(int fd, const void *text, size_t size);
ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);

ssize_t __wrap_write(int fd, const void *text, size_t size)
{
    if (__builtin_expect(fd != STDERR_FILENO, 1))
        return __real_write(fd, text, size);
    epi_write_function libcs = behind;
    return epi_words_write(text, size, libcs != NULL ? libcs : __real_write);
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
    ssize_t n = __real_writev(fd, parts, count);
    struct slot *slot = fd == STDERR_FILENO && n > 0 ? listen() : NULL;
    size_t left = n > 0 ? (size_t)n : 0;
    struct iovec part;
    for (int i = 0; slot != NULL && left > 0 && epi_peek(&part, (uintptr_t)&parts[i], sizeof part);
         i++) {
        size_t size = part.iov_len < left ? part.iov_len : left;
        append(slot, part.iov_base, size);
        left -= size;
    }
    return n;
}

#endif
