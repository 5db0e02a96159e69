/* The directory is everybody's: the file counts only if it is a regular one that belongs
 * to the process's user, and no symbolic link.  Its size has no bound, the reading has
 * two: the newest bytes, and a deadline. */
#include "perfmap.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MOST (INT64_C(16) << 20)

/* Lines between two looks at the clock. */
#define LINES_A_LOOK 256

EPI_SAFE void epi_perfmap_want(struct epi_perfmap *map, uintptr_t pc)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (map->name[i].pc == pc)
            return;
    if (map->count == EPI_PERFMAP_NAMES)
        return;
    struct epi_perfmap_name *name = &map->name[map->count++];
    name->pc = pc;
    name->start = 0;
}

EPI_SAFE const struct epi_perfmap_name *epi_perfmap_find(const struct epi_perfmap *map,
                                                         uintptr_t pc)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (map->name[i].pc == pc)
            return map->name[i].start != 0 ? &map->name[i] : NULL;
    return NULL;
}

/* The file, at the place where its newest bytes begin; or -1. */
static EPI_SAFE long open_map(void)
{
    char path[48] = "/tmp/perf-", digits[20];
    struct stat st;
    const char *first = epi_decimal(digits + sizeof digits, (uint64_t)epi_getpid());
    size_t size = (size_t)(digits + sizeof digits - first);
    epi_copy(path + 10, first, size);
    epi_copy(path + 10 + size, ".map", 5);
    /* It may be another program's pipe, whose open must not wait for a writer. */
    long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    if (epi_syscall6(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH, 0, 0) == 0 &&
        (st.st_mode & S_IFMT) == S_IFREG &&
        st.st_uid == (uid_t)epi_syscall6(SYS_geteuid, 0, 0, 0, 0, 0, 0)) {
        if (st.st_size > BYTES_MOST)
            epi_syscall6(SYS_lseek, fd, st.st_size - BYTES_MOST, SEEK_SET, 0, 0, 0);
        return fd;
    }
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    return -1;
}

/* The next byte, or -1 at the end. */
static EPI_SAFE int next_byte(struct epi_perfmap *map, long fd)
{
    if (map->at == map->have) {
        long n = epi_syscall6(SYS_read, fd, (long)map->buffer, sizeof map->buffer, 0, 0, 0);
        if (n <= 0)
            return -1;
        map->at = 0;
        map->have = (uint32_t)n;
    }
    return (unsigned char)map->buffer[map->at++];
}

/* A number in base 16, which some writers begin with 0x, up to the first byte that is no
 * digit of it; that is returned. */
static EPI_SAFE int number(struct epi_perfmap *map, long fd, uint64_t *value)
{
    *value = 0;
    for (;;) {
        int byte = next_byte(map, fd), digit;
        if (byte >= '0' && byte <= '9')
            digit = byte - '0';
        else if (byte >= 'a' && byte <= 'f')
            digit = byte - 'a' + 10;
        else if (byte >= 'A' && byte <= 'F')
            digit = byte - 'A' + 10;
        else if (byte == 'x' && *value == 0)
            digit = 0;
        else
            return byte;
        *value = *value << 4 | (uint64_t)digit;
    }
}

/* The rest of a line, into the names that are asked for in the function's RANGE.  A later
 * line about the same place is about what is there now. */
static EPI_SAFE int take_name(struct epi_perfmap *map, long fd, struct epi_range range)
{
    struct epi_perfmap_name *first = NULL;
    size_t n = 0;
    int byte;
    for (uint32_t i = map->asked; i < map->count && first == NULL; i++)
        if (epi_in(range, map->name[i].pc))
            first = &map->name[i];
    while ((byte = next_byte(map, fd)) >= 0 && byte != '\n')
        if (first != NULL && n < sizeof first->name - 1)
            first->name[n++] = (char)byte;
    if (first == NULL)
        return byte;
    if (byte < 0 || n == 0) { /* a line that is still being written */
        first->start = 0;
        return byte;
    }
    first->name[n] = '\0';
    for (uint32_t i = map->asked; i < map->count; i++) {
        struct epi_perfmap_name *name = &map->name[i];
        if (!epi_in(range, name->pc))
            continue;
        name->start = range.start;
        if (name != first)
            epi_copy(name->name, first->name, n + 1);
    }
    return byte;
}

static EPI_SAFE void read_lines(struct epi_perfmap *map, long fd, uint64_t deadline)
{
    map->at = map->have = 0;
    for (unsigned lines = 1;; lines++) {
        uint64_t start, size = 0;
        int byte = number(map, fd, &start);
        if (byte == ' ')
            byte = number(map, fd, &size);
        struct epi_range range = {start, byte == ' ' ? start + size : start};
        if (byte != '\n' && byte >= 0)
            byte = take_name(map, fd, range);
        if (byte < 0 || (lines % LINES_A_LOOK == 0 && epi_now() > deadline))
            return;
    }
}

EPI_SAFE void epi_perfmap_read(struct epi_perfmap *map, uint64_t deadline)
{
    if (map->asked == map->count)
        return;
    long fd = open_map();
    if (fd >= 0) {
        read_lines(map, fd, deadline);
        epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    }
    map->asked = map->count;
}
