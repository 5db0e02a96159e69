/* The files that the core has duplicates of: closing one would drop the program's record
 * locks on its file.  output.h says which stay open. */
#include "output.h"
#include "base.h"
#include "fd.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What USERS is besides a number. */
#define FREE 0u    /* the entry holds nothing */
#define BUSY 1u    /* a thread is changing it */
#define NOBODY 2u  /* it is kept; above that are its users */

/* More files than a program reports to at a time.  One that finds no room has a
 * duplicate as any other. */
#define OUTPUTS 32

static struct entry {
    _Atomic uint32_t users;
    struct epi_fd output;
} entries[OUTPUTS];

/* Do both write at the same place?  kcmp knows; where a filter forbids it, two opens
 * of one file are distinguished by their flags and positions. */
static bool same_open_file(int a, int b)
{
    enum { KCMP_FILE = 0 };
    int pid = epi_getpid();
    long order = epi_syscall6(SYS_kcmp, pid, pid, KCMP_FILE, a, b, 0);
    if (order >= 0)
        return order == 0;
    return fcntl(a, F_GETFL) == fcntl(b, F_GETFL) && lseek(a, 0, SEEK_CUR) == lseek(b, 0, SEEK_CUR);
}

static bool is_for(const struct entry *entry, int fd)
{
    struct epi_fd other = entry->output;
    other.fd = fd;
    return epi_fd_valid(&other) && epi_fd_valid(&entry->output) &&
           same_open_file(fd, entry->output.fd);
}

/* One more user of ENTRY, if it is for FD. */
static bool join(struct entry *entry, int fd)
{
    uint32_t users = entry->users;
    if (users < NOBODY || !is_for(entry, fd))
        return false;
    while (users >= NOBODY)
        if (atomic_compare_exchange_weak(&entry->users, &users, users + 1)) {
            struct epi_fd output = entry->output;
            if (is_for(entry, fd))
                return true;
            epi_output_close(&output); /* it has become another's meanwhile */
            return false;
        }
    return false;
}

/* Can the program have record locks on FD that matter, and does no reader wait for its
 * end?  TCGETS (asm-generic/ioctls.h) tells a terminal. */
static EPI_SAFE bool stays_open(int fd)
{
    enum { TERMINAL_ATTRIBUTES = 0x5401 };
    struct stat st;
    char attributes[256];
    if (epi_syscall6(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) != 0)
        return true;
    switch (st.st_mode & S_IFMT) {
    case S_IFREG:
        return st.st_nlink > 0;
    case S_IFCHR:
        return epi_syscall6(SYS_ioctl, fd, TERMINAL_ATTRIBUTES, (long)attributes, 0, 0, 0) != 0;
    case S_IFIFO:
    case S_IFSOCK:
        return false;
    default:
        return true;
    }
}

/* Closes outputs that have no writer and need not be kept. */
static void sweep(void)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        struct entry *entry = &entries[i];
        uint32_t users = NOBODY;
        if (entry->users != NOBODY ||
            (epi_fd_valid(&entry->output) && stays_open(entry->output.fd)) ||
            !atomic_compare_exchange_strong(&entry->users, &users, BUSY))
            continue;
        epi_fd_close(&entry->output); /* not if the program has closed it */
        entry->users = FREE;
    }
}

struct epi_fd epi_output_open(int fd)
{
    sweep();
    for (size_t i = 0; i < OUTPUTS; i++)
        if (join(&entries[i], fd))
            return entries[i].output;
    struct epi_fd output = epi_fd_of(epi_fd_duplicate(fd));
    for (size_t i = 0; output.fd >= 0 && i < OUTPUTS; i++) {
        uint32_t users = FREE;
        if (!atomic_compare_exchange_strong(&entries[i].users, &users, BUSY))
            continue;
        entries[i].output = output;
        entries[i].users = NOBODY + 1;
        break;
    }
    return output;
}

static EPI_SAFE struct entry *find(const struct epi_fd *output)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        if (entries[i].users > NOBODY && entries[i].output.fd == output->fd &&
            entries[i].output.device == output->device &&
            entries[i].output.inode == output->inode)
            return &entries[i];
    return NULL;
}

EPI_SAFE void epi_output_close(struct epi_fd *output)
{
    struct entry *entry = output->fd < 0 ? NULL : find(output);
    if (entry == NULL) {
        epi_fd_close(output);
        return;
    }
    uint32_t users = entry->users;
    for (;;) {
        bool last = users == NOBODY + 1 && !stays_open(output->fd);
        if (!atomic_compare_exchange_strong(&entry->users, &users, last ? BUSY : users - 1))
            continue;
        if (last) {
            epi_fd_close(&entry->output);
            entry->users = FREE;
        }
        output->fd = -1;
        return;
    }
}
