/* Writes the ends of a program that does not crash to the black box. */
#include "mark.h"
#include "box.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../incident/process.h"

#include <errno.h>
#include <stdatomic.h>

/* An exit is the end, and takes the place of a signal that may be survived. */
enum { NOTHING, OF_SIGNAL, OF_EXIT };
static _Atomic int ending; /* there is one, or it is being written */

/* By RLIMIT_FSIZE: each attempt would raise SIGXFSZ, whose handler leaves a mark. */
static _Atomic bool refused;

/* The signals that have asked the program to end last.  Each is kept before the program hears
 * of it, in memory, and the newest is written behind that, by the handler; or by the exit of a
 * program that is faster than the handler's write.  A handler may interrupt another one
 * anywhere: so each has a place of its own, with its number when it is filled. */
#define REQUESTS 4
#define FILLING  UINT64_MAX
static struct {
    _Atomic uint64_t number; /* 0: none; or FILLING */
    struct epi_mark mark;
} request[REQUESTS];
static _Atomic uint64_t requests; /* so many there were */
static _Atomic uint64_t written;  /* the newest in the box */

static EPI_SAFE bool has_box(void)
{
    return !refused && epi_box.attached && !epi_process_is_child() && epi_box_usable();
}

static EPI_SAFE void write_end(const struct epi_mark *end, uint64_t offset)
{
    if (epi_syscall6(SYS_pwrite64, epi_box.fd.fd, (long)end, sizeof *end, (long)offset, 0, 0) ==
        -EFBIG)
        refused = true;
}

static EPI_SAFE void prepare(struct epi_mark *end, enum epi_mark_how how)
{
    epi_zero(end, sizeof *end);
    end->how = how;
    end->time = epi_clock(CLOCK_REALTIME);
    end->status = EPI_NO_STATUS;
    end->tid = (uint32_t)epi_gettid();
}

static EPI_SAFE void of_signal(struct epi_mark *end, int signal, const siginfo_t *info)
{
    prepare(end, EPI_MARK_SIGNAL);
    end->signal = (uint32_t)signal;
    if (info->si_code <= 0)
        end->sender = (uint32_t)info->si_pid;
}

/* The newest that is filled, and its number; 0: there is none. */
static EPI_SAFE uint64_t newest(struct epi_mark *mark)
{
    for (int tries = 0; tries < REQUESTS; tries++) {
        uint64_t number = 0;
        int at = 0;
        for (int i = 0; i < REQUESTS; i++) {
            uint64_t one = request[i].number;
            if (one != FILLING && one > number) {
                number = one;
                at = i;
            }
        }
        epi_copy(mark, &request[at].mark, sizeof *mark);
        atomic_thread_fence(memory_order_seq_cst);
        if (request[at].number == number)
            return number;
    }
    return 0;
}

/* Another thread may write an older one behind a newer one: so each looks once more behind its
 * own write, and is done when there is no newer one.  LAST: no handler comes to that any more. */
static EPI_SAFE void write_request(bool last)
{
    struct epi_mark mark;
    uint64_t mine = 0;
    for (int i = 0; i < 2 * REQUESTS; i++) {
        uint64_t number = newest(&mark), before = written;
        if (number <= mine || (mine == 0 && !last && number <= before))
            return;
        write_end(&mark, EPI_BOX_ASKED);
        mine = number;
        while (before < number && !atomic_compare_exchange_weak(&written, &before, number))
            ;
    }
}

EPI_SAFE void epi_mark_exit(enum epi_mark_how how, int status, const char *text)
{
    struct epi_mark end;
    if (!has_box() || atomic_exchange(&ending, OF_EXIT) == OF_EXIT)
        return;
    write_request(true);
    prepare(&end, how);
    end.status = status;
    for (size_t i = 0; text != NULL && text[i] != '\0' && i + 1 < sizeof end.text; i++)
        end.text[i] = text[i];
    write_end(&end, EPI_BOX_ENDING);
}

EPI_SAFE bool epi_mark_signal(int signal, const siginfo_t *info)
{
    struct epi_mark end;
    int nothing = NOTHING;
    if (!has_box() || !atomic_compare_exchange_strong(&ending, &nothing, OF_SIGNAL))
        return false;
    of_signal(&end, signal, info);
    write_end(&end, EPI_BOX_ENDING);
    return true;
}

EPI_SAFE void epi_mark_survived(void)
{
    struct epi_mark none;
    epi_zero(&none, sizeof none);
    int signal = OF_SIGNAL;
    if (atomic_compare_exchange_strong(&ending, &signal, NOTHING) && has_box())
        write_end(&none, EPI_BOX_ENDING);
}

EPI_SAFE void epi_mark_request(int signal, const siginfo_t *info)
{
    if (!has_box())
        return;
    uint64_t number = atomic_fetch_add(&requests, 1) + 1;
    int at = (int)(number % REQUESTS);
    uint64_t before = request[at].number;
    do {
        if (before > number) /* a newer one's; or it is being filled: so many at a time */
            return;
    } while (!atomic_compare_exchange_weak(&request[at].number, &before, FILLING));
    atomic_thread_fence(memory_order_seq_cst);
    of_signal(&request[at].mark, signal, info);
    request[at].number = number;
}

EPI_SAFE void epi_mark_asked(void)
{
    if (has_box())
        write_request(false);
}
