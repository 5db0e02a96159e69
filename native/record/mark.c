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

/* The newest signal that has asked the program to end.  It is kept before the program hears
 * of it, in memory, and written behind that, by the handler; or by the exit of a program that
 * is faster than the handler's write. */
enum { UNASKED, FILLING, ASKED };
static struct epi_mark request;
static _Atomic int asked;

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

/* Two that write the same at the same time do no harm. */
static EPI_SAFE void write_request(void)
{
    struct epi_mark copy;
    int before = ASKED;
    if (atomic_load(&asked) != ASKED)
        return;
    epi_copy(&copy, &request, sizeof copy);
    if (atomic_load(&asked) != ASKED) /* another one comes, and is written */
        return;
    write_end(&copy, EPI_BOX_ASKED);
    atomic_compare_exchange_strong(&asked, &before, UNASKED);
}

EPI_SAFE void epi_mark_exit(enum epi_mark_how how, int status, const char *text)
{
    struct epi_mark end;
    if (!has_box() || atomic_exchange(&ending, OF_EXIT) == OF_EXIT)
        return;
    write_request();
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
    int before = atomic_load(&asked);
    if (before == FILLING || !has_box() ||
        !atomic_compare_exchange_strong(&asked, &before, FILLING))
        return;
    of_signal(&request, signal, info);
    atomic_store(&asked, ASKED);
}

EPI_SAFE void epi_mark_asked(void)
{
    if (has_box())
        write_request();
}
