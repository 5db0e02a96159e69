/* Descriptors that are checked before they are written to: the program may have closed
 * one and opened another file under its number.  fd.h says how the two are distinguished. */
#include "fd.h"
#include "base.h"
#include "fetch.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Which of the two libc calls depends on its version, and a seccomp profile may know one only. */
static EPI_SAFE EPI_ON_CRASH bool status(int fd, struct stat *st)
{
    return epi_syscall6(SYS_fstat, fd, (long)st, 0, 0, 0, 0) == 0 ||
           epi_syscall6(SYS_newfstatat, fd, (long)"", (long)st, AT_EMPTY_PATH, 0, 0) == 0;
}

static EPI_SAFE EPI_ON_CRASH bool identify(int fd, uint64_t *device, uint64_t *inode)
{
    struct stat st;
    if (fd < 0 || !status(fd, &st))
        return false;
    *device = st.st_dev;
    *inode = st.st_ino;
    return true;
}

EPI_SAFE struct epi_fd epi_fd_of(int fd)
{
    struct epi_fd result = {.fd = fd, .device = 0, .inode = 0};
    if (!identify(fd, &result.device, &result.inode))
        result.fd = -1;
    return result;
}

EPI_SAFE EPI_ON_CRASH bool epi_fd_valid(const struct epi_fd *fd)
{
    uint64_t device, inode;
    return identify(fd->fd, &device, &inode) && device == fd->device &&
           inode == fd->inode;
}

EPI_SAFE bool epi_fd_is_log(int fd)
{
    struct stat st, output;
    long flags = epi_syscall6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
    return flags >= 0 && (flags & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_WRONLY) &&
           status(fd, &st) && (st.st_mode & S_IFMT) == S_IFREG &&
           status(STDOUT_FILENO, &output) && st.st_dev == output.st_dev &&
           st.st_ino == output.st_ino;
}

EPI_SAFE void epi_fd_close(struct epi_fd *fd)
{
    if (epi_fd_valid(fd))
        epi_syscall6(SYS_close, fd->fd, 0, 0, 0, 0, 0);
    fd->fd = -1;
}

static EPI_SAFE long duplicate(int fd)
{
    static const int places[] = {EPI_HIGH_FD, 10, 3};
    long copy = -EBADF;
    for (size_t i = 0; i < EPI_COUNT(places); i++) {
        copy = epi_syscall6(SYS_fcntl, fd, F_DUPFD_CLOEXEC, places[i], 0, 0, 0);
        if (copy != -EINVAL) /* beyond RLIMIT_NOFILE */
            break;
    }
    return copy;
}

int epi_fd_duplicate(int fd)
{
    long copy = duplicate(fd);
    if (copy >= 0)
        return (int)copy;
    errno = (int)-copy;
    return -1;
}

/* The program may have closed that number to open a file of its own under it, and may put
 * that there by dup2 meanwhile: then what is there now is the program's. */
EPI_SAFE long epi_fd_above(long fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    struct epi_fd low = epi_fd_of((int)fd);
    struct epi_fd high = low;
    long copy = duplicate((int)fd);
    high.fd = (int)copy;
    if (low.fd < 0) { /* fstat is refused */
        epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    } else {
        epi_fd_close(&low);
        if (copy >= 0 && !epi_fd_valid(&high)) {
            epi_syscall6(SYS_close, copy, 0, 0, 0, 0, 0);
            copy = -EBADF;
        }
    }
    return copy;
}

EPI_SAFE long epi_fd_open(int directory, const char *path, int flags, unsigned mode)
{
    return epi_fd_above(epi_syscall6(SYS_openat, directory, (long)path, flags | O_CLOEXEC,
                                     mode, 0, 0));
}

int epi_fd_open_high(const char *path, int flags)
{
    int fd = (int)epi_fd_open(AT_FDCWD, path, flags, 0);
    if (fd < 0) {
        errno = -fd;
        return -1;
    }
    int copy = epi_fd_duplicate(fd);
    int error = errno;
    close(fd);
    errno = error;
    return copy;
}
