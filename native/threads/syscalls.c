/* System calls in which threads wait.  A handler with SA_RESTART lets most go
 * on as if nothing had happened; those in the list below fail with EINTR all
 * the same (signal(7), "Interruption of system calls and library functions by
 * signal handlers"), and many programs take that for an error.  So do they take a
 * transfer that ends short of what they asked for: a call that has transferred a part
 * and waits to go on returns that part.
 *
 * Some depend on more than the number.  futex goes on unless it has a timeout:
 * pthread_cond_timedwait copes with EINTR, sem_timedwait returns it, and the
 * system call looks the same.  A call on a socket fails when the socket has a
 * timeout, which can be asked of it.  One that sleeps on a file or a directory waits for
 * what serves it; FUSE tells its server of the signal, which may end the call with EINTR. */
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/system.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum restart {
    RESTARTS,
    FAILS,
    FUTEX,    /* argument 3 is a timeout, or NULL */
    READS,    /* argument 0 may be a socket, or a file */
    ACCEPTS,  /* argument 0 is a socket */
    CONNECTS,
    RECEIVES,         /* and argument 3 may have MSG_WAITALL */
    RECEIVES_MESSAGE, /* and argument 2 */
    SYNCS,            /* argument 0 is a file */
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
    {SYS_read, READS, "read"},
    {SYS_readv, READS, "readv"},
    {SYS_recvfrom, RECEIVES, "recvfrom"},
    {SYS_recvmsg, RECEIVES_MESSAGE, "recvmsg"},
    {SYS_recvmmsg, FAILS, "recvmmsg"},
    {SYS_accept, ACCEPTS, "accept"},
    {SYS_accept4, ACCEPTS, "accept4"},
    {SYS_write, FAILS, "write"},
    {SYS_writev, FAILS, "writev"},
    {SYS_sendto, FAILS, "sendto"},
    {SYS_sendmsg, FAILS, "sendmsg"},
    {SYS_sendmmsg, FAILS, "sendmmsg"},
    {SYS_connect, CONNECTS, "connect"},
    {SYS_wait4, RESTARTS, "wait4"},
    {SYS_waitid, RESTARTS, "waitid"},
    {SYS_fcntl, RESTARTS, "fcntl"},
    {SYS_flock, RESTARTS, "flock"},
    {SYS_fsync, SYNCS, "fsync"},
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

static EPI_SAFE bool is_file(uint64_t fd)
{
    struct stat st;
    return epi_syscall6(SYS_fstat, (long)(int)fd, (long)&st, 0, 0, 0, 0) == 0 &&
           ((st.st_mode & S_IFMT) == S_IFREG || (st.st_mode & S_IFMT) == S_IFDIR);
}

static EPI_SAFE bool fails(enum restart restart, const uint64_t argument[6])
{
    switch (restart) {
    case FAILS:
        return true;
    case RESTARTS:
        return false;
    case FUTEX:
        return argument[3] != 0;
    case READS:
        return is_file(argument[0]) || socket_has_timeout(argument[0], SO_RCVTIMEO);
    case SYNCS:
        return is_file(argument[0]);
    case CONNECTS:
        return socket_has_timeout(argument[0], SO_SNDTIMEO);
    case RECEIVES:
        return (argument[3] & MSG_WAITALL) != 0 || socket_has_timeout(argument[0], SO_RCVTIMEO);
    case RECEIVES_MESSAGE:
        return (argument[2] & MSG_WAITALL) != 0 || socket_has_timeout(argument[0], SO_RCVTIMEO);
    case ACCEPTS:
        return socket_has_timeout(argument[0], SO_RCVTIMEO);
    }
    return true;
}

EPI_SAFE const char *epi_syscall_name(long number)
{
    for (size_t i = 0; i < EPI_COUNT(calls); i++)
        if (calls[i].number == number)
            return calls[i].name;
    return NULL;
}

/* A call that is not in the list may be any: sendfile ends short, an ioctl fails. */
EPI_SAFE bool epi_syscall_goes_on(const struct epi_task_syscall *task)
{
    if (!task->sleeps || task->number < 0)
        return true;
    for (size_t i = 0; i < EPI_COUNT(calls); i++)
        if (calls[i].number == task->number)
            return !fails(calls[i].restart, task->argument);
    return false;
}
