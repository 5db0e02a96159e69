/* Packs a question into the value of a signal, sends it, and tells the core's signals
 * from the program's. */
#include "ask.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../signals/actions.h"

#include <errno.h>

/* In the top byte, so that one which comes too late is not taken for a signal of
 * the program's. */
#define MAGIC UINT64_C(0xe7)

static EPI_SAFE uint64_t pack(struct epi_ask ask)
{
    return MAGIC << 56 | (uint64_t)ask.epoch << 24 | (uint64_t)ask.slot << 4 | ask.question;
}

EPI_SAFE int epi_ask_send(int signal, int tid, struct epi_ask ask)
{
    siginfo_t info;
    if (!epi_action_holds(signal))
        return -EADDRINUSE;
    epi_zero(&info, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_TIMER;
    info.si_pid = epi_getpid();
    info.si_value.sival_ptr = (void *)(uintptr_t)pack(ask);
    return (int)epi_syscall6(SYS_rt_tgsigqueueinfo, info.si_pid, tid, signal, (long)&info, 0, 0);
}

/* A timer's signal has the timer's number where si_pid is; one that is equal to
 * this process's number still lacks the rest. */
EPI_SAFE bool epi_ask_received(const siginfo_t *info, struct epi_ask *ask)
{
    uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    if (info->si_code != SI_TIMER || info->si_pid != epi_getpid() || value >> 56 != MAGIC)
        return false;
    ask->question = (enum epi_question)(value & 15);
    ask->epoch = (uint32_t)(value >> 24);
    ask->slot = (uint32_t)(value >> 4) & 0xfffff;
    return true;
}
