#include "victim.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void victim_crash(void)
{
    *(volatile int *)8 = 1;
}

static void *crash_blocked(void *unused)
{
    /* By the system call itself: of libc's functions the core leaves faults open. */
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
    victim_crash();
    return unused;
}

static void start(void *(*function)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, NULL) != 0)
        abort();
    pthread_detach(thread);
}

void victim_crash_blocked(void)
{
    start(crash_blocked);
    for (;;)
        pause();
}

static void *crash(void *unused)
{
    victim_crash();
    return unused;
}

void victim_crash_thread(void)
{
    start(crash);
}

int victim_crash_vfork(void)
{
    int status = -1;
    pid_t pid = vfork();
    if (pid == 0) {
        victim_crash();
        _exit(7);
    }
    waitpid(pid, &status, 0);
    return status;
}

void victim_grow(size_t bytes)
{
    volatile char *memory = malloc(bytes);
    for (size_t at = 0; memory != NULL && at < bytes; at += 4096)
        memory[at] = 1;
}

static void *write_crumbs(void *unused)
{
    for (unsigned n = 0;; n++) {
        char text[217] = "";
        for (int i = 0; i < 24; i++) {
            unsigned left = n;
            for (int digit = 7; digit >= 0; digit--, left /= 10)
                text[9 * i + digit] = (char)('0' + left % 10);
            text[9 * i + 8] = ' ';
        }
        epi_breadcrumb(text);
        usleep(100);
    }
    return unused;
}

void victim_write_crumbs(void)
{
    start(write_crumbs);
}

int victim_fork(int how)
{
    int status = -1;
    long pid = (how & VICTIM_PLAIN_CALL) != 0 ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
    if (pid == 0) {
        if ((how & VICTIM_RESET) != 0) /* as one does who is about to call exec */
            for (int number = 1; number < 32; number++)
                signal(number, SIG_DFL);
        for (int i = 0; i < 300; i++)
            epi_breadcrumb("from the child");
        if ((how & VICTIM_CRASH) != 0)
            victim_crash();
        _exit(7);
    }
    waitpid((pid_t)pid, &status, 0);
    return status;
}

int victim_fork_has(int fd)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fcntl(fd, F_GETFD) >= 0);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void ignore(int signal)
{
    (void)signal;
}

void victim_take_signal(int number)
{
    signal(number, ignore);
}

void victim_spoil(void *page)
{
    if (mprotect(page, 4096, PROT_NONE) != 0)
        abort();
}
