/* The report's text: formatted into a fixed buffer, written so that no reader can
 * hold the dying process up.
 *
 * A write is preceded by a poll with the time that is left, and carries at most
 * 4 KiB: a pipe that polls writable takes that much without blocking.
 * O_NONBLOCK is not set, since the open file belongs to others as well.  When a
 * write blocks all the same, the helper thread interrupts it (EINTR). */
#ifndef EPI_OUT_H
#define EPI_OUT_H

#include "../base/base.h"
#include "../base/fd.h"

#define EPI_OUT_BUFFER 4096
#define EPI_OUT_ALONE UINT64_MAX

struct epi_record; /* json.h */

/* As CPython's faulthandler: strings from outside end here, with "...". */
#define EPI_OUT_STRING 500

struct epi_out {
    struct epi_fd target;   /* where the text goes */
    struct epi_fd fallback; /* where it goes on when that fails; -1: nowhere */
    /* Monotonic; text that is not out by then is lost.  The helper thread postpones it by the
     * time for which the process was stopped.  WATCHED is until when it has done so, or
     * EPI_OUT_ALONE where it does not look. */
    _Atomic uint64_t deadline, watched;
    uint64_t missed; /* WATCHED, when it was waited for in vain; or EPI_OUT_ALONE */
    /* A file that gets the text as well, by pwrite: a black box.  -1: none, or it
     * failed with copy_error. */
    struct epi_fd copy;
    uint64_t copy_at, copy_end; /* offsets in it */
    int copy_error;
    int locked;             /* 1 + the descriptor that is locked; 0: none */
    /* Memory that gets the text as well, as far as it goes; NULL: none. */
    char *keep;
    size_t keep_size, kept;
    /* The same for the beginning of a report; text NULL: none. */
    struct {
        char *text;
        size_t room, size;
    } head;
    /* What stands around the text on the target, in one line; NULL: nothing.  PLAIN: not on
     * this target, but on the fallback. */
    struct epi_record *record;
    bool plain;
    uint64_t flushed;       /* bytes taken out of the buffer so far */
    int error;              /* errno of the first write that failed for good */
    bool lost;              /* some text went nowhere */
    bool only_copy;         /* it was never meant for more than the copy */
    bool line_start;        /* the last byte was a newline */
    /* For the helper thread: a write is under way, and its deadline counts
     * instead of the stage's. */
    _Atomic bool writing;
    _Atomic uint64_t waited; /* spent in writes; not the stage's fault */
    bool polled; /* the target was ready just now: the next write does not poll */
    uint32_t used;
    char buffer[EPI_OUT_BUFFER];
};

/* OUT is EPI_OUT_ALONE. */
EPI_SAFE void epi_out_start(struct epi_out *out, struct epi_fd target,
                            struct epi_fd fallback, uint64_t deadline);
EPI_SAFE void epi_out_flush(struct epi_out *out);

/* Keeps other processes that report to the same file from writing in between, if
 * they are not at it for longer than until UNTIL (monotonic): then nothing is kept
 * from anybody, and the text is as it would have been without. */
EPI_SAFE void epi_out_lock(struct epi_out *out, uint64_t until);
EPI_SAFE void epi_out_unlock(struct epi_out *out);

/* Writes text to the copy only. */
EPI_SAFE void epi_out_copy(struct epi_out *out, const char *text, size_t size);

/* Bytes formatted since epi_out_start. */
static inline EPI_SAFE uint64_t epi_out_total(const struct epi_out *out)
{
    return out->flushed + out->used;
}

EPI_SAFE void epi_out_char(struct epi_out *out, char c);
EPI_SAFE void epi_out_text(struct epi_out *out, const char *text);
EPI_SAFE void epi_out_decimal(struct epi_out *out, int64_t value);
EPI_SAFE void epi_out_padded(struct epi_out *out, uint64_t value, unsigned digits);
EPI_SAFE void epi_out_hex(struct epi_out *out, uint64_t value);     /* 0x2a */
EPI_SAFE void epi_out_address(struct epi_out *out, uint64_t value); /* 16 digits */
EPI_SAFE void epi_out_byte(struct epi_out *out, uint8_t value);     /* 2a */
EPI_SAFE void epi_out_seconds(struct epi_out *out, uint64_t ns);    /* 3.204 */
/* As CPython's faulthandler: 0:00:00.500000, rounded up; 1:01:01. */
EPI_SAFE void epi_out_clock(struct epi_out *out, uint64_t ns);
EPI_SAFE void epi_out_time(struct epi_out *out, uint64_t ns_since_1970);

/* A string from outside (a path, a name): UTF-8 that is not printable ASCII as
 * \xNN, \uNNNN or \UNNNNNNNN, a quotation mark and a backslash as \xNN, cut after
 * EPI_OUT_STRING characters.  TEXT must be readable. */
EPI_SAFE void epi_out_escaped(struct epi_out *out, const char *text);

/* The same for a name within brackets, where ] and ; have a meaning. */
EPI_SAFE void epi_out_name(struct epi_out *out, const char *text);

/* The same for what stands alone to the end of its line, where a quotation mark
 * has no meaning. */
EPI_SAFE void epi_out_line(struct epi_out *out, const char *text);

/* A text from outside, line by line, each indented by two spaces; without a
 * limit.  Tabs stay, and \xNN is always a byte: nothing is lost.  SIZE bytes, and a NUL behind them; with MORE to come the
 * last few may be left for the next call, since they may be half a character.
 * Returns how many were taken. */
EPI_SAFE size_t epi_out_lines(struct epi_out *out, const char *text, size_t size, bool more);

/* The same for a text that is read piece by piece: moves what was left to the
 * front of BUFFER, and returns how much that is. */
EPI_SAFE size_t epi_out_rest(struct epi_out *out, char *buffer, size_t size, bool more);

/* The code point that starts at TEXT, with its length in LENGTH; 0 when this is not
 * UTF-8 (an overlong form and a surrogate are not). */
EPI_SAFE uint32_t epi_text_code_point(const char *text, unsigned *length);

/* Begins a new line unless one has just begun. */
EPI_SAFE void epi_out_fresh_line(struct epi_out *out);

#endif
