/* Which threads are being created, by the mask that they begin with. */
#include "newthread.h"
#include "masks.h"
#include "resend.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"

#include <stdatomic.h>

/* If more threads are created at a time, the rest goes without.  WHO is 0 where the place is
 * free: what the new thread is to take for blocked, of the four, and the process, since a child
 * of fork has its parent's creations, which no thread of its own ends. */
static struct {
    _Atomic uint64_t who;
    _Atomic uint64_t mask; /* what it inherits, and IS_A_MASK */
} expected[16];

enum { PID_SHIFT = 32 }; /* the four are below it */

static EPI_SAFE uint64_t this_process(void)
{
    return (uint64_t)epi_getpid() << PID_SHIFT;
}

/* Of a signal that is in none. */
#define IS_A_MASK (UINT64_C(1) << (SIGKILL - 1))

int epi_newthread_expect(uint64_t believed)
{
    uint64_t process = this_process();
    for (int i = 0; i < (int)EPI_COUNT(expected); i++) {
        uint64_t who = expected[i].who;
        if (who >> PID_SHIFT != process >> PID_SHIFT &&
            atomic_compare_exchange_strong(&expected[i].who, &who, process)) {
            expected[i].mask = epi_sigmask_exchange(SIG_BLOCK, 0) | IS_A_MASK;
            expected[i].who = process | believed;
            return i;
        }
    }
    return EPI_NOT_EXPECTED;
}

void epi_newthread_forget(int number)
{
    if (number == EPI_NOT_EXPECTED)
        return;
    expected[number].mask = 0;
    expected[number].who = 0;
}

static _Thread_local struct {
    volatile bool begun; /* it came by create.c */
    volatile bool for_go;
    volatile uint64_t passed; /* blocked by epi_newthread_passes */
} thread __attribute__((tls_model("initial-exec")));

void epi_newthread_begins(int number, bool for_go)
{
    thread.for_go = for_go;
    thread.begun = true;
    epi_newthread_forget(number);
}

/* The thread has begun: nothing is added any more, and what is pending is its own.  The bits are
 * in the record of its mask by now, as if the creator had blocked them. */
void epi_newthread_correct(uint64_t believed)
{
    sigset_t wrong;
    *(uint64_t *)(void *)&wrong = thread.passed & ~believed;
    if (thread.passed & ~believed)
        epi_mask_change(SIG_UNBLOCK, &wrong, NULL);
}

static EPI_SAFE bool is_expected(uint64_t mask, uint64_t bit)
{
    uint64_t process = this_process();
    for (size_t i = 0; i < EPI_COUNT(expected); i++) {
        uint64_t who = expected[i].who;
        if (expected[i].mask == (mask | IS_A_MASK) && (who & bit) != 0 &&
            who >> PID_SHIFT == process >> PID_SHIFT)
            return true;
    }
    return false;
}

EPI_SAFE EPI_ON_FAULT bool epi_newthread_passes(int signal, const siginfo_t *info,
                                                ucontext_t *uc)
{
    uint64_t bit = epi_mask_of(signal), *mask = (uint64_t *)(void *)&uc->uc_sigmask;
    /* By tgkill it may be an older thread's own raise, which must not come back from it. */
    if (info->si_code > 0 || info->si_code == SI_TKILL || !epi_mask_may_be_open(signal) ||
        epi_go_g(epi_program.go) != 0)
        return false;
    if (thread.begun ? !thread.for_go
                     : epi_mask_is_recorded(*mask) || !is_expected(*mask, bit))
        return false;
    /* The first thread is older than any, in a child of fork, too. */
    if (epi_gettid() == epi_getpid())
        return false;
    /* What opens it again is epi_mask_begin, with a record, or Go's minit. */
    epi_sigmask(SIG_BLOCK, bit);
    *mask |= bit;
    thread.passed |= bit;
    epi_resend(signal, info);
    return true;
}
