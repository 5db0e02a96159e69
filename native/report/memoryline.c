/* The line with what a process runs out of: memory, threads, descriptors, and the limits
 * of each.
 *
 * Everything is asked of the kernel at the crash.  Descriptors may be what has run out: the
 * report has given its spare ones free, and where they are taken again, that which needs
 * none is shown (getrusage, stat, prlimit), and the rest is called unknown. */
#include "figures.h"
#include "hostline.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/page.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define KIB 1024
#define MIB (KIB * KIB)

/* Listing descriptors takes 1 ms for some 10 000 of them, on kernels that do not count them. */
#define LISTING (20 * EPI_MS)

/* In MiB, with a tenth unless that is 0. */
static EPI_SAFE void put_size(struct epi_out *out, int64_t bytes)
{
    int64_t tenths = (bytes * 10 + MIB / 2) / MIB;
    epi_out_decimal(out, tenths / 10);
    if (tenths % 10 != 0) {
        epi_out_char(out, '.');
        epi_out_decimal(out, tenths % 10);
    }
    epi_out_text(out, " MiB");
}

/* ---- the process ---- */

static EPI_SAFE void resident(struct epi_out *out)
{
    char text[128];
    struct rusage usage;
    int64_t pages = epi_figures_read("/proc/self/statm", text, sizeof text)
                        ? epi_figure_at(text, 1)
                        : EPI_FIGURE_UNKNOWN;
    epi_out_text(out, "Memory: resident ");
    if (pages > 0 && pages != EPI_FIGURE_NONE) {
        put_size(out, pages * (int64_t)epi_page_size);
    } else if (epi_syscall6(SYS_getrusage, RUSAGE_SELF, (long)&usage, 0, 0, 0, 0) == 0 &&
               usage.ru_maxrss > 0) {
        epi_out_text(out, "at most ");
        put_size(out, usage.ru_maxrss * KIB);
    } else {
        epi_out_text(out, "unknown");
    }
}

static EPI_SAFE bool look(const char *path, struct stat *st)
{
    return epi_syscall6(SYS_newfstatat, AT_FDCWD, (long)path, (long)st, 0, 0, 0) == 0;
}

/* A directory has a link for each directory in it, and two more (fs/proc/base.c,
 * proc_task_getattr). */
static EPI_SAFE void threads(struct epi_out *out)
{
    struct stat st;
    int64_t count = look("/proc/self/task", &st) ? (int64_t)st.st_nlink - 2 : 0;
    if (count <= 0) {
        epi_out_text(out, "; threads unknown");
        return;
    }
    epi_out_text(out, "; ");
    epi_out_decimal(out, count);
    epi_out_text(out, count == 1 ? " thread" : " threads");
}

#define ENTRY_SIZE 16 /* struct linux_dirent64: inode, offset, this, type, name */
#define ENTRY_NAME 19

/* Entries in a directory but "." and ".."; or EPI_FIGURE_UNKNOWN. */
static EPI_SAFE int64_t count_entries(const char *path, uint64_t deadline)
{
    char buffer[1024];
    int64_t count = 0;
    long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0), n;
    if (fd < 0)
        return EPI_FIGURE_UNKNOWN;
    do {
        n = epi_syscall6(SYS_getdents64, fd, (long)buffer, sizeof buffer, 0, 0, 0);
        for (long at = 0; at + ENTRY_NAME < n;) {
            uint16_t size;
            epi_copy(&size, buffer + at + ENTRY_SIZE, sizeof size);
            count += buffer[at + ENTRY_NAME] != '.';
            at += size > ENTRY_NAME ? size : n;
        }
    } while (n > 0 && epi_now() < deadline);
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    return n == 0 ? count - 1 : EPI_FIGURE_UNKNOWN; /* not the one that is read by */
}

/* Since Linux 6.2 the directory's size is their number (fs/proc/fd.c, proc_fd_getattr). */
static EPI_SAFE void descriptors(struct epi_out *out)
{
    struct stat st;
    struct rlimit limit;
    int64_t count = look("/proc/self/fd", &st) ? st.st_size : 0;
    if (count <= 0)
        count = count_entries("/proc/self/fd", epi_now() + LISTING);
    epi_out_text(out, "; ");
    if (count > 0)
        epi_out_decimal(out, count);
    else
        epi_out_text(out, "unknown");
    if (epi_syscall6(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0) == 0 &&
        limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > 0) {
        epi_out_text(out, " of ");
        epi_out_decimal(out, (int64_t)limit.rlim_cur);
    }
    epi_out_text(out, " descriptors");
}

/* ---- its cgroup ---- */

/* The file NAME of the memory cgroup; false when it is not there. */
static EPI_SAFE bool read_group(const char *name, char *text, size_t size)
{
    char path[EPI_HOST_GROUP + 32];
    size_t directory = epi_strlen(epi_host.group), length = epi_strlen(name);
    if (directory + length + 2 > sizeof path)
        return false;
    epi_copy(path, epi_host.group, directory);
    path[directory] = '/';
    epi_copy(path + directory + 1, name, length + 1);
    return epi_figures_read(path, text, size);
}

/* The number in the file that version 2 of cgroups has, or else in that of version 1. */
static EPI_SAFE int64_t group_figure(const char *v2, const char *v1, const char *word)
{
    char text[512];
    if (!read_group(v2, text, sizeof text) && !read_group(v1, text, sizeof text))
        return EPI_FIGURE_UNKNOWN;
    return epi_figure_in(text, word);
}

static EPI_SAFE void group(struct epi_out *out)
{
    if (!epi_host.known || epi_host.group[0] == '\0')
        return;
    int64_t used = group_figure("memory.current", "memory.usage_in_bytes", "");
    int64_t limit = group_figure("memory.max", "memory.limit_in_bytes", "");
    int64_t killed = group_figure("memory.events", "memory.oom_control", "oom_kill");
    epi_out_text(out, "; cgroup ");
    if (used > 0 && used != EPI_FIGURE_NONE)
        put_size(out, used);
    else
        epi_out_text(out, "unknown");
    if (limit > 0 && limit != EPI_FIGURE_NONE) {
        epi_out_text(out, " of ");
        put_size(out, limit);
    }
    if (killed > 0 && killed != EPI_FIGURE_NONE) {
        epi_out_text(out, ", ");
        epi_out_decimal(out, killed);
        epi_out_text(out, killed == 1 ? " OOM kill" : " OOM kills");
    }
}

/* ---- its limits ---- */

static const struct {
    int resource;
    bool bytes;
    const char *name;
} shown[] = {
    {RLIMIT_AS, true, "address space"}, {RLIMIT_DATA, true, "data"},
    {RLIMIT_STACK, true, "stack"},      {RLIMIT_FSIZE, true, "file size"},
    {RLIMIT_CORE, true, "core"},        {RLIMIT_NPROC, false, "processes"},
};

/* Those that are unlimited are left out. */
static EPI_SAFE void limits(struct epi_out *out)
{
    bool any = false;
    for (size_t i = 0; i < EPI_COUNT(shown); i++) {
        struct rlimit limit;
        if (epi_syscall6(SYS_prlimit64, 0, shown[i].resource, 0, (long)&limit, 0, 0) != 0 ||
            limit.rlim_cur >= (rlim_t)1 << 59)
            continue;
        epi_out_text(out, any ? ", " : "; limits: ");
        any = true;
        epi_out_text(out, shown[i].name);
        epi_out_char(out, ' ');
        if (shown[i].bytes)
            put_size(out, (int64_t)limit.rlim_cur);
        else
            epi_out_decimal(out, (int64_t)limit.rlim_cur);
    }
}

EPI_SAFE void epi_report_memory(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    resident(out);
    group(out);
    threads(out);
    descriptors(out);
    limits(out);
    epi_out_char(out, '\n');
}
