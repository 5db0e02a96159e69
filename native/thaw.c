#include "thaw.h"

#include "report_parts.h"
#include "system.h"

/* What runtime.freezetheworld makes of the number of Ps to wait for.  Each that has
 * stopped since is taken from it. */
#define FROZEN INT32_C(0x7fffffff)
#define MANY_PS 65536

void epi_thaw_prepare(const struct epi_frozen *go, uintptr_t entry, uintptr_t exit_function)
{
    struct epi_thaw *thaw = &epi_state.thaw;
    if (thaw->entry != 0)
        return;
    thaw->go = *go;
    thaw->exit_function = exit_function;
    thaw->entry = entry;
}

/* A lock, or a count, of the runtime's: from 0 to 1. */
static EPI_SAFE bool take(uintptr_t at)
{
    uint32_t free = 0;
    return __atomic_compare_exchange_n((uint32_t *)at, &free, 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static EPI_SAFE void give_back(uintptr_t at)
{
    __atomic_store_n((uint32_t *)at, 0, __ATOMIC_SEQ_CST);
}

/* Not with GODEBUG=dontfreezetheworld=1, nor where one that has died at the same time
 * is on its way. */
static EPI_SAFE bool frozen(const struct epi_frozen *go)
{
    int32_t wait = __atomic_load_n((int32_t *)go->stop_wait, __ATOMIC_SEQ_CST);
    return __atomic_load_n((uint8_t *)go->freezing, __ATOMIC_SEQ_CST) == 1 &&
           __atomic_load_n((uint8_t *)go->gc_waiting, __ATOMIC_SEQ_CST) == 1 &&
           wait > FROZEN - MANY_PS;
}

/* Keeps everybody else from ending the process, or from saying how. */
static EPI_SAFE bool hold_end(const struct epi_frozen *go)
{
    if (!take(go->panicking))
        return false;
    if (take(go->panic_lock)) {
        if (take(go->exit_locked))
            return true;
        give_back(go->panic_lock);
    }
    give_back(go->panicking);
    return false;
}

/* In the opposite order of freezetheworld's: who sees that there is no stop to wait
 * for must not find a number of Ps. */
static EPI_SAFE void thaw(const struct epi_frozen *go)
{
    __atomic_store_n((int32_t *)go->stop_wait, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n((uint8_t *)go->gc_waiting, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n((uint8_t *)go->freezing, 0, __ATOMIC_SEQ_CST);
}

EPI_SAFE void epi_thaw_go_on(struct epi_crash *crash, ucontext_t *uc, bool abort)
{
    const struct epi_thaw *state = &epi_state.thaw;
    /* A fatal error has a message, and maybe a runtime that is damaged. */
    if (state->entry == 0 || crash->forked || crash->subject.goroutine == 0 ||
        epi_state.gotext.message_size != 0 || !epi_sandbox_fits(uc) || !frozen(&state->go) ||
        !epi_oncrash_ready(crash, crash->deadline) || !hold_end(&state->go))
        return;
    __atomic_store_n((uintptr_t *)state->go.exit_wait, state->exit_function, __ATOMIC_SEQ_CST);
    crash->status = EPI_GO_STATUS;
    crash->abort = abort;
    crash->phase = EPI_PHASE_LAST_ACT;
    thaw(&state->go);
    epi_oncrash_begin(crash, crash->deadline, abort ? EPI_ENDING_ABORT : EPI_ENDING_EXIT);
    epi_arch_set_pc(uc, state->entry);
    epi_arch_sigreturn(uc);
}
