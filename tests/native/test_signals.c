/* Signal actions in a program without Go: who is called after the core, and that the
 * core's handlers and dumps keep no other thread waiting. */
#include "check.h"
#include "actions.h"
#include "epitaph.h"
#include "ondemand.h"
#include "process.h"
#include "usersignal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG (60 * UINT64_C(1000000000))

static void enable(void)
{
    struct epi_config config = {
        .deadline = LONG, .quiet = true, .output = STDERR_FILENO, .box = -1,
        .program = "test_signals", .executable = "", .build = "", .note = "",
    };
    int error = epi_enable(&config, NULL);
    CHECK(error == 0, "epi_enable: %s", strerror(error));
}

static struct epi_dump dump_to(int fd)
{
    struct epi_dump how = {.output = epi_fd_of(fd), .timeout = LONG, .max_frames = 16};
    return how;
}

/* How many dumps are in the file FD; each has one end line. */
static int dumps_in(int fd)
{
    static char text[1 << 16];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    int count = 0;
    text[size < 0 ? 0 : size] = '\0';
    for (const char *at = text; (at = strstr(at, "End of report")) != NULL; at++)
        count++;
    return count;
}

static void set(int signal, void (*handler)(int), unsigned flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = (int)flags;
    sigaction(signal, &action, NULL);
}

/* Is there a note of SIGNAL, or a dump for it?  The handler leaves the note. */
static bool waits(int signal)
{
    struct epi_usersignal *user = epi_ondemand.usersignal[signal];
    return user->note[0].written || user->note[1].written || epi_ondemand.usersignal_served != 0;
}

/* Raises a registered SIGNAL, and waits for the dump. */
static void raise_and_wait(int signal)
{
    raise(signal);
    for (int i = 0; i < 5000 && waits(signal); i++)
        usleep(1000);
}

static _Atomic int called;

static void count(int signal)
{
    (void)signal;
    called++;
}

/* A handler with SA_RESETHAND is called once, and then the default takes effect, which is
 * nothing for this one. */
static void test_one_shot(void)
{
    int file = memfd_create("dumps", 0);
    struct epi_dump how = dump_to(file);
    set(SIGWINCH, count, SA_RESETHAND);
    CHECK(epi_usersignal_register(SIGWINCH, &how, true) == 0, "not registered");
    for (int i = 0; i < 3; i++)
        raise_and_wait(SIGWINCH);
    CHECK(called == 1, "it was called %d times", called);
    CHECK(epi_usersignal_restore(SIGWINCH), "it was not registered");
    epi_usersignal_end(SIGWINCH);
    CHECK(dumps_in(file) == 3, "%d dumps", dumps_in(file));
    struct sigaction now;
    sigaction(SIGWINCH, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL, "it came back");
    close(file);
}

/* The same for a signal that kills the second time, in a child. */
static void test_second_kills(void)
{
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        struct epi_dump how = dump_to(null);
        enable();
        set(SIGTERM, count, SA_RESETHAND);
        epi_usersignal_register(SIGTERM, &how, true);
        called = 0;
        raise_and_wait(SIGTERM);
        if (called != 1)
            _exit(1);
        raise(SIGTERM);
        sleep(10);
        _exit(2);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "status %#x", status);
}

/* The default for these is to do nothing; then the registration stays. */
static void test_ignored_by_default(void)
{
    static const int signals[] = {SIGCHLD, SIGCONT, SIGWINCH, SIGURG};
    for (size_t i = 0; i < EPI_COUNT(signals); i++) {
        int signal = signals[i], file = memfd_create("dumps", 0);
        struct epi_dump how = dump_to(file);
        set(signal, SIG_DFL, 0);
        CHECK(epi_usersignal_register(signal, &how, true) == 0, "%d: not registered", signal);
        for (int n = 0; n < 2; n++)
            raise_and_wait(signal);
        CHECK(epi_action_holds(signal), "%d: the handler is gone", signal);
        epi_usersignal_restore(signal);
        epi_usersignal_end(signal);
        CHECK(!epi_action_holds(signal), "%d: the handler is still there", signal);
        CHECK(dumps_in(file) == 2, "%d: %d dumps", signal, dumps_in(file));
        close(file);
    }
}

static void *dump_to_pipe(void *pipe)
{
    struct epi_dump how = dump_to(*(int *)pipe);
    epi_dump(&how);
    return NULL;
}

/* Who changes its group waits for all threads (the C library's own signal), but not for
 * one that dumps to an output without a reader.  The dump is not over by then. */
static void test_setgid(void)
{
    int ends[2];
    pthread_t thread;
    struct epi_incident *dump = &epi_process()->dump;
    static char filling[4096];
    if (pipe(ends) != 0)
        return;
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], filling, sizeof filling) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    pthread_create(&thread, NULL, dump_to_pipe, &ends[1]);
    for (int i = 0; i < 10000 && dump->phase != EPI_PHASE_REPORTING; i++)
        usleep(1000);
    CHECK(setgid(getgid()) == 0, "setgid: %s", strerror(errno));
    CHECK(dump->phase == EPI_PHASE_REPORTING, "the dump is over");
    close(ends[0]); /* it fails now */
    pthread_join(thread, NULL);
    close(ends[1]);
}

static void go(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
}

/* As Go's runtime does: takes SIGNAL, with GO for its handler, and gives it back. */
static void take(int signal)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = go;
    action.sa_flags = SA_SIGINFO;
    sigaction(signal, &action, NULL);
}

static void give_back(int signal)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = (void (*)(int))epi_actions.slot[signal].ours.handler;
    sigaction(signal, &action, NULL);
}

/* What happens to a signal of each role: what is next, and what a handler on another
 * thread holds does not change under it. */
static void test_go_takes(int signal)
{
    struct epi_sigaction first = *epi_action_next(signal);
    epi_actions.go.handler = (uintptr_t)go;
    for (int i = 0; i < 100; i++) {
        const struct epi_sigaction *held = epi_action_next(signal);
        take(signal);
        CHECK(epi_action_next(signal)->handler == (uintptr_t)go, "%d: not taken", signal);
        CHECK(epi_equal(held, &first, sizeof first), "%d: changed when taken", signal);
        held = epi_action_next(signal);
        struct epi_sigaction second = *held;
        give_back(signal);
        CHECK(epi_equal(epi_action_next(signal), &first, sizeof first), "%d: not back", signal);
        CHECK(epi_equal(held, &second, sizeof second), "%d: changed when given back", signal);
        CHECK(epi_action_holds(signal), "%d: the handler is gone", signal);
    }
    epi_actions.go.handler = 0;
}

/* The program sees the next action in place of ours, and what it sets is the next. */
static void test_hidden(int signal)
{
    struct sigaction found, now;
    set(signal, count, 0);
    for (int i = 0; i < 100; i++) {
        const struct epi_sigaction *held = epi_action_next(signal);
        struct epi_sigaction before = *held;
        sigaction(signal, NULL, &found);
        CHECK(found.sa_handler == count, "%d: seen %p", signal, (void *)found.sa_handler);
        take(signal);
        CHECK(epi_action_next(signal)->handler == (uintptr_t)go, "%d: not the next", signal);
        sigaction(signal, NULL, &now);
        CHECK(now.sa_sigaction == go, "%d: seen %p", signal, (void *)now.sa_handler);
        CHECK(epi_equal(held, &before, sizeof before), "%d: changed", signal);
        sigaction(signal, &found, NULL);
        CHECK(epi_action_next(signal)->handler == (uintptr_t)count, "%d: not back", signal);
        CHECK(epi_action_holds(signal), "%d: the handler is gone", signal);
    }
}

static void test_roles(void)
{
    struct epi_dump how = dump_to(STDERR_FILENO);
    struct sigaction now;
    set(SIGUSR1, count, 0);
    epi_usersignal_register(SIGUSR1, &how, true);
    const int signals[] = {SIGSEGV, SIGABRT, SIGUSR1, epi_actions.deadline_signal,
                           epi_actions.thread_signal};
    for (size_t i = 0; i < EPI_COUNT(signals); i++) {
        bool hidden = signals[i] == SIGSEGV || signals[i] == SIGABRT;
        (hidden ? test_hidden : test_go_takes)(signals[i]);
        set(signals[i], SIG_IGN, 0);
        CHECK(epi_action_holds(signals[i]), "%d: not when ignored", signals[i]);
        CHECK(epi_action_next(signals[i])->handler == (uintptr_t)SIG_IGN, "%d", signals[i]);
        sigaction(signals[i], NULL, &now);
        CHECK(now.sa_handler == SIG_IGN, "%d: who asks is not told", signals[i]);
    }
    set(epi_actions.deadline_signal, SIG_DFL, 0);
    CHECK(epi_action_holds(epi_actions.deadline_signal), "the default for the core's own");
    set(SIGUSR1, SIG_DFL, 0);
    CHECK(!epi_action_holds(SIGUSR1), "the program may not die of it");
    epi_usersignal_restore(SIGUSR1);
    epi_usersignal_end(SIGUSR1);
}

int main(void)
{
    set(SIGPIPE, SIG_IGN, 0); /* of the dump that fails */
    enable();
    test_one_shot();
    test_ignored_by_default();
    test_setgid();
    test_second_kills();
    test_roles();
    CHECK(epi_disable(), "it was off");
    return check_result();
}
