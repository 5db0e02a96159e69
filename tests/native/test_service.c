/* A signal of the process that comes to one of the core's own threads. */
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

int main(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        passes();
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
    return check_result();
}
