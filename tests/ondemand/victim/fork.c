#include "fork.h"

#include "ondemand/timers.h"
#include "ondemand/usersignal.h"

#include "install/epitaph.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void arm(int fd)
{
    struct epi_timer_config config;
    memset(&config, 0, sizeof config);
    config.dump.kind = EPI_DUMP_TIMEOUT;
    config.dump.output = epi_fd_of(fd);
    config.dump.timeout = config.dump.patience = UINT64_C(2000000000);
    config.dump.all_threads = config.dump.native_stack = true;
    config.dump.passed = 50000000;
    if (epi_dump_later(&config) != 0)
        _exit(9);
    for (int i = 0; i < 5000 && epi_timers_armed(); i++)
        usleep(1000);
}

static void enable(void)
{
    struct epi_config config;
    memset(&config, 0, sizeof config);
    config.deadline = UINT64_C(5000000000);
    config.output = STDERR_FILENO;
    config.program = config.executable = config.build = config.note = "";
    config.box = -1;
    if (epi_enable(&config, NULL) != 0)
        _exit(8);
}

int fork_and(int what, int fd)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        if (what == 2)
            epi_cancel_dump_later();
        else if (what == 3)
            arm(fd);
        if (what == 5) {
            enable();
            raise(SIGUSR1);
        }
        if (what == 6)
            raise(SIGUSR1);
        if (what == 4 || what == 5) {
            if (!epi_usersignal_restore(SIGUSR1))
                _exit(7);
            epi_usersignal_end(SIGUSR1); /* waits for the dump */
        }
        exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}
