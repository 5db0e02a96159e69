/* Which threads create one, and what is passed on to them. */
#include "creator.h"
#include "masks.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"

#include <stdatomic.h>

/* The ids of threads that create one, until it has begun; 0: free.  If there are more at a time,
 * the rest goes without. */
static _Atomic int creators[16];

int epi_creator_begins(int creator)
{
    for (int i = 0; i < (int)EPI_COUNT(creators); i++) {
        int none = 0;
        if (creators[i] == 0 && atomic_compare_exchange_strong(&creators[i], &none, creator))
            return i;
    }
    return EPI_NO_CREATION;
}

void epi_creator_ends(int creation)
{
    if (creation != EPI_NO_CREATION)
        creators[creation] = 0;
}

static _Thread_local struct {
    bool begun; /* has come by create.c, and is past its start */
    int go_creator;
} thread __attribute__((tls_model("initial-exec")));

void epi_creator_thread_begins(int creation, int go_creator)
{
    thread.go_creator = go_creator;
    thread.begun = true;
    epi_creator_ends(creation);
}

/* A thread that has not begun need not have been created now, but before the core was enabled:
 * then the signal ends the process from another thread, that is all. */
static EPI_SAFE int creator_of_this(void)
{
    if (thread.begun)
        return thread.go_creator;
    int self = epi_gettid();
    for (size_t i = 0; i < EPI_COUNT(creators); i++) {
        int creator = creators[i];
        if (creator != 0 && creator != self)
            return creator;
    }
    return 0;
}

/* The last signal that was passed on.  Its creator gets it as tgkill's of this process, since
 * kill's cannot be sent to another thread (kernel/signal.c, do_rt_tgsigqueueinfo), and what
 * sigqueue sends is a fault for Go (runtime/signal_unix.go, sigFromUser). */
static struct {
    _Atomic int creator; /* 0: none, or it has it */
    int signal;
    siginfo_t info;
} passed;

/* While another one is on its way, this process is the sender. */
static EPI_SAFE bool keep_sender(int signal, const siginfo_t *info, int creator)
{
    enum { BEING_WRITTEN = -1 };
    int none = 0;
    if (!atomic_compare_exchange_strong(&passed.creator, &none, BEING_WRITTEN))
        return false;
    passed.signal = signal;
    epi_copy(&passed.info, info, sizeof passed.info);
    passed.creator = creator;
    return true;
}

static EPI_SAFE void find_sender(int signal, siginfo_t *info)
{
    if (passed.creator <= 0 || passed.signal != signal || passed.creator != epi_gettid())
        return;
    epi_copy(info, &passed.info, sizeof *info);
    passed.creator = 0;
}

EPI_SAFE bool epi_creator_takes(int signal, siginfo_t *info)
{
    if (info->si_code > 0 || !epi_mask_stays_open(signal))
        return false;
    if (info->si_code == SI_TKILL) {
        find_sender(signal, info);
        return false;
    }
    int creator = epi_go_g(epi_program.go) != 0 ? 0 : creator_of_this();
    if (creator == 0)
        return false;
    bool kept = keep_sender(signal, info, creator);
    if (epi_syscall6(SYS_tgkill, epi_getpid(), creator, signal, 0, 0, 0) == 0)
        return true;
    if (kept)
        passed.creator = 0; /* there is no such thread any more */
    return false;
}
