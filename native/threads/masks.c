/* The record of each thread's mask as the program has set it, and the mask that the
 * kernel gets instead. */
#include "masks.h"
#include "resend.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/asked.h"

#include <errno.h>
#include <stdatomic.h>

#define BIT(signal) (UINT64_C(1) << ((signal) - 1))
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL))

/* Two that cannot be blocked, and two of libc's own, in glibc and in musl, which do not
 * block them for a program. */
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP) | BIT(32) | BIT(33))

/* glibc reads the set of a caller itself, and faults where the kernel would have told it. */
#ifdef __GLIBC__
#define CHECKS false
#else
#define CHECKS true
#endif

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
    if (error == 0)
        epi_written(old, sizeof *old);
    return error;
}

/* Can the kernel read SET?  It does so before it looks at what to do (kernel/signal.c,
 * rt_sigprocmask), and then finds that there is no such thing. */
static bool is_readable(const sigset_t *set)
{
    return set != NULL && kernels(-1, (const uint64_t *)(const void *)set, NULL) != EFAULT;
}

static _Thread_local volatile uint32_t changes __attribute__((tls_model("initial-exec")));

static EPI_SAFE bool has_interrupted(uint64_t now)
{
    return outer.believed != 0 && (outer.kernels & ~now) == 0;
}

/* The record that holds while the kernel's mask is NOW, or NULL.  For a handler of another
 * signal the kernel blocks more (sa_mask) than for what the handler interrupts, whose record
 * holds there, too. */
static EPI_SAFE volatile struct record *holding(uint64_t now)
{
    if (outer.believed != 0 && outer.kernels == now && record.kernels != now)
        return &outer;
    if ((record.kernels & ~now) == 0)
        return &record;
    return has_interrupted(now) ? &outer : NULL;
}

/* Again when a handler has changed the records meanwhile. */
static EPI_SAFE uint64_t believed_with(uint64_t now)
{
    uint64_t believed;
    uint32_t seen;
    do {
        seen = changes;
        volatile struct record *held = holding(now);
        believed = held != NULL ? held->believed : 0;
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

/* HELD is the record that holds with the kernel's mask NOW.  The one of what a handler has
 * interrupted is the thread's again behind the handler. */
static EPI_SAFE bool recall(const volatile struct record *held, uint64_t now)
{
    if (held == NULL || held->kernels != now)
        return false;
    if (held == &outer) {
        record = outer;
        outer.believed = 0;
        changes++;
    }
    return true;
}

/* A handler, whose mask is NOW, is about to have a record of its own.  Of handlers that
 * interrupt each other the thread's own record is kept. */
static EPI_SAFE void keep_interrupted(const volatile struct record *held, uint64_t now)
{
    if (held == &record && record.believed != 0 && !has_interrupted(now))
        outer = record;
}

/* A child of vfork runs on its parent's thread-local memory.  (One of fork has none of the
 * process's words.) */
static EPI_SAFE bool is_vforked(void)
{
    return epi_process()->pid != 0 && epi_process_is_child();
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

/* For one of the four, or where some are taken for blocked.  BEFORE is what the program had. */
static void change(int how, uint64_t by, uint64_t *before)
{
    kernels(SIG_BLOCK, &every, before);
    volatile struct record *held = holding(*before);
    uint64_t now = *before, pending = held != NULL ? held->pending : 0;
    *before |= held != NULL ? held->believed : 0;
    if (!recall(held, now))
        keep_interrupted(held, now);
    set_mask(changed(how, *before, by), pending);
}

/* In a child of vfork, which is about to execute a program: what it sets is in fact blocked
 * there. */
static int change_vforked(int how, uint64_t by, uint64_t *before)
{
    int error = kernels(SIG_BLOCK, NULL, before);
    if (record.kernels == *before)
        *before |= record.believed;
    uint64_t mask = changed(how, *before, by);
    return error != 0 ? error : kernels(SIG_SETMASK, &mask, NULL);
}

static bool is_plain(int how, const sigset_t *set, uint64_t by)
{
    return record.believed == 0 && outer.believed == 0 &&
           (set == NULL || (by & FAULTS) == 0 || how == SIG_UNBLOCK);
}

/* Where none of the four is concerned. */
static int change_plain(int how, const uint64_t *by, uint64_t *to)
{
    uint32_t seen = changes;
    int error = kernels(how, by, to);
    if (error != 0)
        return error;
    uint64_t before = *to | believed_with(*to);
    if (by != NULL && changes != seen) { /* by epi_mask_open, in a handler meanwhile */
        kernels(SIG_BLOCK, &every, NULL);
        set_mask(changed(how, before, *by), record.pending);
    }
    *to = before;
    return 0;
}

int epi_mask_change(int how, const sigset_t *set, sigset_t *old)
{
    uint64_t by = 0, before = 0, *to = (uint64_t *)(void *)old;
    int error = 0;
    if (set != NULL) {
        if (CHECKS && !is_readable(set))
            return EFAULT;
        by = *(const uint64_t *)(const void *)set & ~UNBLOCKABLE;
        if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
            return EINVAL;
    }
    if (set == NULL || is_plain(how, set, by))
        return change_plain(how, set == NULL ? NULL : &by, to != NULL ? to : &before);
    if (is_vforked())
        error = change_vforked(how, by, &before);
    else
        change(how, by, &before);
    if (error == 0 && to != NULL) /* by the kernel first: the memory may not be there */
        error = kernels(SIG_BLOCK, NULL, to);
    if (error == 0 && to != NULL)
        *to = before;
    return error;
}

void epi_mask_wait(const sigset_t *set)
{
    sigset_t none;
    if (!is_readable(set)) /* the call that waits says so */
        return;
    uint64_t mask = *(const uint64_t *)(const void *)set & FAULTS;
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
    volatile struct record *held = holding(*mask);
    struct record so_far = {0, 0, 0};
    if (held != NULL)
        so_far = *held;
    opened &= ~so_far.pending & ~epi_pending();
    if (opened == 0 || is_vforked())
        return;
    if (!recall(held, *mask))
        keep_interrupted(held, *mask);
    record.believed = opened | so_far.believed;
    record.pending = so_far.pending;
    *mask &= ~opened;
    record.kernels = *mask;
    changes++;
    count(true);
}

EPI_SAFE bool epi_mask_may_be_open(int signal)
{
    return (FAULTS & epi_mask_of(signal)) != 0;
}

/* Is the thread in the handler of a fault of its own?  What that raises is meant to kill. */
static EPI_SAFE bool is_in_a_fault(const ucontext_t *uc)
{
    return epi_incident_of(epi_self()) != NULL ||
           epi_asked_evidence(epi_gettid(), epi_arch_sp(uc), NULL) != NULL;
}

EPI_SAFE EPI_ON_FAULT bool epi_mask_passes(int signal, const siginfo_t *info, ucontext_t *uc)
{
    uint64_t bit = epi_mask_of(signal), *mask = (uint64_t *)(void *)&uc->uc_sigmask;
    if (info->si_code > 0 || (FAULTS & bit) == 0)
        return false;
    volatile struct record *held = holding(*mask);
    if (held == NULL || (held->believed & bit) == 0 ||
        (held->kernels != *mask && is_in_a_fault(uc)))
        return false;
    epi_sigmask(SIG_BLOCK, bit);
    /* Blocked in a handler of another signal, it comes once more behind that. */
    if (!is_vforked() && recall(held, *mask)) {
        record.kernels |= bit;
        record.pending |= bit;
        record.believed &= ~bit;
        changes++;
        count((record.believed | outer.believed) != 0);
    }
    *mask |= bit;
    /* To the thread again, or to the process. */
    if (info->si_code == SI_TKILL)
        epi_sigqueue(epi_gettid(), signal, info);
    else
        epi_resend(signal, info);
    return true;
}
