/* The core's own threads: how they are known, and a signal of the process that comes to one. */
#include "check.h"
#include "dump.h"
#include "epitaph.h"
#include "peek.h"
#include "service.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void enable(void)
{
    struct epi_config config = {
        .program = "program", .executable = "/proc/self/exe", .build = "", .note = "",
        .box = -1, .output = STDERR_FILENO,
        .max_frames = 256, .max_threads = 10, .deadline = UINT64_C(1000000000),
    };
    if (epi_enable(&config, NULL) != 0)
        _exit(99);
}

/* In the middle of a dump: it is blocked from then on, and what the dump reads may not be
 * there. */
static void passes(void)
{
    uint64_t word;
    sigset_t now;
    enable();
    epi_service_introduce(EPI_SERVICE_DUMPER); /* this thread stands for the dumper */
    if (!epi_dump_lock(0))
        _exit(98);
    kill(getpid(), SIGSEGV);
    sigprocmask(SIG_BLOCK, NULL, &now);
    if (!sigismember(&now, SIGSEGV))
        _exit(97);
    if (epi_peek64(&word, 8))
        _exit(96);
    epi_dump_unlock();
    _exit(0);
}

static int silent_tid[2]; /* of a pipe */

/* A thread that has not come to introduce itself. */
static void *silent(void *unused)
{
    int tid = gettid();
    if (write(silent_tid[1], &tid, sizeof tid) != sizeof tid)
        _exit(95);
    for (;;)
        pause();
    return unused;
}

/* It is known for the core's own from its first moment. */
static void is_known(void)
{
    int tid;
    enable();
    epi_service_runs(EPI_SERVICE_DUMPER, silent);
    if (pipe(silent_tid) != 0 || epi_service_start(EPI_SERVICE_DUMPER) != 0)
        _exit(94);
    if (read(silent_tid[0], &tid, sizeof tid) != sizeof tid)
        _exit(93);
    if (epi_service_find(tid) == NULL || epi_service_tid(EPI_SERVICE_DUMPER) != tid)
        _exit(92);
    _exit(0);
}

int main(void)
{
    void (*const cases[])(void) = {passes, is_known};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            cases[i]();
        }
        waitpid(child, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "case %zu: status %#x", i, status);
    }
    return check_result();
}
