/* What shared libraries write to standard error (record/lastwords.h).  A comparison and a jump
 * are all that a write to another descriptor costs.  Not writev: a static program needs libc's
 * (below), and whoever writes a message by it has it in pieces of his own. */
#include "interpose.h"
#include "../base/base.h"
#include "../record/lastwords.h"

#include <sys/uio.h>
#include <unistd.h>

#ifdef EPI_INTERPOSES

EPI_NEXT(next_write, write);
static epi_write_function next;

/* glibc's other name, which a static program has as well. */
extern ssize_t __write(int fd, const void *text, size_t size) __attribute__((weak));

/* Past the wrappers of this link, which would keep the words again. */
extern ssize_t __real_write(int fd, const void *text, size_t size);
extern ssize_t __real_writev(int fd, const struct iovec *parts, int count);

/* A cancellation point like it; musl has no other name. */
static ssize_t by_writev(int fd, const void *text, size_t size)
{
    struct iovec part = {(void *)(uintptr_t)text, size};
    return __real_writev(fd, &part, 1);
}

static epi_write_function libcs_own(void)
{
    return __write != NULL ? __write : by_writev;
}

static ssize_t interposed(int fd, const void *text, size_t size);

/* write may be called in a signal handler, and in a child of vfork: it looks nothing up. */
static __attribute__((constructor)) void prepare(void)
{
    epi_write_function found = (epi_write_function)epi_interpose_next(&next_write);
    next = found != NULL ? found : libcs_own();
    if (epi_interpose_own() && epi_interpose_wins((uintptr_t)__real_write, (uintptr_t)interposed))
        epi_words_write_by(next);
}

/* Before that a constructor of a library may write; no one listens yet. */
static ssize_t interposed(int fd, const void *text, size_t size)
{
    if (__builtin_expect(next == NULL, 0))
        return libcs_own()(fd, text, size);
    if (__builtin_expect(fd != STDERR_FILENO, 1) || !epi_interpose_own())
        return next(fd, text, size);
    return epi_words_write(text, size, next);
}

EPI_INTERPOSED_FIRST ssize_t write(int fd, const void *text, size_t size)
    __attribute__((alias("interposed")));

#endif
