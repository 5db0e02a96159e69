/* A line is "start-end perms offset dev inode   path".  It is parsed byte by
 * byte from a small buffer: lines have no bound (a path may have 4 KiB), and
 * the handler's stack has. */
#include "maps.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"

#include <fcntl.h>
#include <sys/syscall.h>

EPI_SAFE bool epi_maps_open(struct epi_maps *maps)
{
    maps->at = maps->have = 0;
    /* Not /proc/self: that list is empty once the first thread has ended. */
    maps->fd = (int)epi_fd_open(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY, 0);
    return maps->fd >= 0;
}

EPI_SAFE void epi_maps_close(struct epi_maps *maps)
{
    epi_syscall6(SYS_close, maps->fd, 0, 0, 0, 0, 0);
}

/* The next byte, or -1 at the end. */
static EPI_SAFE int next_byte(struct epi_maps *maps)
{
    if (maps->at == maps->have) {
        long n = epi_syscall6(SYS_read, maps->fd, (long)maps->buffer,
                              sizeof maps->buffer, 0, 0, 0);
        if (n <= 0)
            return -1;
        maps->at = 0;
        maps->have = (uint32_t)n;
    }
    return (unsigned char)maps->buffer[maps->at++];
}

/* A number up to the first byte that is no digit of it, which is returned. */
static EPI_SAFE int number(struct epi_maps *maps, unsigned base, uint64_t *value)
{
    *value = 0;
    for (;;) {
        int byte = next_byte(maps);
        unsigned digit;
        if (byte >= '0' && byte <= '9')
            digit = (unsigned)byte - '0';
        else if (base == 16 && byte >= 'a' && byte <= 'f')
            digit = (unsigned)byte - 'a' + 10;
        else
            return byte;
        *value = *value * base + digit;
    }
}

EPI_SAFE bool epi_maps_next(struct epi_maps *maps, struct epi_mapping *mapping)
{
    uint64_t start, end, ignored;
    if (number(maps, 16, &start) != '-' || number(maps, 16, &end) != ' ')
        return false;
    mapping->range.start = start;
    mapping->range.end = end;
    mapping->prot = 0;
    if (next_byte(maps) == 'r')
        mapping->prot |= EPI_PROT_READ;
    if (next_byte(maps) == 'w')
        mapping->prot |= EPI_PROT_WRITE;
    if (next_byte(maps) == 'x')
        mapping->prot |= EPI_PROT_EXEC;
    next_byte(maps); /* private or shared */
    next_byte(maps);
    if (number(maps, 16, &mapping->offset) != ' ' ||
        number(maps, 16, &ignored) != ':' || number(maps, 16, &ignored) != ' ')
        return false;
    int byte = number(maps, 10, &mapping->inode);
    while (byte == ' ')
        byte = next_byte(maps);
    size_t n = 0;
    for (; byte != '\n' && byte >= 0; byte = next_byte(maps))
        if (n < sizeof mapping->path - 1)
            mapping->path[n++] = (char)byte;
    mapping->path[n] = '\0';
    return true;
}

EPI_SAFE bool epi_maps_find(uintptr_t address, struct epi_mapping *mapping,
                            struct epi_mapping *below)
{
    struct epi_maps maps;
    bool found = false, above = false;
    if (below != NULL)
        epi_zero(below, sizeof *below);
    if (epi_maps_open(&maps)) {
        while (!above && epi_maps_next(&maps, mapping)) {
            found = epi_in(mapping->range, address);
            above = mapping->range.end > address;
            if (!above && below != NULL)
                epi_copy(below, mapping, sizeof *below);
        }
        epi_maps_close(&maps);
    }
    if (!above)
        epi_zero(mapping, sizeof *mapping);
    return found;
}
