/* The threads that wrote last have a slot each.  A thread writes its own slot alone, so
 * pieces of a message that come by a call each stand one after the other, and no lock is needed; a
 * slot whose thread has been silent for a second is another's to take.  What a signal handler
 * writes while its thread is at its slot is not kept.
 *
 * Of a text that goes on and on the end is kept, with no look at what it says, but for one
 * case.  A Rust panic tells its reason first, and a backtrace of kilobytes may follow; one that
 * reaches extern "C" is followed by a second panic, which only says that, and always has
 * a backtrace (std::panicking::default_hook).  So what follows "thread '" is kept
 * apart, of the last three. */
#include "lastwords.h"
#include "self.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../incident/incident.h"
#include "../memory/peek.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 16, PROBES = 4 };
enum { TAIL = 512, HEADS = 3, HEAD = 256 };
enum { WINDOW_MS = 1000, PANIC_MS = 10000, CANCELLED_MS = 60000 };

/* Who has a slot: the thread's number (22 bits: PID_MAX_LIMIT), whether it is writing there, and the
 * milliseconds of its last write; 0: nobody.  32 bits of these would come round in 50 days, and an
 * old text with them. */
enum { TIME_BITS = 41, TID_SHIFT };
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define WRITING   (UINT64_C(1) << TIME_BITS)

/* A panic: the first bytes of the text from AT on. */
struct head {
    uint64_t at, when;
    uint32_t size; /* 0: there is none */
    char text[HEAD];
};

struct slot {
    _Alignas(64) _Atomic uint64_t who; /* a line of the cache of its own: others look at it */
    _Atomic uint64_t size; /* of all the text */
    /* The text from FROM[0] on is not older than SINCE[0]; [1] are the values before that. */
    uint64_t from[2], since[2];
    uint32_t panics; /* so far; the Ith is in HEAD[I % HEADS] */
    struct head head[HEADS];
    char tail[TAIL]; /* a ring */
};

static struct slot slots[SLOTS];

static EPI_SAFE int tid_of(uint64_t who)
{
    return (int)(who >> TID_SHIFT);
}

static EPI_SAFE uint64_t when_of(uint64_t who)
{
    return who & TIME_MASK;
}

static void clear(struct slot *slot, uint64_t now)
{
    slot->size = 0;
    slot->from[0] = slot->from[1] = 0;
    slot->since[0] = slot->since[1] = now;
    slot->panics = 0;
    for (int i = 0; i < HEADS; i++)
        slot->head[i].size = 0;
}

/* Of a time that another thread has taken, perhaps later than this one's. */
static EPI_SAFE uint64_t age(uint64_t ms, uint64_t when)
{
    return ms > when ? ms - when : 0;
}

/* A thread that writes may have to wait for a processor for long; one that was cancelled, or
 * left by a jump out of a handler, while it did never ends. */
static bool is_free(uint64_t who, uint64_t now)
{
    return who == 0 || age(now, when_of(who)) > ((who & WRITING) != 0 ? CANCELLED_MS : WINDOW_MS);
}

/* The slot of the thread that MINE names, until give_back; NULL: others have them all. */
static struct slot *take_slot(uint64_t mine)
{
    struct slot *old = NULL;
    uint64_t who, now = when_of(mine);
    for (unsigned i = 0; i < PROBES; i++) {
        struct slot *slot = &slots[((unsigned)tid_of(mine) + i) % SLOTS];
        who = slot->who;
        if (tid_of(who) == tid_of(mine)) {
            bool interrupted = (who & WRITING) != 0 && !is_free(who, now);
            return !interrupted && atomic_compare_exchange_strong(&slot->who, &who, mine | WRITING)
                       ? slot : NULL;
        }
        if (old == NULL && is_free(who, now))
            old = slot;
    }
    if (old == NULL)
        return NULL;
    who = old->who;
    if (!is_free(who, now) || !atomic_compare_exchange_strong(&old->who, &who, mine | WRITING))
        return NULL;
    clear(old, now);
    return old;
}

/* Unless the slot has been taken meanwhile. */
static void give_back(struct slot *slot, uint64_t mine)
{
    uint64_t who = mine | WRITING;
    atomic_compare_exchange_strong(&slot->who, &who, mine);
}

static void keep_time(struct slot *slot, uint64_t now)
{
    if (age(now, slot->since[0]) <= WINDOW_MS)
        return;
    slot->from[1] = slot->from[0];
    slot->since[1] = slot->since[0];
    slot->from[0] = slot->size;
    slot->since[0] = now;
}

/* As "\nthread 'main' (1) panicked at" does; older Rust has no newline there, and wrote each
 * piece by a call. */
static bool is_panic(const char *text, size_t size)
{
    uint64_t begin;
    return size >= sizeof begin && epi_peek64(&begin, (uintptr_t)text) &&
           (epi_equal((const char *)&begin, "\nthread ", sizeof begin) ||
            epi_equal((const char *)&begin, "thread '", sizeof begin));
}

/* As epi_peek, whose string instruction takes 20 ns to get going. */
static bool copy(char *to, uintptr_t from, size_t size)
{
    uint64_t word;
    if (size < sizeof word || size > 16 * sizeof word)
        return epi_peek(to, from, size);
    for (size_t at = 0; at < size; at += sizeof word) {
        if (at > size - sizeof word)
            at = size - sizeof word; /* some bytes once more */
        if (!epi_peek64(&word, from + at))
            return false;
        memcpy(to + at, &word, sizeof word);
    }
    return true;
}

static void keep_head(struct slot *slot, uint64_t now, uintptr_t text, size_t size)
{
    if (slot->panics == 0)
        return;
    struct head *head = &slot->head[(slot->panics - 1) % HEADS];
    uint32_t used = head->size;
    size_t room = used < HEAD ? HEAD - used : 0, more = size < room ? size : room;
    if (more > 0 && copy(head->text + used, text, more)) {
        head->size = used + (uint32_t)more;
        head->when = now;
    }
}

/* Another thread may have unmapped the text since, and the null device does not look at it. */
static void append(struct slot *slot, uint64_t now, const char *text, size_t size)
{
    keep_time(slot, now);
    if (is_panic(text, size)) {
        struct head *head = &slot->head[slot->panics++ % HEADS];
        head->at = slot->size;
        head->size = 0;
    }
    keep_head(slot, now, (uintptr_t)text, size);
    uint64_t at = slot->size, end = at + size;
    if (size > TAIL) {
        text += size - TAIL;
        at = end - TAIL;
    }
    while (at < end) {
        size_t room = TAIL - at % TAIL, piece = end - at < room ? end - at : room;
        if (!copy(&slot->tail[at % TAIL], (uintptr_t)text, piece))
            return;
        text += piece;
        at += piece;
    }
    atomic_store_explicit(&slot->size, end, memory_order_release); /* last: a fault may come at any time */
}

/* Who writes now, or 0: nobody listens.  Before Enable a load that fails would be somebody
 * else's fault.  The coarse clock is but a load: no system call is made beside the write's. */
static uint64_t listen(void)
{
    const struct epi_options *options = epi_incidents.options;
    struct timespec now;
    if (options == NULL || !options->standard_error ||
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0)
        return 0;
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / EPI_MS;
    return (uint64_t)epi_self_thread() << TID_SHIFT | (ms & TIME_MASK);
}

ssize_t epi_words_write(const void *text, size_t size, epi_write_function libcs)
{
    ssize_t n = libcs(STDERR_FILENO, text, size);
    uint64_t mine = n > 0 ? listen() : 0;
    struct slot *slot = mine != 0 ? take_slot(mine) : NULL;
    if (slot != NULL) {
        append(slot, when_of(mine), text, (size_t)n);
        give_back(slot, mine);
    }
    return n;
}

/* What has been taken over so far: to the byte AT of the slot's text. */
struct words {
    char *text;
    size_t size;
    uint64_t at;
};

/* Adds the bytes from FROM to TO of the slot's text, which stand in a ring of SIZE from START on. */
static EPI_SAFE void add(struct words *words, uint64_t from, uint64_t to, const char *ring,
                         uint64_t start, size_t size)
{
    static const char gap[] = "\n...\n";
    if (from < words->at)
        from = words->at;
    if (from >= to)
        return;
    if (words->size > 0 && from > words->at) {
        epi_copy(words->text + words->size, gap, sizeof gap - 1);
        words->size += sizeof gap - 1;
    }
    for (uint64_t i = from; i < to; i++)
        words->text[words->size++] = ring[(i - start) % size];
    words->at = to;
}

/* Without the backtrace: the report has the stack. */
static EPI_SAFE uint32_t size_of(const struct head *head)
{
    static const char backtrace[] = "\nstack backtrace:\n";
    uint32_t size = head->size < HEAD ? head->size : HEAD;
    for (uint32_t i = 0; i + sizeof backtrace - 1 <= size; i++)
        if (epi_equal(head->text + i, backtrace, sizeof backtrace - 1))
            return i;
    return size;
}

/* What of the end of the text was written a moment before MS, in whole lines where it was cut. */
static EPI_SAFE void add_tail(struct words *words, const struct slot *slot, uint64_t ms)
{
    uint64_t size = slot->size;
    uint64_t from = age(ms, slot->since[1]) <= 2 * WINDOW_MS ? slot->from[1] : slot->from[0];
    if (size > TAIL && from < size - TAIL) {
        from = size - TAIL;
        for (uint64_t i = from; i < size - 1 && from == size - TAIL; i++)
            if (slot->tail[i % TAIL] == '\n')
                from = i + 1;
    }
    add(words, from, size, slot->tail, 0, TAIL);
}

EPI_SAFE size_t epi_words_last(int tid, uint64_t now, char text[EPI_WORDS])
{
    _Static_assert(HEADS * (HEAD + 5) + TAIL + 5 < EPI_WORDS, "");
    struct words words = {text, 0, 0};
    const struct slot *slot = NULL;
    uint64_t ms = now / EPI_MS & TIME_MASK;
    for (unsigned i = 0; i < SLOTS && slot == NULL; i++)
        if (tid_of(slots[i].who) == tid)
            slot = &slots[i];
    text[0] = '\0';
    if (slot == NULL || age(ms, when_of(slot->who)) > WINDOW_MS)
        return 0;
    for (uint32_t i = slot->panics < HEADS ? 0 : slot->panics - HEADS; i < slot->panics; i++) {
        const struct head *head = &slot->head[i % HEADS];
        if (head->size > 0 && age(ms, head->when) <= PANIC_MS)
            add(&words, head->at, head->at + size_of(head), head->text, head->at, HEAD);
    }
    add_tail(&words, slot, ms);
    if (tid_of(slot->who) != tid) /* it was silent for a second just now, and another took it */
        words.size = 0;
    text[words.size] = '\0';
    return words.size;
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
    uint64_t mine = fd == STDERR_FILENO && n > 0 ? listen() : 0;
    struct slot *slot = mine != 0 ? take_slot(mine) : NULL;
    size_t left = n > 0 ? (size_t)n : 0;
    struct iovec part;
    if (slot == NULL)
        return n;
    for (int i = 0; i < count && left > 0 && epi_peek(&part, (uintptr_t)&parts[i], sizeof part); i++) {
        size_t size = part.iov_len < left ? part.iov_len : left;
        append(slot, when_of(mine), part.iov_base, size);
        left -= size;
    }
    give_back(slot, mine);
    return n;
}

#endif
