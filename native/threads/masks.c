/* The record of each thread's mask as the program has set it, and the mask that the
 * kernel gets instead. */
#include "masks.h"
#include "resend.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../incident/incident.h"

#include <errno.h>
#include <stdatomic.h>

#define BIT(signal) (UINT64_C(1) << ((signal) - 1))
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL))

/* Two that cannot be blocked, and two of libc's own, in glibc and in musl, which do not
 * block them for a program. */
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP) | BIT(32) | BIT(33))

/* Written by its thread and by a handler on it. */
struct record {
    uint64_t believed; /* of FAULTS: the program takes them for blocked */
    uint64_t kernels;  /* the thread's mask, with which the rest holds */
    uint64_t pending;  /* of FAULTS: they have been sent, and are blocked in fact */
};

/* OUTER is the record of what a handler has interrupted that then changes the mask itself. */
static _Thread_local volatile struct record record __attribute__((tls_model("initial-exec")));
static _Thread_local volatile struct record outer __attribute__((tls_model("initial-exec")));

static _Atomic uint64_t waited_for;

/* What may stay open. */
static EPI_SAFE uint64_t faults(void)
{
    const struct epi_options *options = epi_incidents.options;
    return options == NULL || options->quiet ? 0 : FAULTS & ~waited_for;
}

static EPI_SAFE int kernels(int how, const uint64_t *mask, uint64_t *old)
{
    int error = -(int)epi_syscall6(SYS_rt_sigprocmask, how, (long)mask, (long)old, sizeof *mask, 0, 0);
    epi_written(old, sizeof *old);
    return error;
}

static _Thread_local volatile uint32_t changes __attribute__((tls_model("initial-exec")));

/* Again when a handler has changed the records meanwhile. */
static EPI_SAFE uint64_t believed_with(uint64_t now)
{
    uint64_t believed;
    uint32_t seen;
    do {
        seen = changes;
        believed = record.kernels == now ? record.believed
                   : outer.kernels == now ? outer.believed
                                          : 0;
    } while (seen != changes);
    return believed;
}

static _Atomic uint32_t believers;
static _Thread_local bool counted __attribute__((tls_model("initial-exec")));

static EPI_SAFE void count(bool believes)
{
    if (believes != counted)
        atomic_fetch_add(&believers, believes ? 1 : UINT32_MAX);
    counted = believes;
}

/* Does RECORD go with the kernel's mask NOW?  It does again behind a handler. */
static EPI_SAFE bool recall(uint64_t now)
{
    if (record.kernels == now)
        return true;
    if (outer.kernels != now || outer.believed == 0)
        return false;
    record = outer;
    outer.believed = 0;
    changes++;
    return true;
}

/* The kernel blocks more for a handler (sa_mask) than for what the handler interrupts, whose
 * record is kept. */
static EPI_SAFE void keep_interrupted(uint64_t now)
{
    if (record.believed != 0 && (record.kernels & ~now) == 0)
        outer = record;
}

/* While a record is written all signals are blocked: a handler of the program that
 * changes the mask would see the half of it. */
static const uint64_t every = ~UINT64_C(0);

/* Makes MASK what the program sees. */
static void set_mask(uint64_t mask, uint64_t pending)
{
    uint64_t real = mask & ~(faults() & ~pending);
    if (outer.kernels == real)
        outer.believed = 0; /* this is newer */
    record.pending = pending & mask;
    record.believed = mask & ~real;
    record.kernels = real;
    changes++;
    count((record.believed | outer.believed) != 0);
    kernels(SIG_SETMASK, &real, NULL);
}

static uint64_t changed(int how, uint64_t mask, uint64_t by)
{
    return how == SIG_BLOCK ? mask | by : how == SIG_UNBLOCK ? mask & ~by : by;
}

int epi_mask_change(int how, const sigset_t *set, sigset_t *old)
{
    uint64_t by = 0, before;
    uint32_t seen = changes;
    bool plain = record.believed == 0 && outer.believed == 0;
    if (set != NULL) {
        by = *(const uint64_t *)(const void *)set & ~UNBLOCKABLE;
        if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
            return EINVAL;
        plain = plain && ((by & FAULTS) == 0 || how == SIG_UNBLOCK);
    }
    if (plain || set == NULL) {
        int error = kernels(how, set == NULL ? NULL : &by, &before);
        if (error != 0)
            return error;
        before |= believed_with(before);
        if (set != NULL && changes != seen) { /* by epi_mask_open, in a handler meanwhile */
            kernels(SIG_BLOCK, &every, NULL);
            set_mask(changed(how, before, by), record.pending);
        }
    } else {
        kernels(SIG_BLOCK, &every, &before);
        bool valid = recall(before);
        if (!valid)
            keep_interrupted(before);
        uint64_t pending = valid ? record.pending : 0;
        before |= valid ? record.believed : 0;
        set_mask(changed(how, before, by), pending);
    }
    if (old != NULL) {
        sigemptyset(old);
        *(uint64_t *)(void *)old = before;
    }
    return 0;
}

void epi_mask_wait(const sigset_t *set)
{
    uint64_t mask = *(const uint64_t *)(const void *)set & FAULTS;
    sigset_t none;
    if ((mask & ~waited_for) != 0)
        atomic_fetch_or(&waited_for, mask);
    if ((mask & (record.believed | outer.believed)) == 0)
        return;
    sigemptyset(&none);
    epi_mask_change(SIG_BLOCK, &none, NULL);
}

uint64_t epi_mask_believed(void)
{
    uint64_t now;
    if ((record.believed | outer.believed) == 0 || kernels(SIG_BLOCK, NULL, &now) != 0)
        return 0;
    return believed_with(now);
}

bool epi_mask_any_believed(void)
{
    return believers != 0;
}

void epi_mask_end(void)
{
    count(false);
}

void epi_mask_begin(uint64_t believed)
{
    uint64_t mask;
    if ((faults() == 0 && believed == 0) || kernels(SIG_BLOCK, NULL, &mask) != 0)
        return;
    mask |= believed;
    if ((mask & FAULTS) == 0)
        return;
    kernels(SIG_BLOCK, &every, NULL);
    set_mask(mask, 0);
}

EPI_SAFE bool epi_mask_is_recorded(uint64_t mask)
{
    return record.believed != 0 && record.kernels == mask;
}

static bool callers_are_seen;

void epi_mask_callers_are_seen(void)
{
    callers_are_seen = true;
}

/* What is pending would come now, and is to stay pending. */
EPI_SAFE void epi_mask_open(ucontext_t *uc)
{
    uint64_t *mask = (uint64_t *)(void *)&uc->uc_sigmask;
    uint64_t opened = *mask & faults();
    if (!callers_are_seen || opened == 0)
        return;
    bool valid = recall(*mask);
    opened &= ~(valid ? record.pending : 0) & ~epi_pending();
    if (opened == 0)
        return;
    if (!valid)
        keep_interrupted(*mask);
    record.believed = opened | (valid ? record.believed : 0);
    record.pending = valid ? record.pending : 0;
    *mask &= ~opened;
    record.kernels = *mask;
    changes++;
    count(true);
}

EPI_SAFE bool epi_mask_may_be_open(int signal)
{
    return (FAULTS & epi_mask_of(signal)) != 0;
}

EPI_SAFE EPI_ON_FAULT bool epi_mask_passes(int signal, const siginfo_t *info, ucontext_t *uc)
{
    uint64_t bit = epi_mask_of(signal), *mask = (uint64_t *)(void *)&uc->uc_sigmask;
    if (info->si_code > 0 || (FAULTS & bit) == 0 || !recall(*mask) ||
        (record.believed & bit) == 0)
        return false;
    epi_sigmask(SIG_BLOCK, bit);
    *mask |= bit;
    record.kernels |= bit;
    record.pending |= bit;
    record.believed &= ~bit;
    changes++;
    count((record.believed | outer.believed) != 0);
    /* To the thread again, or to the process. */
    if (info->si_code == SI_TKILL)
        epi_sigqueue(epi_gettid(), signal, info);
    else
        epi_resend(signal, info);
    return true;
}
