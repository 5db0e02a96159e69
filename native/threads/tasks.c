/* Reads /proc/self/task and a thread's status in fixed memory. */
#include "tasks.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DENTRY_RECLEN 16 /* struct linux_dirent64: inode, offset, this, type, name */
#define DENTRY_NAME   19

EPI_SAFE int epi_tasks_open(struct epi_tasks *tasks, char *buffer, uint32_t size)
{
    tasks->buffer = buffer;
    tasks->size = size;
    tasks->at = tasks->have = 0;
    long fd = epi_fd_open(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY, 0);
    tasks->fd = epi_fd_of((int)fd);
    return fd < 0 ? (int)fd : tasks->fd.fd < 0 ? -EBADF : 0;
}

/* The program may have closed it meanwhile, and have its number for a file of its
 * own. */
EPI_SAFE void epi_tasks_close(struct epi_tasks *tasks)
{
    epi_fd_close(&tasks->fd);
}

EPI_SAFE bool epi_tasks_keep(struct epi_tasks *tasks)
{
    long copy = epi_syscall6(SYS_fcntl, tasks->fd.fd, F_DUPFD_CLOEXEC, EPI_HIGH_FD, 0, 0, 0);
    epi_fd_close(&tasks->fd);
    if (copy >= 0)
        tasks->fd = epi_fd_of((int)copy);
    return copy >= 0;
}

EPI_SAFE bool epi_tasks_again(struct epi_tasks *tasks)
{
    tasks->at = tasks->have = 0;
    return epi_fd_valid(&tasks->fd) &&
           epi_syscall6(SYS_lseek, tasks->fd.fd, 0, SEEK_SET, 0, 0, 0) == 0;
}

EPI_SAFE uint64_t epi_tasks_count(const struct epi_tasks *tasks)
{
    struct stat st;
    if (epi_syscall6(SYS_fstat, tasks->fd.fd, (long)&st, 0, 0, 0, 0) != 0 || st.st_nlink < 2)
        return 0;
    return st.st_nlink - 2; /* fs/proc/base.c, proc_task_getattr */
}

EPI_SAFE int epi_tasks_next(struct epi_tasks *tasks)
{
    for (;;) {
        if (tasks->at >= tasks->have) {
            long n = epi_syscall6(SYS_getdents64, tasks->fd.fd, (long)tasks->buffer,
                                  tasks->size, 0, 0, 0);
            if (n <= 0)
                return 0;
            tasks->at = 0;
            tasks->have = (uint32_t)n;
        }
        const char *entry = tasks->buffer + tasks->at;
        uint16_t size;
        epi_copy(&size, entry + DENTRY_RECLEN, sizeof size);
        if (size <= DENTRY_NAME)
            return 0;
        tasks->at += size;
        int tid = 0;
        for (const char *c = entry + DENTRY_NAME; *c >= '0' && *c <= '9'; c++)
            tid = tid * 10 + (*c - '0');
        if (tid > 0)
            return tid;
    }
}

/* Reads the file NAME of thread TID into TO, terminated; the length, or -errno. */
static EPI_SAFE long read_file(const struct epi_tasks *tasks, int tid, const char *name,
                               char *to, size_t size)
{
    char path[32];
    size_t n = sizeof path;
    path[--n] = '\0';
    n -= epi_strlen(name);
    epi_copy(path + n, name, epi_strlen(name));
    path[--n] = '/';
    const char *whole = epi_decimal(path + n, (uint64_t)tid);
    long fd = epi_fd_open(tasks->fd.fd, whole, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    long got = epi_syscall6(SYS_read, fd, (long)to, (long)size - 1, 0, 0, 0);
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    if (got >= 0)
        to[got] = '\0';
    return got;
}

static EPI_SAFE const char *skip_fields(const char *at, unsigned n)
{
    for (; n > 0 && *at != '\0'; at++)
        n -= *at == ' ';
    return at;
}

/* A number in decimal, or in hexadecimal after 0x; AT moves behind it and the
 * space that follows. */
static EPI_SAFE uint64_t number(const char **at)
{
    const char *c = *at;
    uint64_t value = 0;
    unsigned base = 10;
    if (c[0] == '0' && c[1] == 'x')
        base = 16, c += 2;
    for (;; c++) {
        unsigned digit = *c >= 'a' ? (unsigned)*c - 'a' + 10 : (unsigned)*c - '0';
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    *at = *c == ' ' ? c + 1 : c;
    return value;
}

EPI_SAFE bool epi_task_stat(const struct epi_tasks *tasks, int tid, struct epi_task_stat *stat)
{
    char text[512];
    long size = read_file(tasks, tid, "stat", text, sizeof text);
    epi_zero(stat, sizeof *stat);
    stat->state = '?';
    if (size <= 0)
        return false;
    /* "tid (name) state": the name may hold anything (older kernels escape some
     * of it); what follows holds no parenthesis. */
    char *end = text + size, *c = text;
    while (end > text && *end != ')')
        end--;
    while (c < end && *c != '(')
        c++;
    for (size_t n = 0; ++c < end && n < sizeof stat->name - 1;)
        stat->name[n++] = *c;
    if (end[0] != ')' || end[1] != ' ' || end[2] == '\0')
        return true;
    stat->state = end[2];
    const char *utime = skip_fields(end + 2, 11); /* fields 14 and 15 */
    stat->cpu_ticks = number(&utime);
    stat->cpu_ticks += number(&utime);
    return true;
}

EPI_SAFE bool epi_task_syscall(const struct epi_tasks *tasks, int tid,
                               struct epi_task_syscall *syscall)
{
    char text[256];
    const char *at = text;
    epi_zero(syscall, sizeof *syscall);
    long size = read_file(tasks, tid, "syscall", text, sizeof text);
    syscall->told = size > 0 || size == -ESRCH;
    if (size <= 0)
        return false;
    if (*at == 'r') /* "running" */
        return true;
    syscall->sleeps = true;
    syscall->number = -1;
    if (*at == '-') {
        at = skip_fields(at, 1);
    } else {
        syscall->number = (long)number(&at);
        for (size_t i = 0; i < EPI_COUNT(syscall->argument); i++)
            syscall->argument[i] = number(&at);
    }
    syscall->sp = number(&at);
    syscall->pc = number(&at);
    return true;
}

/* The mask in the line that starts with KEY. */
static EPI_SAFE uint64_t mask_after(const char *text, const char *end, const char *key)
{
    uint64_t mask = 0;
    size_t size = epi_strlen(key);
    while (text + size < end && !epi_equal(text, key, size))
        text++;
    for (text += size; text < end; text++) {
        unsigned digit = *text >= 'a' ? (unsigned)*text - 'a' + 10 : (unsigned)*text - '0';
        if (digit > 15)
            break;
        mask = mask << 4 | digit;
    }
    return mask;
}

EPI_SAFE bool epi_task_signals(const struct epi_tasks *tasks, int tid, uint64_t *blocked,
                               uint64_t *pending)
{
    /* The lines stand within the first KiB, behind a list of groups that may be
     * long. */
    char text[3072];
    long size = read_file(tasks, tid, "status", text, sizeof text);
    if (size <= 0)
        return false;
    *pending = mask_after(text, text + size, "\nSigPnd:\t");
    *blocked = mask_after(text, text + size, "\nSigBlk:\t");
    return true;
}

EPI_SAFE bool epi_task_sleeps(int tid, struct epi_task_syscall *syscall)
{
    char buffer[EPI_TASKS_ENTRY];
    struct epi_tasks tasks;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return false;
    bool sleeps = epi_task_syscall(&tasks, tid, syscall) && syscall->sleeps;
    epi_tasks_close(&tasks);
    return sleeps;
}

EPI_SAFE bool epi_task_blocks(int tid, int signal)
{
    char buffer[EPI_TASKS_ENTRY];
    struct epi_tasks tasks;
    uint64_t blocked, pending;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return false;
    bool known = epi_task_signals(&tasks, tid, &blocked, &pending);
    epi_tasks_close(&tasks);
    return known && (blocked & epi_mask_of(signal)) != 0;
}

EPI_SAFE bool epi_task_runs(int tid)
{
    char buffer[EPI_TASKS_ENTRY];
    struct epi_tasks tasks;
    struct epi_task_stat stat;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return false;
    bool runs = epi_task_stat(&tasks, tid, &stat) && stat.state == 'R';
    epi_tasks_close(&tasks);
    return runs;
}

EPI_SAFE uint64_t epi_task_starved(int tid)
{
    char buffer[EPI_TASKS_ENTRY], text[64];
    struct epi_tasks tasks;
    const char *at = text;
    if (epi_tasks_open(&tasks, buffer, sizeof buffer) != 0)
        return 0;
    long size = read_file(&tasks, tid, "schedstat", text, sizeof text);
    epi_tasks_close(&tasks);
    if (size <= 0)
        return 0;
    at = skip_fields(at, 1); /* how long it has run */
    return number(&at);
}
