/* Restarts the scheduler, which Go froze after a panic or fatal error, for the crash hook
 * alone, and gives back what that has taken when it is over. */
#include "resume.h"
#include "goparts.h"
#include "goside.h"
#include "goroutines.h"
#include "forkcopy.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../incident/incident.h"

/* What runtime.freezetheworld makes of the number of Ps to wait for.  Each that has
 * stopped since is taken from it. */
#define FROZEN INT32_C(0x7fffffff)
#define MANY_PS 65536

/* A number that Ps which stop do not bring down to 0. */
#define UNCOUNTED (FROZEN / 2)

void epi_resume_prepare(const struct epi_frozen *go, uintptr_t entry, uintptr_t exit_function)
{
    struct epi_resume *resume = &epi_goside.resume;
    if (resume->entry != 0)
        return;
    resume->go = *go;
    resume->exit_function = exit_function;
    resume->entry = entry;
}

EPI_SAFE bool epi_resume_wanted(void)
{
    return epi_goside.resume.entry != 0 && epi_goside.live != NULL &&
           __atomic_load_n(&epi_goside.live->wanted, __ATOMIC_SEQ_CST) == EPI_LAST_ACT_RESUME;
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

enum { STOPPED = 3, LOST = 4 }; /* _Pgcstop, and _Pdead, which none has that is in use */

/* How many Ps there are that have stopped or have not; STOPS is set if one of them is
 * that of a thread that stops the world, and keeps it (runtime/proc.go,
 * stopTheWorldWithSema; gcstopm gives it up). */
static EPI_SAFE bool look_at_ps(const struct epi_frozen *go, uint32_t *running, bool *stops)
{
    uint64_t ps, count, p, m;
    uint32_t status;
    *running = 0;
    *stops = false;
    if (!epi_peek64(&ps, go->ps) || !epi_peek64(&count, go->ps + 8) || count > MANY_PS)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!epi_peek64(&p, ps + 8 * i) || !epi_peek32(&status, p + 4) ||
            !epi_peek64(&m, p + go->p_m))
            return false;
        if (status != STOPPED)
            ++*running;
        else if (m != 0)
            *stops = true;
    }
    return true;
}

static EPI_SAFE bool stopper(const struct epi_frozen *go)
{
    uint32_t running;
    bool is;
    return look_at_ps(go, &running, &is) && is;
}

/* Marks those that have stopped for the freeze: from the moment when the first of them
* goes on, the world may be stopped again, and a P stopped by that must not be handed
 * off.  It waits for these. */
static EPI_SAFE void mark_lost(const struct epi_frozen *go)
{
    uint64_t ps, count, p, m;
    if (!epi_peek64(&ps, go->ps) || !epi_peek64(&count, go->ps + 8) || count > MANY_PS)
        return;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t stopped = STOPPED;
        if (epi_peek64(&p, ps + 8 * i) && epi_peek64(&m, p + go->p_m) && m == 0)
            __atomic_compare_exchange_n((uint32_t *)(p + 4), &stopped, LOST, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
}

/* Not with GODEBUG=dontfreezetheworld=1, nor where one that has died at the same time
 * is on its way. */
static EPI_SAFE bool frozen(const struct epi_frozen *go)
{
    int32_t wait = __atomic_load_n((int32_t *)go->stop_wait, __ATOMIC_SEQ_CST);
    return __atomic_load_n((uint8_t *)go->freezing, __ATOMIC_SEQ_CST) == 1 &&
           __atomic_load_n((uint8_t *)go->gc_waiting, __ATOMIC_SEQ_CST) == 1 &&
           (wait > FROZEN - MANY_PS || stopper(go)); /* who has come later counts anew */
}

/* Not to 0: another thread may have begun to die. */
static EPI_SAFE void release_count(const struct epi_frozen *go)
{
    __atomic_fetch_sub((uint32_t *)go->panicking, 1, __ATOMIC_SEQ_CST);
}

/* Keeps every other thread from ending the process, or from saying how.  The count of those
 * that die is held until the world goes on: no other thread is one of them. */
static EPI_SAFE bool hold_end(const struct epi_frozen *go)
{
    if (!take(go->panicking))
        return false;
    if (take(go->panic_lock)) {
        if (take(go->exit_locked))
            return true;
        give_back(go->panic_lock);
    }
    release_count(go);
    return false;
}

/* Who was about to stop the world when it froze still waits for that.  It gets its stop,
 * and starts the world again, with all Ps: none may start anything before.  The number
 * of Ps that it waits for is lost; epi_resume_help counts for it.
 *
 * A thread that sees that the world stops, and then does not any more, has a fatal error
 * (gcstopm), but there are few instructions between the two, and all threads had the
 * time of a report for them. */
static EPI_SAFE void unfreeze(struct epi_resume *state)
{
    const struct epi_frozen *go = &state->go;
    bool stops = stopper(go);
    if (!stops)
        mark_lost(go);
    __atomic_store_n((int32_t *)go->stop_wait, stops ? UNCOUNTED : 0, __ATOMIC_SEQ_CST);
    if (!stops)
        __atomic_store_n((uint8_t *)go->gc_waiting, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n((uint8_t *)go->freezing, 0, __ATOMIC_SEQ_CST);
    release_count(go);
    state->stop_pending = stops;
}

EPI_SAFE void epi_resume_go_on(struct epi_incident *incident, ucontext_t *uc, bool abort)
{
    struct epi_resume *state = &epi_goside.resume;
    /* A fatal error has a message, and maybe a runtime that is damaged. */
    if (!epi_resume_wanted() || incident->forked || incident->subject.goroutine == 0 ||
        epi_goside.crash_output.message_size != 0 || !epi_forkcopy_fits(uc) || !frozen(&state->go) ||
        !epi_oncrash_ready(incident, incident->deadline) || !hold_end(&state->go))
        return;
    __atomic_store_n((uintptr_t *)state->go.exit_wait, state->exit_function, __ATOMIC_SEQ_CST);
    incident->status = EPI_GO_STATUS;
    incident->abort = abort;
    epi_oncrash_prepare(incident, incident->deadline, abort ? EPI_ENDING_ABORT : EPI_ENDING_EXIT);
    incident->phase = EPI_PHASE_LAST_ACT;
    unfreeze(state);
    epi_arch_set_pc(uc, state->entry);
    epi_arch_sigreturn(uc);
}

EPI_SAFE bool epi_resume_over(const struct epi_incident *incident)
{
    return incident->phase == EPI_PHASE_LAST_ACT && epi_goside.live != NULL &&
           __atomic_load_n(&epi_goside.live->ended, __ATOMIC_SEQ_CST) != 0;
}

/* When all Ps have stopped, and no thread is in the middle of it, there is nothing left to
 * wait for, whatever the count. */
EPI_SAFE void epi_resume_help(void)
{
    const struct epi_frozen *go = &epi_goside.resume.go;
    uint32_t running;
    bool stops;
    if (__atomic_load_n((uint8_t *)go->gc_waiting, __ATOMIC_SEQ_CST) == 0 ||
        !look_at_ps(go, &running, &stops) || running != 0 || !stops)
        return;
    /* Who stops a P does so, and counts it, under this lock: those above are counted. */
    if (__atomic_load_n((uint32_t *)go->sched_lock, __ATOMIC_SEQ_CST) != 0)
        return;
    epi_goside.resume.stop_pending = false;
    __atomic_store_n((int32_t *)go->stop_wait, 0, __ATOMIC_SEQ_CST);
    if (take(go->stop_note))
        epi_futex_wake_all((_Atomic(uint32_t) *)go->stop_note);
}
