/* What /proc/self/task tells, and which system calls a signal would end: by
 * threads that wait in each of them, judged by what a signal then does. */
#include "check.h"
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MINUTE 60

static int quiet[2], plain_socket[2], timed_socket[2], event;
static sem_t never;
static uint32_t futex_word;

static long in_poll(void) { return poll(NULL, 0, MINUTE * 1000); }
static long in_epoll(void)
{
    struct epoll_event e;
    return epoll_wait(epoll_create1(0), &e, 1, MINUTE * 1000);
}
static long in_select(void)
{
    struct timeval t = {MINUTE, 0};
    return select(0, NULL, NULL, NULL, &t);
}
static long in_nanosleep(void)
{
    struct timespec t = {MINUTE, 0};
    return nanosleep(&t, NULL);
}
static long in_pause(void) { return pause(); }
static long in_sigtimedwait(void)
{
    sigset_t set;
    struct timespec t = {MINUTE, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &t);
}
static long in_sem_timedwait(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += MINUTE;
    return sem_timedwait(&never, &t);
}
static long in_recv_timed(void)
{
    char byte;
    return recv(timed_socket[0], &byte, 1, 0);
}
static long in_read_timed(void)
{
    char byte;
    return read(timed_socket[0], &byte, 1);
}
static long in_futex(void) { return syscall(SYS_futex, &futex_word, 0, 0, NULL, NULL, 0); }
static long in_read(void)
{
    char byte;
    return read(quiet[0], &byte, 1);
}
static long in_eventfd(void)
{
    uint64_t n;
    return read(event, &n, sizeof n);
}
static long in_recv(void)
{
    char byte;
    return recv(plain_socket[0], &byte, 1, 0);
}
static long in_waitid(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED);
}

/* Those that have transferred a part and wait for the rest. */
static int full[2], full_socket[2], begun[2], begun_message[2], begun_messages[2];
static char much[1 << 20];
static long in_write(void) { return write(full[1], much, sizeof much); }
static long in_send(void) { return send(full_socket[0], much, sizeof much, 0); }
static long in_sendfile(void)
{
    int pair[2], file = memfd_create("much", 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || ftruncate(file, 8 << 20) != 0)
        return 0;
    return sendfile(pair[0], file, NULL, 8 << 20);
}
static long in_recv_all(void)
{
    char bytes[2];
    return recv(begun[0], bytes, sizeof bytes, MSG_WAITALL);
}
static long in_recvmsg_all(void)
{
    char bytes[2];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return recvmsg(begun_message[0], &message, MSG_WAITALL);
}
static long in_recvmmsg(void)
{
    struct { /* mmsghdr of _GNU_SOURCE */
        struct msghdr header;
        unsigned length;
    } message[2];
    char bytes[2];
    struct iovec part[2] = {{bytes, 1}, {bytes + 1, 1}};
    memset(message, 0, sizeof message);
    for (int i = 0; i < 2; i++)
        message[i].header.msg_iov = &part[i], message[i].header.msg_iovlen = 1;
    return syscall(SYS_recvmmsg, begun_messages[0], message, 2, 0, NULL);
}

#define SHORT (-1)

static const struct sleeper {
    long (*call)(void);
    const char *name; /* of the system call that is in the list; NULL: restarts */
    int error;        /* SHORT: it returns what it has got by then */
} sleepers[] = {
    {in_poll, "poll", EINTR},
    {in_epoll, "epoll_wait", EINTR},
    {in_select, "select", EINTR},
    {in_nanosleep, "nanosleep", EINTR},
    {in_pause, "pause", EINTR},
    {in_sigtimedwait, "sigtimedwait", EINTR},
    {in_sem_timedwait, "futex", EINTR},
    {in_recv_timed, "recvfrom", EINTR},
    {in_read_timed, "read", EINTR},
    {in_write, "write", SHORT},
    {in_send, "sendto", SHORT},
    {in_sendfile, "sendfile, as any that is not in the list", SHORT},
    {in_recv_all, "recvfrom", SHORT},
    {in_recvmsg_all, "recvmsg", SHORT},
    {in_recvmmsg, "recvmmsg", SHORT},
    {in_futex, NULL, 0},
    {in_read, NULL, 0},
    {in_eventfd, NULL, 0},
    {in_recv, NULL, 0},
    {in_waitid, NULL, 0},
};
#define SLEEPERS (sizeof sleepers / sizeof sleepers[0])

static atomic_int tids[SLEEPERS];
static atomic_int ended[SLEEPERS]; /* errno of the call, or SHORT */

static void handler(int signal) { (void)signal; }

static void *sleeper(void *arg)
{
    size_t i = (size_t)(const struct sleeper *)arg - (size_t)sleepers;
    i /= sizeof sleepers[0];
    prctl(PR_SET_NAME, "a) b (c d");
    tids[i] = (int)syscall(SYS_gettid);
    ended[i] = sleepers[i].call() < 0 ? errno : SHORT;
    return NULL;
}

static void nap(void)
{
    struct timespec t = {0, 2 * 1000 * 1000};
    while (nanosleep(&t, &t) != 0)
        ;
}

static void wait_asleep(const struct epi_tasks *tasks, int tid, struct epi_task_syscall *task)
{
    for (int i = 0; i < 1000; i++, nap())
        if (epi_task_syscall(tasks, tid, task) && task->sleeps && task->number >= 0)
            return;
}

static void check_sleeper(const struct epi_tasks *tasks, size_t i)
{
    struct epi_task_syscall task;
    struct epi_task_stat stat;
    uint64_t mask, pending;
    pthread_t thread;
    pthread_create(&thread, NULL, sleeper, (void *)(uintptr_t)&sleepers[i]);
    while (tids[i] == 0)
        nap();
    wait_asleep(tasks, tids[i], &task);
    CHECK(task.pc != 0 && task.sp != 0, "sleeper %zu: pc %lx sp %lx", i, task.pc, task.sp);
    bool goes_on = epi_syscall_goes_on(&task);
    CHECK(goes_on == (sleepers[i].name == NULL), "sleeper %zu in system call %ld %s", i,
          task.number, goes_on ? "goes on" : "ends");
    CHECK(epi_task_stat(tasks, tids[i], &stat) && stat.state == 'S', "state %c", stat.state);
    CHECK(strcmp(stat.name, "a) b (c d") == 0, "name %s", stat.name);
    /* sigtimedwait lets through what it waits for. */
    bool waits = sleepers[i].call == in_sigtimedwait;
    CHECK(epi_task_signals(tasks, tids[i], &mask, &pending) && pending == 0 &&
              mask == (waits ? 0 : UINT64_C(1) << (SIGUSR2 - 1)),
          "mask %lx", (unsigned long)mask);
    if (!waits) {
        pthread_kill(thread, SIGUSR2); /* which it blocks */
        CHECK(epi_task_signals(tasks, tids[i], &mask, &pending) && pending == mask,
              "pending %lx", (unsigned long)pending);
    }
    /* The proof: what the kernel does. */
    pthread_kill(thread, SIGUSR1);
    for (int n = 0; n < 50 && ended[i] == 0; n++)
        nap();
    if (sleepers[i].name != NULL)
        CHECK(ended[i] == sleepers[i].error, "sleeper %zu was not ended: %d", i, ended[i]);
    else
        CHECK(ended[i] == 0, "sleeper %zu did not go on: errno %d", i, ended[i]);
}

/* What a server of FUSE keeps waiting cannot be had here. */
static void check_files(void)
{
    const char *const paths[] = {"/proc/self/exe", "/"};
    const long numbers[] = {SYS_read, SYS_readv, SYS_fsync};
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 0; n < 3; n++) {
            struct epi_task_syscall task = {.sleeps = true, .number = numbers[n]};
            int fd = open(paths[i], O_RDONLY);
            task.argument[0] = (uint64_t)fd;
            CHECK(fd >= 0 && !epi_syscall_goes_on(&task),
                  "system call %ld on %s goes on", numbers[n], paths[i]);
            close(fd);
        }
}

static void check_list(struct epi_tasks *tasks, pid_t child)
{
    int tid;
    unsigned count = 0, self = 0;
    while ((tid = epi_tasks_next(tasks)) != 0) {
        count++;
        self += tid == (int)syscall(SYS_gettid);
    }
    CHECK(self == 1, "listed %u times", self);
    CHECK(count == epi_tasks_count(tasks), "%u listed, %lu counted", count,
          (unsigned long)epi_tasks_count(tasks));
    struct epi_task_stat stat;
    struct epi_task_syscall task;
    uint64_t mask, pending;
    CHECK(!epi_task_stat(tasks, child, &stat), "another process is a thread");
    CHECK(!epi_task_syscall(tasks, child, &task), "another process is a thread");
    CHECK(!epi_task_signals(tasks, child, &mask, &pending), "another process is a thread");
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct timeval timeout = {MINUTE, 0};
    struct epi_tasks tasks;
    sigset_t usr2;
    sem_init(&never, 0, 0);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &usr2, NULL);
    event = eventfd(0, 0);
    if (pipe(quiet) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, plain_socket) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, timed_socket) != 0)
        return 2;
    if (pipe(full) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, full_socket) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, begun) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, begun_message) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, begun_messages) != 0 ||
        write(begun[1], "x", 1) != 1 || write(begun_message[1], "x", 1) != 1 ||
        write(begun_messages[1], "x", 1) != 1)
        return 2;
    setsockopt(timed_socket[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    static char listing[512 * EPI_TASKS_ENTRY];
    int error = epi_tasks_open(&tasks, listing, sizeof listing);
    CHECK(error == 0, "error %d", error);
    for (size_t i = 0; i < SLEEPERS; i++)
        check_sleeper(&tasks, i);
    check_files();
    check_list(&tasks, child);
    kill(child, SIGKILL);
    epi_tasks_close(&tasks);
    return check_result();
}
