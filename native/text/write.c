/* The writes that bring text out in pieces, polled for, to a descriptor that may be stuck;
 * or to another one, when that fails. */
#include "write.h"
#include "escape.h"
#include "json.h"
#include "out.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

/* The process may have been stopped meanwhile, for which the helper thread postpones the
 * deadline.  It goes on in the same moment as this thread, but on a busy machine it may run
 * much later: so the deadline has expired when the helper has looked behind it.  ROUNDS are
 * for a helper that never does. */
#define ROUND (5 * EPI_MS)
#define ROUNDS 100

static EPI_SAFE bool is_over(const struct epi_out *out, uint64_t *now)
{
    for (int i = 0;; i++) {
        uint64_t watched = out->watched; /* first: what it has postponed by then is seen below */
        uint64_t deadline = out->deadline;
        if ((*now = epi_now()) < deadline)
            return false;
        if (watched >= deadline || i == ROUNDS)
            return true;
        epi_pause(ROUND);
    }
}

EPI_SAFE void epi_out_catch_up(struct epi_out *out)
{
    uint64_t watched = out->watched;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t now = epi_now();
        if (watched == EPI_OUT_ALONE || watched == out->missed || now <= watched ||
            now - watched <= EPI_STOP)
            return;
        epi_pause(ROUND);
        watched = out->watched;
    }
    out->missed = watched;
}

EPI_SAFE EPI_ON_CRASH bool epi_out_takes_text(struct epi_out *out)
{
    struct pollfd poll = {.fd = out->target.fd, .events = POLLOUT, .revents = 0};
    struct timespec now = {0, 0};
    out->polled = out->target.fd >= 0 &&
                  epi_syscall6(SYS_ppoll, (long)&poll, 1, (long)&now, 0, 0, 0) == 1 &&
                  poll.revents == POLLOUT;
    return out->polled;
}

/* Waits until FD takes text.  True when a write is worth a try: also after an
 * error that only the write can name; then it is BROKEN. */
static EPI_SAFE EPI_ON_CRASH bool wait_writable(struct epi_out *out, bool *broken)
{
    *broken = false;
    if (out->polled) {
        out->polled = false;
        return true;
    }
    for (;;) {
        *broken = false;
        uint64_t now, end;
        if (is_over(out, &now))
            return false;
        end = out->deadline;
        struct pollfd poll = {.fd = out->target.fd, .events = POLLOUT, .revents = 0};
        struct timespec left = epi_timespec(end > now ? end - now : 0);
        long n = epi_syscall6(SYS_ppoll, (long)&poll, 1, (long)&left, 0, 0, 0);
        if (n != 0 && n != -EINTR) {
            *broken = n > 0 && (poll.revents & (POLLERR | POLLHUP)) != 0;
            return true;
        }
    }
}

static EPI_SAFE bool pipe_signal_waits(void)
{
    uint64_t pending = 0;
    return epi_syscall6(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0) == 0 &&
           (pending & epi_mask_of(SIGPIPE)) != 0;
}

/* Where the reader of a pipe is gone, a write sends its thread SIGPIPE.  Whoever reports
 * blocks that signal; when the mask is put back, a program in which it is deadly would
 * die of having been dumped. */
static EPI_SAFE void take_pipe_signal(void)
{
    uint64_t set = epi_mask_of(SIGPIPE);
    struct timespec now = {0, 0};
    epi_syscall6(SYS_rt_sigtimedwait, (long)&set, 0, (long)&now, sizeof set, 0, 0);
}

/* The target is gone for good: the rest goes to the fallback, or nowhere. */
static EPI_SAFE bool fall_back(struct epi_out *out, int error)
{
    if (out->error == 0)
        out->error = error;
    bool another = out->fallback.fd >= 0 && epi_fd_valid(&out->fallback);
    out->target = out->fallback;
    out->fallback.fd = -1;
    out->plain = false;
    if (!another)
        out->target.fd = -1;
    return another;
}

/* Writes to the target until all is out, or that has failed and there is another, or none.
 * How much it took. */
static EPI_SAFE EPI_ON_CRASH size_t write_target(struct epi_out *out, const char *text,
                                                 size_t size)
{
    size_t done = 0;
    while (done < size) {
        bool broken;
        if (!wait_writable(out, &broken)) {
            fall_back(out, ETIMEDOUT);
            out->target.fd = -1; /* no time is left for the fallback either */
            return done;
        }
        bool waited = broken && pipe_signal_waits(); /* the program's own stays */
        long n = epi_syscall6(SYS_write, out->target.fd, (long)(text + done),
                              (long)(size - done), 0, 0, 0);
        if (n == -EPIPE && !waited)
            take_pipe_signal();
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0) {
            fall_back(out, EIO);
            return done;
        } else if (n != -EINTR && n != -EAGAIN) {
            fall_back(out, (int)-n);
            return done;
        }
    }
    return done;
}

/* The same for a part of the text of a record.  Where a target fails, the next one has a
 * record of its own, with the rest of the text. */
static EPI_SAFE size_t write_record(struct epi_out *out, const char *text, size_t size)
{
    struct epi_record *record = out->record;
    record->target = out->target;
    if (!record->opened &&
        write_target(out, record->open, record->open_size) < record->open_size)
        return 0;
    record->opened = true;
    size_t most = sizeof record->piece / 2, taken = size < most ? size : most;
    size_t bytes = epi_json_escape(record->piece, text, taken);
    size_t written = write_target(out, record->piece, bytes);
    if (written == bytes)
        return taken;
    record->opened = false;
    record->broken = true;
    size_t whole = epi_json_taken(text, taken, written);
    record->half = epi_json_escape(record->piece, text, whole) < written;
    return whole;
}

EPI_SAFE EPI_ON_CRASH void epi_out_write(struct epi_out *out, const char *text, size_t size)
{
    while (size > 0) {
        if (out->target.fd < 0) {
            out->lost = !out->only_copy;
            return;
        }
        bool record = out->record != NULL && !out->plain;
        size_t done = record ? write_record(out, text, size) : write_target(out, text, size);
        text += done;
        size -= done;
    }
}

/* A reader that has stood still may read on behind the deadline: the line that it gets
 * then has an end, if there is room for that now. */
static EPI_SAFE void end_broken(const struct epi_record *record)
{
    static const char end[] = "\\\"}\n";
    const char *from = record->half ? end : end + 1;
    struct pollfd poll = {.fd = record->target.fd, .events = POLLOUT, .revents = 0};
    struct timespec now = {0, 0};
    if (epi_fd_valid(&record->target) &&
        epi_syscall6(SYS_ppoll, (long)&poll, 1, (long)&now, 0, 0, 0) == 1 &&
        (poll.revents & POLLOUT) != 0)
        epi_syscall6(SYS_write, record->target.fd, (long)from, (long)epi_strlen(from), 0, 0, 0);
}

EPI_SAFE void epi_out_end_record(struct epi_out *out)
{
    struct epi_record *record = out->record;
    if (record->opened)
        write_target(out, out->buffer, out->used);
    else if (record->broken && out->target.fd < 0)
        end_broken(record);
    record->opened = record->broken = false;
    out->used = 0;
}
