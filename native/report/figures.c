/* Reads the kernel's small files by raw system calls.  They are answered from memory: none
 * of them waits for a disk. */
#include "figures.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* More than any machine has: cgroup v1 says so when there is no limit (LONG_MAX in pages). */
#define BEYOND (INT64_C(1) << 59)

static EPI_SAFE bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static EPI_SAFE int64_t number(const char *at)
{
    int64_t value = 0;
    if (at[0] == 'm' && at[1] == 'a' && at[2] == 'x')
        return EPI_FIGURE_NONE;
    if (*at < '0' || *at > '9')
        return EPI_FIGURE_UNKNOWN;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (*at - '0');
        if (value > BEYOND)
            return EPI_FIGURE_NONE;
    }
    return value;
}

EPI_SAFE int64_t epi_figure_in(const char *text, const char *word)
{
    size_t length = epi_strlen(word);
    for (const char *at = text; *at != '\0';) {
        size_t i = 0;
        while (i < length && at[i] == word[i])
            i++;
        if (i == length && (length == 0 || is_blank(at[i]))) {
            for (at += i; is_blank(*at); at++)
                continue;
            return number(at);
        }
        while (*at != '\0' && *at != '\n')
            at++;
        if (*at == '\n')
            at++;
    }
    return EPI_FIGURE_UNKNOWN;
}

EPI_SAFE int64_t epi_figure_at(const char *text, unsigned n)
{
    const char *at = text;
    for (; n > 0 && *at != '\0'; at++)
        n -= is_blank(*at);
    return n > 0 ? EPI_FIGURE_UNKNOWN : number(at);
}

EPI_SAFE bool epi_figures_read(const char *path, char *text, size_t size)
{
    size_t have = 0;
    long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0)
        return false;
    while (have + 1 < size) {
        long n =
            epi_syscall6(SYS_read, fd, (long)(text + have), (long)(size - 1 - have), 0, 0, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    text[have] = '\0';
    return have > 0;
}
