/* What a review of the crash's owner and of the signal slots found.  Each case is a child
 * of its own, whose end and whose report are looked at. */
#include "check.h"
#include "actions.h"
#include "next.h"
#include "dump.h"
#include "epitaph.h"
#include "lock.h"
#include "notes.h"
#include "process.h"
#include "system.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void enable(void)
{
    struct epi_config config;
    memset(&config, 0, sizeof config);
    config.deadline = UINT64_C(5000000000);
    config.output = STDERR_FILENO;
    config.program = config.executable = config.build = config.note = "";
    config.box = -1;
    if (epi_enable(&config, NULL) != 0)
        _exit(99);
}

static void fault(void)
{
    volatile int *nowhere = (volatile int *)8;
    __asm__ volatile("" : "+r"(nowhere)); /* of a constant the compiler knows better */
    *nowhere = 1;
}

/* The status that CHILD ends with; what it writes to standard error goes to TEXT. */
static int run(void (*child)(void), char *text, size_t size)
{
    int ends[2], status = -1;
    size_t have = 0;
    ssize_t n;
    if (pipe(ends) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        child();
        _exit(0);
    }
    close(ends[1]);
    while ((n = read(ends[0], text + have, size - 1 - have)) > 0)
        have += (size_t)n;
    text[have] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return status;
}

static char text[65536];

static bool complete(void)
{
    return strstr(text, "Segmentation fault\n") != NULL &&
           strstr(text, "End of report (complete") != NULL;
}

/* The address sanitizer's handler is a host that ends the process by itself. */
static bool died(int status)
{
#ifdef __SANITIZE_ADDRESS__
    return status != 0;
#else
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
#endif
}

/* Enable, Disable and the release of symbols hold the dumps' turn. */
static void fault_in_the_turn(void)
{
    enable();
    epi_dump_lock(0);
    fault();
}

/* A host that logs something and returns: the signal is blocked then, by its mask. */
static void log_and_return(int signal)
{
    (void)signal;
}

static void fault_of_a_host(void)
{
    signal(SIGSEGV, log_and_return);
    enable();
    fault();
}

static void leave(int signal)
{
    _exit(signal);
}

static void child_of_vfork(void)
{
    int status = 0;
    signal(SIGSEGV, leave);
    enable();
    pid_t pid = vfork();
    if (pid == 0) {
        fault();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    _exit(epi_notes_pages.notes.frozen == EPI_NOTES_OPEN ? WEXITSTATUS(status) : 98);
}

static void programs(int signal)
{
    (void)signal;
}

/* Past libc's sigaction, as a library outside of the link does it. */
static void install(int signal, bool flags)
{
    struct epi_sigaction action;
    epi_sigaction(signal, NULL, &action);
    if (flags)
        action.flags &= ~(unsigned long)(SA_SIGINFO | SA_ONSTACK);
    else
        action.handler = (uintptr_t)programs;
    epi_sigaction(signal, &action, NULL);
}

static bool is_programs(int signal)
{
    struct epi_sigaction action;
    return epi_sigaction(signal, NULL, &action) && action.handler == (uintptr_t)programs;
}

static void handlers_of_service_signals(void)
{
    struct epi_dump dump = {.kind = EPI_DUMP_CALL,
                            .output = epi_fd_of(STDERR_FILENO),
                            .timeout = UINT64_C(2000000000),
                            .max_frames = 10,
                            .native_stack = true};
    enable();
    install(epi_actions.deadline_signal, false);
    install(epi_actions.thread_signal, false);
    epi_dump(&dump);
    _exit(is_programs(epi_actions.deadline_signal) && is_programs(epi_actions.thread_signal)
              ? 0
              : 98);
}

/* signal(SIGSEGV, what signal() returned). */
static void flags_lost(void)
{
    enable();
    install(SIGSEGV, true);
    bool held = epi_action_holds(SIGSEGV);
    epi_action_reassert(true);
    _exit(!held && epi_action_holds(SIGSEGV) ? 0 : 98);
}

/* A dump puts a handler back only while no other thread changes actions; a crash always. */
static void lock_is_held(void)
{
    enable();
    install(SIGSEGV, true);
    bool taken = epi_actions_try_lock();
    bool refused = !epi_action_reassert(false) && !epi_action_holds(SIGSEGV);
    bool crash = epi_action_reassert(true) && epi_action_holds(SIGSEGV);
    install(SIGSEGV, true);
    epi_actions_end_try();
    bool dump = epi_action_reassert(false) && epi_action_holds(SIGSEGV);
    bool given_back = epi_actions_try_lock();
    _exit(taken && refused && crash && dump && given_back ? 0 : 98);
}

/* The record that is the next is never the one that is written. */
static void records(void)
{
    struct epi_action *slot = &epi_actions.slot[SIGUSR2];
    struct epi_sigaction action;
    memset(&action, 0, sizeof action);
    for (unsigned i = 0; i < 1000; i++) {
        const struct epi_sigaction *next = slot->next;
        uintptr_t handler = next == NULL ? 0 : next->handler;
        action.handler = 0x1000 + (i % 3 == 0 ? (uintptr_t)(i % 9) : i);
        epi_action_set_next(slot, &action);
        const struct epi_sigaction *now = slot->next;
        CHECK(now->handler == action.handler, "change %u", i);
        CHECK(next == NULL || next->handler == handler, "change %u wrote into a record in use",
              i);
    }
}

int main(void)
{
    int status = run(fault_in_the_turn, text, sizeof text);
    CHECK(died(status) && complete(), "turn: %#x\n%s", status, text);
    status = run(fault_of_a_host, text, sizeof text);
    CHECK(died(status) && complete(), "host: %#x\n%s", status, text);
    status = run(child_of_vfork, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == SIGSEGV, "vfork: %#x", status);
    status = run(handlers_of_service_signals, text, sizeof text);
    CHECK(status == 0, "service signals: %#x", status);
    status = run(flags_lost, text, sizeof text);
    CHECK(status == 0, "flags: %#x", status);
    status = run(lock_is_held, text, sizeof text);
    CHECK(status == 0, "lock: %#x", status);
    records();
    return check_result();
}
