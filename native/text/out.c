/* Text in a fixed buffer, numbers and strings without libc. */
#include "out.h"
#include "write.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

EPI_SAFE EPI_ON_CRASH void epi_out_start(struct epi_out *out, struct epi_fd target,
                                         struct epi_fd fallback, uint64_t deadline)
{
    out->target = target;
    out->fallback = fallback;
    out->deadline = deadline;
    out->watched = EPI_OUT_ALONE;
    out->missed = EPI_OUT_ALONE;
    out->copy.fd = -1;
    out->copy_error = 0;
    out->locked = 0;
    out->keep = NULL;
    out->head.text = NULL;
    out->head.size = 0;
    out->record = NULL;
    out->plain = false;
    out->flushed = 0;
    out->error = 0;
    out->lost = false;
    out->only_copy = false;
    out->line_start = true;
    out->writing = false;
    out->waited = 0;
    out->polled = false;
    out->used = 0;
}

EPI_SAFE EPI_ON_CRASH void epi_out_copy(struct epi_out *out, const char *text, size_t size)
{
    if (size > out->copy_end - out->copy_at)
        size = out->copy_end - out->copy_at;
    if (size > 0 && out->copy.fd >= 0 && !epi_fd_valid(&out->copy)) {
        out->copy.fd = -1;
        out->copy_error = EBADF;
    }
    while (size > 0 && out->copy.fd >= 0) {
        long n = epi_syscall6(SYS_pwrite64, out->copy.fd, (long)text, (long)size,
                              (long)out->copy_at, 0, 0);
        if (n > 0) {
            text += n;
            size -= (size_t)n;
            out->copy_at += (uint64_t)n;
        } else if (n != -EINTR || epi_now() >= out->deadline) {
            out->copy.fd = -1;
            out->copy_error = (int)-n;
        }
    }
}

/* A record lock (fcntl) is the process's, whichever descriptor it is made through,
 * so it works between processes that inherited their standard error from the same
 * shell, which a lock of the open file (flock) does not; on pipes and terminals
 * too.  Its one byte is where no file has any, out of the way of the program's own
 * locks. */
#define LOCKED_BYTE (INT64_MAX - 1)

static EPI_SAFE EPI_ON_CRASH long set_lock(int fd, short type)
{
    struct flock lock;
    epi_zero(&lock, sizeof lock);
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = LOCKED_BYTE;
    lock.l_len = 1;
    return epi_syscall6(SYS_fcntl, fd, F_SETLK, (long)&lock, 0, 0, 0);
}

EPI_SAFE EPI_ON_CRASH void epi_out_lock(struct epi_out *out, uint64_t until)
{
    int fd = out->target.fd;
    long error;
    while (fd >= 0 && ((error = set_lock(fd, F_WRLCK)) == -EAGAIN || error == -EACCES)) {
        if (epi_now() >= until)
            return;
        epi_pause(EPI_MS);
    }
    if (fd >= 0 && error == 0)
        out->locked = fd + 1;
}

EPI_SAFE void epi_out_unlock(struct epi_out *out)
{
    if (out->locked != 0)
        set_lock(out->locked - 1, F_UNLCK);
    out->locked = 0;
}

/* As much of the buffer as there is room for behind KEPT bytes. */
static EPI_SAFE EPI_ON_CRASH void keep(char *memory, size_t room, size_t *kept,
                                       const struct epi_out *out, size_t size)
{
    if (size > room - *kept)
        size = room - *kept;
    epi_copy(memory + *kept, out->buffer, size);
    *kept += size;
}

EPI_SAFE EPI_ON_CRASH void epi_out_flush(struct epi_out *out)
{
    /* Emptied first: when a deadline jumps out of the write, the same text
     * must not be written again. */
    size_t size = out->used;
    uint64_t began = epi_now();
    out->flushed += size;
    out->used = 0;
    out->writing = true;
    if (out->keep != NULL)
        keep(out->keep, out->keep_size, &out->kept, out, size);
    if (out->head.text != NULL)
        keep(out->head.text, out->head.room, &out->head.size, out, size);
    epi_out_copy(out, out->buffer, size); /* first: it waits for no reader */
    epi_out_write(out, out->buffer, size);
    out->waited += epi_now() - began;
    out->writing = false; /* after that: the helper must not count it as the stage's */
}

EPI_SAFE EPI_ON_CRASH void epi_out_char(struct epi_out *out, char c)
{
    if (out->used == sizeof out->buffer)
        epi_out_flush(out);
    out->buffer[out->used++] = c;
    out->line_start = c == '\n';
}

EPI_SAFE EPI_ON_CRASH void epi_out_text(struct epi_out *out, const char *text)
{
    while (*text != '\0')
        epi_out_char(out, *text++);
}

static EPI_SAFE void digits(struct epi_out *out, uint64_t value, unsigned base,
                            unsigned least)
{
    char text[20];
    unsigned n = 0;
    do {
        text[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || n < least);
    while (n > 0)
        epi_out_char(out, text[--n]);
}

EPI_SAFE void epi_out_decimal(struct epi_out *out, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        epi_out_char(out, '-');
        magnitude = 0 - magnitude;
    }
    digits(out, magnitude, 10, 1);
}

EPI_SAFE void epi_out_padded(struct epi_out *out, uint64_t value, unsigned least)
{
    digits(out, value, 10, least);
}

EPI_SAFE void epi_out_hex(struct epi_out *out, uint64_t value)
{
    epi_out_text(out, "0x");
    digits(out, value, 16, 1);
}

EPI_SAFE void epi_out_address(struct epi_out *out, uint64_t value)
{
    epi_out_text(out, "0x");
    digits(out, value, 16, 16);
}

EPI_SAFE void epi_out_byte(struct epi_out *out, uint8_t value)
{
    digits(out, value, 16, 2);
}

EPI_SAFE void epi_out_seconds(struct epi_out *out, uint64_t ns)
{
    digits(out, ns / EPI_SECOND, 10, 1);
    epi_out_char(out, '.');
    digits(out, ns % EPI_SECOND / EPI_MS, 10, 3);
}

EPI_SAFE void epi_out_clock(struct epi_out *out, uint64_t ns)
{
    uint64_t us = (ns + 999) / 1000, seconds = us / 1000000;
    digits(out, seconds / 3600, 10, 1);
    epi_out_char(out, ':');
    digits(out, seconds / 60 % 60, 10, 2);
    epi_out_char(out, ':');
    digits(out, seconds % 60, 10, 2);
    if (us % 1000000 == 0)
        return;
    epi_out_char(out, '.');
    digits(out, us % 1000000, 10, 6);
}

/* Days since 1970 to a date of the proleptic Gregorian calendar; years are
 * counted from March, so that the leap day is the last.  libc's gmtime_r takes
 * a lock and may read the environment. */
EPI_SAFE void epi_out_time(struct epi_out *out, uint64_t ns_since_1970)
{
    uint64_t seconds = ns_since_1970 / EPI_SECOND;
    uint64_t day = seconds / 86400 + 719468; /* since 0000-03-01 */
    uint64_t era = day / 146097, of_era = day % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153; /* 0: March */
    uint64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    epi_out_padded(out, era * 400 + year + (month >= 10 ? 1 : 0), 4);
    epi_out_char(out, '-');
    epi_out_padded(out, month < 10 ? month + 3 : month - 9, 2);
    epi_out_char(out, '-');
    epi_out_padded(out, of_month, 2);
    epi_out_char(out, 'T');
    epi_out_padded(out, seconds / 3600 % 24, 2);
    epi_out_char(out, ':');
    epi_out_padded(out, seconds / 60 % 60, 2);
    epi_out_char(out, ':');
    epi_out_padded(out, seconds % 60, 2);
    epi_out_char(out, '.');
    epi_out_padded(out, ns_since_1970 % EPI_SECOND / 1000, 6);
    epi_out_char(out, 'Z');
}

EPI_SAFE uint32_t epi_text_code_point(const char *text, unsigned *length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    unsigned n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    uint32_t value = first & (0x7fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) /* stops at the terminator */
            return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3fu);
    }
    if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *length = n;
    return value;
}

static EPI_SAFE bool is_one_of(char c, const char *list)
{
    while (*list != '\0' && *list != c)
        list++;
    return *list != '\0';
}

/* One character; those in SPECIAL have a meaning here.  Returns its length.
 * LATIN writes the code points up to 0xff as faulthandler does, as \xNN, like
 * bytes that are no text. */
static EPI_SAFE unsigned escape_one(struct epi_out *out, const char *text, const char *special,
                                    bool latin)
{
    unsigned length = 1;
    uint32_t point;
    if (*text >= 0x20 && *text < 0x7f && !is_one_of(*text, special)) {
        epi_out_char(out, *text);
    } else if ((point = epi_text_code_point(text, &length)) > 0xffff) {
        epi_out_text(out, "\\U");
        digits(out, point, 16, 8);
    } else if (point > (latin ? 0xff : 0x7f)) {
        epi_out_text(out, "\\u");
        digits(out, point, 16, 4);
    } else {
        epi_out_text(out, "\\x");
        digits(out, point != 0 ? point : (unsigned char)*text, 16, 2);
    }
    return length;
}

static EPI_SAFE void escape(struct epi_out *out, const char *text, const char *special,
                            bool latin)
{
    for (unsigned characters = 0; *text != '\0'; characters++) {
        if (characters == EPI_OUT_STRING) {
            epi_out_text(out, "...");
            return;
        }
        text += escape_one(out, text, special, latin);
    }
}

EPI_SAFE void epi_out_escaped(struct epi_out *out, const char *text)
{
    escape(out, text, "\"\\", true);
}

EPI_SAFE void epi_out_name(struct epi_out *out, const char *text)
{
    escape(out, text, "\"\\];", true);
}

EPI_SAFE void epi_out_line(struct epi_out *out, const char *text)
{
    escape(out, text, "\\", false);
}

EPI_SAFE size_t epi_out_lines(struct epi_out *out, const char *text, size_t size, bool more)
{
    enum { LONGEST = 4 }; /* of the code points */
    size_t i = 0;
    while (i < size && (!more || size - i >= LONGEST)) {
        if (out->line_start)
            epi_out_text(out, "  ");
        if (text[i] == '\n' || text[i] == '\t')
            epi_out_char(out, text[i++]);
        else
            i += escape_one(out, text + i, "\\", false);
    }
    return i;
}

EPI_SAFE size_t epi_out_rest(struct epi_out *out, char *buffer, size_t size, bool more)
{
    size_t done = epi_out_lines(out, buffer, size, more), kept = 0;
    for (; done + kept < size; kept++)
        buffer[kept] = buffer[done + kept];
    return kept;
}

EPI_SAFE void epi_out_fresh_line(struct epi_out *out)
{
    if (!out->line_start)
        epi_out_char(out, '\n');
}
