/* The kernel's list of the process's threads, /proc/self/task, read in fixed
 * memory.  It needs CONFIG_PROC_FS and a mounted /proc, and nothing else: a
 * process may always read about its own threads. */
#ifndef EPI_TASKS_H
#define EPI_TASKS_H

#include "../base/base.h"
#include "../base/fd.h"

struct epi_tasks {
    struct epi_fd fd;
    char *buffer;
    uint32_t size, at, have;
};

/* What an entry of the list takes, at most, for a thread id of 7 digits. */
#define EPI_TASKS_ENTRY 32

/* 0, or -errno: without /proc, or without a free descriptor.  BUFFER should hold
 * all threads: between two calls for a part of the list the kernel finds its place
 * again by the last thread's id, and counts from the first one when that has
 * ended (fs/proc/base.c, first_tid), so that some are left out. */
EPI_SAFE int epi_tasks_open(struct epi_tasks *tasks, char *buffer, uint32_t size);

/* The next thread's id; 0 at the end. */
EPI_SAFE int epi_tasks_next(struct epi_tasks *tasks);
EPI_SAFE void epi_tasks_close(struct epi_tasks *tasks);

/* For a list that stays open.  KEEP moves its descriptor out of the program's way; false,
 * and the list is closed, when there is no such number.  AGAIN goes back to its beginning;
 * false when the program has closed it. */
EPI_SAFE bool epi_tasks_keep(struct epi_tasks *tasks);
EPI_SAFE bool epi_tasks_again(struct epi_tasks *tasks);

/* How many threads there are: one system call, on an open list. */
EPI_SAFE uint64_t epi_tasks_count(const struct epi_tasks *tasks);

/* What the scheduler knows of a thread (proc_pid_stat(5)). */
struct epi_task_stat {
    char name[16];
    char state;         /* R running, S sleeping, D not to be interrupted, ... */
    uint64_t cpu_ticks; /* of 10 ms: user and system */
};

/* False when the thread is gone. */
EPI_SAFE bool epi_task_stat(const struct epi_tasks *tasks, int tid, struct epi_task_stat *stat);

/* For how long in all, in ns, thread TID of this process has waited for a processor, until it
 * last got one (Documentation/scheduler/sched-stats.rst).  0: the kernel does not say. */
EPI_SAFE uint64_t epi_task_starved(int tid);

/* Has thread TID of this process a processor, or waits for one? */
EPI_SAFE bool epi_task_runs(int tid);

/* Where a thread sleeps (proc_pid_syscall(5)). */
struct epi_task_syscall {
    bool told;   /* the kernel says where it is */
    bool sleeps; /* it does not run; the rest is known */
    long number; /* of the system call that it is in; -1: in none */
    uint64_t argument[6];
    uintptr_t sp, pc;
};

/* False when the thread is gone, or the kernel does not tell: it does not in a
 * process that is not dumpable (after setuid, or PR_SET_DUMPABLE), nor where it
 * is built without such a file. */
EPI_SAFE bool epi_task_syscall(const struct epi_tasks *tasks, int tid,
                               struct epi_task_syscall *syscall);

/* Where thread TID of this process sleeps; false when it runs, or the kernel does not say. */
EPI_SAFE bool epi_task_sleeps(int tid, struct epi_task_syscall *syscall);

/* Does thread TID of this process block SIGNAL? */
EPI_SAFE bool epi_task_blocks(int tid, int signal);

/* The signals that a thread blocks, and those that wait for this thread alone;
 * false when it is gone. */
EPI_SAFE bool epi_task_signals(const struct epi_tasks *tasks, int tid, uint64_t *blocked,
                               uint64_t *pending);

#endif
