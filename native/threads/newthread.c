/* Which threads are being created, by the mask that they begin with. */
#include "newthread.h"
#include "masks.h"
#include "resend.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"

#include <stdatomic.h>

/* If more threads are created at a time, the rest goes without. */
static struct {
    _Atomic uint64_t believed; /* of the four: what the thread is to take for blocked; 0: free */
    _Atomic uint64_t mask;     /* what it inherits; written last, and IS_A_MASK is in it */
} expected[16];

/* Of a signal that is in none. */
#define IS_A_MASK (UINT64_C(1) << (SIGKILL - 1))

int epi_newthread_expect(uint64_t believed)
{
    for (int i = 0; i < (int)EPI_COUNT(expected); i++) {
        uint64_t none = 0;
        if (expected[i].believed == 0 &&
            atomic_compare_exchange_strong(&expected[i].believed, &none, believed)) {
            expected[i].mask = epi_sigmask_exchange(SIG_BLOCK, 0) | IS_A_MASK;
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
    expected[number].believed = 0;
}

static _Thread_local struct {
    volatile bool begun; /* it came by create.c */
    volatile bool for_go;
} thread __attribute__((tls_model("initial-exec")));

void epi_newthread_begins(int number, bool for_go)
{
    thread.for_go = for_go;
    thread.begun = true;
    epi_newthread_forget(number);
}

static EPI_SAFE bool is_expected(uint64_t mask, uint64_t bit)
{
    for (size_t i = 0; i < EPI_COUNT(expected); i++)
        if (expected[i].mask == (mask | IS_A_MASK) && (expected[i].believed & bit) != 0)
            return true;
    return false;
}

EPI_SAFE bool epi_newthread_passes(int signal, const siginfo_t *info, ucontext_t *uc)
{
    uint64_t bit = epi_mask_of(signal), *mask = (uint64_t *)(void *)&uc->uc_sigmask;
    if (info->si_code > 0 || info->si_code == SI_TKILL || !epi_mask_may_be_open(signal) ||
        epi_go_g(epi_program.go) != 0)
        return false;
    if (thread.begun ? !thread.for_go : !is_expected(*mask, bit))
        return false;
    if (epi_gettid() == epi_getpid()) /* the first thread is older than any, in a child of fork, too */
        return false;
    /* What opens it again is epi_mask_begin, with a record, or Go's minit. */
    epi_sigmask(SIG_BLOCK, bit);
    *mask |= bit;
    epi_resend(signal, info);
    return true;
}
