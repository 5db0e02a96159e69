/* Who crashes while another thread's crash is under way, and what is kept meanwhile: fatal
 * signals that do not repeat, a signal that is sent, an alarm, registers. */
#include "check.h"
#include "machine.h"
#include "actions.h"
#include "epitaph.h"
#include "owner.h"
#include "process.h"
#include "system.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static struct epi_incident *crash;
static volatile int *page; /* no access until the host's handler has been called */
static int reports;        /* a file */
static _Atomic int calls;

static void enable(void)
{
    struct epi_config config = {
        .host_first = EPI_HOST_FIRST_NEVER, /* a crash that is repaired has a report */
        .deadline = UINT64_C(20000000000), .output = reports, .box = -1,
        .program = "test_park", .executable = "", .build = "", .note = "",
    };
    if (epi_enable(&config, NULL) != 0)
        _exit(9);
}

static void set(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(signal, &action, NULL);
}

static int reports_made(void)
{
    static char text[1 << 18];
    ssize_t size = pread(reports, text, sizeof text - 1, 0);
    int count = 0;
    text[size < 0 ? 0 : size] = '\0';
    for (const char *at = text; (at = strstr(at, "End of report")) != NULL; at++)
        count++;
    return count;
}

/* Runs BODY in a process of its own, with SIGALRM as at its start; returns the wait
 * status. */
static int in_child(void (*body)(int), int argument)
{
    fflush(stdout);
    if (ftruncate(reports, 0) != 0 || lseek(reports, 0, SEEK_SET) != 0)
        abort();
    pid_t child = fork();
    if (child == 0) {
        alarm(40);
        body(argument);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return status;
}

/* ---- a fatal signal while a host's handler repairs another thread's crash ---- */

enum { WRITES, BREAKS, RAISES, ABORTS };

/* The first call waits until the other thread waits for it. */
static void repair(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    if (calls++ == 0)
        while (!crash->parked[0].filled)
            usleep(1000);
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void *crash_too(void *how)
{
    while (calls == 0)
        usleep(1000);
    switch (*(int *)how) {
    case WRITES:
        page[1] = 1;
        break;
    case BREAKS:
        __asm__ volatile(BREAKPOINT);
        break;
    case RAISES:
        raise(SIGSEGV);
        break;
    default:
        abort();
    }
    return NULL;
}

/* Exits with the number of the handler's calls. */
static void two_crash(int how)
{
    pthread_t thread;
    set(SIGSEGV, repair);
    enable();
    pthread_create(&thread, NULL, crash_too, &how);
    page[0] = 1;
    pthread_join(thread, NULL);
    _exit(calls);
}

static void test_other_crash(void)
{
    int status = in_child(two_crash, WRITES); /* it works when it is tried again */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "write: %#x", status);
    CHECK(reports_made() == 1, "write: %d reports", reports_made());
    status = in_child(two_crash, BREAKS);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP, "breakpoint: %#x", status);
    CHECK(reports_made() == 2, "breakpoint: %d reports", reports_made());
    status = in_child(two_crash, RAISES); /* the handler has its turn, and it lives */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2, "raise: %#x", status);
    CHECK(reports_made() == 2, "raise: %d reports", reports_made());
    status = in_child(two_crash, ABORTS);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "abort: %#x", status);
    CHECK(reports_made() == 2, "abort: %d reports", reports_made());
}

/* ---- a child of fork whose SIGALRM is pending ---- */

static void repair_alone(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void crash_in_fork(int repaired)
{
    sigset_t alarm_only, pending;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer has one */
    if (repaired)
        set(SIGSEGV, repair_alone);
    enable();
    pid_t child = fork();
    if (child == 0) {
        sigprocmask(SIG_BLOCK, &alarm_only, NULL);
        sigqueue(getpid(), SIGALRM, (union sigval){.sival_int = 42});
        page[0] = 1;
        siginfo_t info;
        sigpending(&pending);
        if (sigismember(&pending, SIGALRM) != 1)
            _exit(1);
        int signal = sigwaitinfo(&alarm_only, &info);
        _exit(signal == SIGALRM && info.si_value.sival_int == 42 ? 0 : 2);
    }
    int status;
    if (waitpid(child, &status, 0) != child)
        _exit(3);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void test_alarm(void)
{
    int status = in_child(crash_in_fork, false);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGSEGV, "%#x", status);
    CHECK(reports_made() == 1, "%d reports", reports_made());
    status = in_child(crash_in_fork, true);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "repaired: %#x", status);
    CHECK(reports_made() == 1, "repaired: %d reports", reports_made());
}

/* ---- a signal that is sent as the crash ends ---- */

static volatile int delivered, refused, steps, meet_at;
static volatile bool stepping;
static void (*volatile meanwhile)(void);

static void count(int signal)
{
    (void)signal;
    delivered++;
}

static void keep(void)
{
    refused += !epi_crash_keep(crash, SIGUSR1, getpid());
}

static void end(void)
{
    epi_crash_end(crash);
}

/* After each instruction, from the first SIGTRAP on: before one of them the other
 * function runs, as it may on another thread. */
static void step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    step_on(context, stepping);
    if (stepping && ++steps == meet_at)
        meanwhile();
}

/* OTHER runs in the middle of BODY, before its instruction AT, or after the last; returns
 * how many there are.  The signal is refused, or comes when the crash has ended. */
static int meet(void (*body)(void), void (*other)(void), int at)
{
    steps = delivered = refused = 0;
    meet_at = at;
    meanwhile = other;
    epi_crash_take(crash, epi_self());
    stepping = true;
    raise(SIGTRAP);
    body();
    stepping = false;
    if (steps < at)
        other();
    CHECK(delivered + refused == 1 && crash->sent == 0 && crash->owner == 0,
          "before instruction %d of %d: %d delivered, %d refused", at, steps, delivered, refused);
    return steps;
}

static void test_sent(void)
{
    struct sigaction before;
    sigaction(SIGTRAP, NULL, &before);
    set(SIGTRAP, step);
    signal(SIGUSR1, count);
    CHECK(!epi_crash_keep(crash, SIGUSR1, getpid()), "there is no crash");
    int all = meet(keep, end, INT_MAX);
    for (int at = 1; at <= all + 1; at++)
        meet(keep, end, at);
    /* Most of them empty the slots, in a loop. */
    all = meet(end, keep, INT_MAX);
    for (int at = 1; at <= all + 1; at += at < all - 150 ? 50 : 1)
        meet(end, keep, at);
    sigaction(SIGTRAP, &before, NULL);
}

/* ---- the registers of a thread that waits ---- */

static volatile bool filling;
static _Atomic bool woken;
static ucontext_t *frame;
static uint64_t owner;

/* The thread that waits reads its frame's PC for its slot: meanwhile the owner ends. */
static void end_meanwhile(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    filling = true;
    epi_incident_clear(crash);
    crash->owner = 0;
    mprotect((void *)frame, 4096, PROT_READ | PROT_WRITE);
}

static void *wait_for_end(void *info)
{
    struct epi_options options = {.deadline = UINT64_C(20000000000)};
    CHECK(!epi_crash_park(crash, &options, SIGSEGV, info, frame), "it owns the crash");
    woken = true;
    return NULL;
}

static void park(siginfo_t *info)
{
    pthread_t thread;
    filling = false;
    woken = false;
    crash->owner = owner = epi_self();
    pthread_create(&thread, NULL, wait_for_end, info);
    while (!crash->parked[0].filled && !woken)
        usleep(1000);
    crash->owner = 0;
    pthread_join(thread, NULL);
    CHECK(!crash->parked[0].filled, "its frame is gone");
    epi_incident_clear(crash);
}

static void test_registers(void)
{
    siginfo_t info = {.si_signo = SIGSEGV, .si_code = SEGV_MAPERR};
    epi_actions.thread_signal = SIGUSR2; /* the core is not enabled here */
    frame = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    park(&info); /* filled after the owner has emptied the slots */
    CHECK(!filling, "a handler was called");
    struct sigaction before;
    sigaction(SIGSEGV, NULL, &before);
    set(SIGSEGV, end_meanwhile);
    mprotect((void *)frame, 4096, PROT_NONE);
    park(&info);
    CHECK(filling, "the owner has not ended meanwhile");
    sigaction(SIGSEGV, &before, NULL);
}

int main(void)
{
    crash = &epi_process()->crash;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    reports = memfd_create("reports", 0);
    test_registers();
    if (CAN_STEP)
        test_sent();
    test_other_crash();
    test_alarm();
    return check_result();
}
