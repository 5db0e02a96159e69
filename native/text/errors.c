/* The words are those of Go's package syscall; strerror may allocate and take locks. */
#include "errors.h"
#include "../base/base.h"

#include <errno.h>

static const struct {
    int error;
    const char *words;
} errors[] = {
    {EPERM, "operation not permitted"},
    {ENOENT, "no such file or directory"},
    {ESRCH, "no such process"},
    {EINTR, "interrupted system call"},
    {EIO, "input/output error"},
    {ENXIO, "no such device or address"},
    {EBADF, "bad file descriptor"},
    {EAGAIN, "resource temporarily unavailable"},
    {ENOMEM, "cannot allocate memory"},
    {EACCES, "permission denied"},
    {EFAULT, "bad address"},
    {EBUSY, "device or resource busy"},
    {EEXIST, "file exists"},
    {ENODEV, "no such device"},
    {ENOTDIR, "not a directory"},
    {EISDIR, "is a directory"},
    {EINVAL, "invalid argument"},
    {ENFILE, "too many open files in system"},
    {EMFILE, "too many open files"},
    {ENOTTY, "inappropriate ioctl for device"},
    {ETXTBSY, "text file busy"},
    {EFBIG, "file too large"},
    {ENOSPC, "no space left on device"},
    {ESPIPE, "illegal seek"},
    {EROFS, "read-only file system"},
    {EMLINK, "too many links"},
    {EPIPE, "broken pipe"},
    {ENAMETOOLONG, "file name too long"},
    {ENOSYS, "function not implemented"},
    {ELOOP, "too many levels of symbolic links"},
    {ETIME, "timer expired"},
    {EOVERFLOW, "value too large for defined data type"},
    {ENOTCONN, "transport endpoint is not connected"},
    {ETIMEDOUT, "connection timed out"},
    {ECONNREFUSED, "connection refused"},
    {ECONNRESET, "connection reset by peer"},
    {ESTALE, "stale file handle"},
    {EDQUOT, "disk quota exceeded"},
    {ECANCELED, "operation canceled"},
};

EPI_SAFE void epi_error_put(struct epi_out *out, int error)
{
    for (size_t i = 0; i < EPI_COUNT(errors); i++) {
        if (errors[i].error == error) {
            epi_out_text(out, errors[i].words);
            return;
        }
    }
    epi_out_text(out, "error ");
    epi_out_decimal(out, error);
}
