/* A C program with the core alone dumps to a pipe without a reader: it lives on. */
#include "check.h"
#include "dump.h"
#include "epitaph.h"
#include "fd.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void enable(void)
{
    struct epi_config config;
    memset(&config, 0, sizeof config);
    config.deadline = UINT64_C(5000000000);
    config.quiet = true;
    config.output = STDERR_FILENO;
    config.box = -1;
    config.program = config.executable = config.build = config.note = "";
    config.native_stack = true;
    if (epi_enable(&config, NULL) != 0)
        abort();
}

static int dump_to(int fd)
{
    struct epi_dump dump;
    memset(&dump, 0, sizeof dump);
    dump.kind = EPI_DUMP_CALL;
    dump.output = epi_fd_of(fd);
    dump.timeout = UINT64_C(2000000000);
    dump.native_stack = true;
    return epi_dump(&dump);
}

static bool pipe_signal_waits(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

/* In a process of its own, where SIGPIPE is deadly; returns its wait status. */
static int in_child(int (*body)(int fd))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int pair[2];
        signal(SIGPIPE, SIG_DFL);
        if (pipe(pair) != 0)
            _exit(9);
        close(pair[0]);
        enable();
        _exit(body(pair[1]));
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return status;
}

static int plainly(int fd)
{
    return dump_to(fd) == EPIPE && dump_to(fd) == EPIPE ? 0 : 1;
}

static int blocked(int fd)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (dump_to(fd) != EPIPE || pipe_signal_waits())
        return 1;
    if (write(fd, "", 1) != -1 || !pipe_signal_waits()) /* this one is the program's */
        return 2;
    return dump_to(fd) == EPIPE && pipe_signal_waits() ? 0 : 3;
}

int main(void)
{
    int status = in_child(plainly);
    CHECK(status == 0, "wait status %#x", status);
    status = in_child(blocked);
    CHECK(status == 0, "wait status %#x", status);
    return check_result();
}
