/* System calls in which threads wait.  A handler with SA_RESTART lets most go
 * on as if nothing had happened; those in the list below fail with EINTR all
 * the same (signal(7), "Interruption of system calls and library functions by
 * signal handlers"), and many programs take that for an error.
 *
 * Two depend on more than the number.  futex goes on unless it has a timeout:
 * pthread_cond_timedwait copes with EINTR, sem_timedwait returns it, and the
 * system call looks the same.  A call on a socket fails when the socket has a
 * timeout, which can be asked of it. */
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/system.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum restart {
    RESTARTS,
    FAILS,
    FUTEX,    /* argument 3 is a timeout, or NULL */
    RECEIVES, /* argument 0 may be a socket */
    SENDS,
};

static const struct {
    uint16_t number;
    uint8_t restart;
    char name[18];
} calls[] = {
#ifdef SYS_poll /* the older calls that newer architectures do without */
    {SYS_poll, FAILS, "poll"},
    {SYS_select, FAILS, "select"},
    {SYS_epoll_wait, FAILS, "epoll_wait"},
    {SYS_pause, FAILS, "pause"},
    {SYS_vfork, RESTARTS, "vfork"},
#endif
    {SYS_ppoll, FAILS, "ppoll"},
    {SYS_pselect6, FAILS, "pselect"},
    {SYS_epoll_pwait, FAILS, "epoll_pwait"},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, FAILS, "epoll_pwait2"},
#endif
    {SYS_nanosleep, FAILS, "nanosleep"},
    {SYS_clock_nanosleep, FAILS, "clock_nanosleep"},
    {SYS_restart_syscall, FAILS, "restart_syscall"},
    {SYS_rt_sigsuspend, FAILS, "sigsuspend"},
    {SYS_rt_sigtimedwait, FAILS, "sigtimedwait"},
    {SYS_msgrcv, FAILS, "msgrcv"},
    {SYS_msgsnd, FAILS, "msgsnd"},
    {SYS_semop, FAILS, "semop"},
    {SYS_semtimedop, FAILS, "semtimedop"},
    {SYS_io_getevents, FAILS, "io_getevents"},
#ifdef SYS_io_pgetevents
    {SYS_io_pgetevents, FAILS, "io_pgetevents"},
#endif
#ifdef SYS_io_uring_enter
    {SYS_io_uring_enter, FAILS, "io_uring_enter"},
#endif
    {SYS_futex, FUTEX, "futex"},
    {SYS_read, RECEIVES, "read"},
    {SYS_readv, RECEIVES, "readv"},
    {SYS_recvfrom, RECEIVES, "recvfrom"},
    {SYS_recvmsg, RECEIVES, "recvmsg"},
    {SYS_recvmmsg, RECEIVES, "recvmmsg"},
    {SYS_accept, RECEIVES, "accept"},
    {SYS_accept4, RECEIVES, "accept4"},
    {SYS_write, SENDS, "write"},
    {SYS_writev, SENDS, "writev"},
    {SYS_sendto, SENDS, "sendto"},
    {SYS_sendmsg, SENDS, "sendmsg"},
    {SYS_sendmmsg, SENDS, "sendmmsg"},
    {SYS_connect, SENDS, "connect"},
    {SYS_wait4, RESTARTS, "wait4"},
    {SYS_waitid, RESTARTS, "waitid"},
    {SYS_fcntl, RESTARTS, "fcntl"},
    {SYS_flock, RESTARTS, "flock"},
    {SYS_fsync, RESTARTS, "fsync"},
    {SYS_mq_timedreceive, RESTARTS, "mq_timedreceive"},
    {SYS_mq_timedsend, RESTARTS, "mq_timedsend"},
};

static EPI_SAFE bool socket_has_timeout(uint64_t fd, int option)
{
    struct timeval timeout = {0, 0};
    socklen_t size = sizeof timeout;
    return epi_syscall6(SYS_getsockopt, (long)(int)fd, SOL_SOCKET, option, (long)&timeout,
                        (long)&size, 0) == 0 &&
           (timeout.tv_sec != 0 || timeout.tv_usec != 0);
}

EPI_SAFE const char *epi_syscall_name(long number)
{
    for (size_t i = 0; i < EPI_COUNT(calls); i++)
        if (calls[i].number == number)
            return calls[i].name;
    return NULL;
}

EPI_SAFE const char *epi_syscall_not_restarted(const struct epi_task_syscall *task)
{
    if (!task->sleeps)
        return NULL;
    for (size_t i = 0; i < EPI_COUNT(calls); i++) {
        if (calls[i].number != task->number)
            continue;
        bool fails = calls[i].restart == FAILS;
        if (calls[i].restart == FUTEX)
            fails = task->argument[3] != 0;
        else if (calls[i].restart == RECEIVES)
            fails = socket_has_timeout(task->argument[0], SO_RCVTIMEO);
        else if (calls[i].restart == SENDS)
            fails = socket_has_timeout(task->argument[0], SO_SNDTIMEO);
        return fails ? calls[i].name : NULL;
    }
    return NULL;
}
