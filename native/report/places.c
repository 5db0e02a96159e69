/* Places of a report, in the order in which they are tried. */
#include "places.h"
#include "settle.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../text/errors.h"
#include "../text/out.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static EPI_SAFE EPI_ON_CRASH bool same_file(const struct epi_fd *a, const struct epi_fd *b)
{
    return a->device == b->device && a->inode == b->inode;
}

EPI_SAFE bool epi_report_is_stderr(const struct epi_fd *output)
{
    struct epi_fd standard = epi_fd_of(2);
    return standard.fd >= 0 && same_file(&standard, output);
}

EPI_SAFE struct epi_fd epi_report_terminal(const struct epi_options *options)
{
    struct epi_fd terminal = options->output;
    if (epi_fd_valid(&terminal))
        return terminal;
    terminal.fd = 2; /* another descriptor of the same file, perhaps */
    if (!epi_fd_valid(&terminal))
        terminal = options->standard;
    if (!epi_fd_valid(&terminal))
        terminal.fd = -1;
    return terminal;
}

/* The output's own file, if it still has its name.  Only a regular file's path is kept. */
static EPI_SAFE struct epi_fd open_anew(const struct epi_options *options)
{
    struct epi_fd output = {.fd = -1, .device = 0, .inode = 0};
    if (options->output_path[0] != '/')
        return output;
    long fd = epi_fd_open(AT_FDCWD, options->output_path,
                          O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return output;
    output = options->output;
    output.fd = (int)fd;
    if (!epi_fd_valid(&output)) {
        epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
        output.fd = -1;
    }
    return output;
}

EPI_SAFE EPI_ON_CRASH void epi_places_find(struct epi_incident *incident)
{
    const struct epi_options *options = incident->options;
    bool lost = !epi_fd_valid(&options->output);
    incident->places.lost = EPI_LOST_NOTHING;
    incident->places.reopened.fd = -1;
    incident->places.directory_reopened = false;
    incident->terminal = lost ? epi_report_terminal(options) : options->output;
    if (lost && !same_file(&incident->terminal, &options->output)) {
        epi_report_settle(incident); /* frees a descriptor for it */
        incident->places.reopened = open_anew(options);
        incident->places.lost = EPI_LOST_OUTPUT;
        if (incident->places.reopened.fd >= 0) {
            incident->places.lost = EPI_LOST_DESCRIPTOR;
            incident->terminal = incident->places.reopened;
        }
    }
    /* A record is no text among Go's own: it is what the program has asked for. */
    if (incident->apart && !options->json && (epi_report_is_stderr(&incident->terminal) ||
                            same_file(&incident->terminal, &options->standard)))
        incident->terminal.fd = -1;
}

EPI_SAFE bool epi_places_has_own(const struct epi_options *options)
{
    return !epi_report_is_stderr(&options->output) &&
           !same_file(&options->output, &options->standard) &&
           (epi_fd_valid(&options->output) || options->output_path[0] != '\0');
}

EPI_SAFE EPI_ON_CRASH struct epi_fd epi_places_fallback(const struct epi_incident *incident)
{
    struct epi_fd standard = incident->options->standard;
    if (incident->apart || same_file(&standard, &incident->terminal) ||
        !epi_fd_valid(&standard))
        standard.fd = -1;
    return standard;
}

/* Another user may have made what the path leads to now. */
static EPI_SAFE bool is_trusted(int fd)
{
    struct stat stat;
    if (epi_syscall6(SYS_fstat, fd, (long)&stat, 0, 0, 0, 0) != 0)
        return false;
    bool own = stat.st_uid == 0 ||
               stat.st_uid == (uid_t)epi_syscall6(SYS_geteuid, 0, 0, 0, 0, 0, 0);
    return own && ((stat.st_mode & S_IWOTH) == 0 || (stat.st_mode & S_ISVTX) != 0);
}

EPI_SAFE long epi_places_open_directory(const struct epi_options *options)
{
    const char *path = options->directory_path;
    if (path[0] != '/' || epi_strlen(path) == sizeof options->directory_path - 1 /* cut */)
        return -EBADF;
    long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || is_trusted((int)fd))
        return fd;
    epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
    return -EPERM;
}

EPI_SAFE void epi_places_notes(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const struct epi_options *options = incident->options;
    if (incident->places.directory_reopened)
        epi_out_text(out, "Note: the report file's directory was lost to the program, and "
                          "opened anew by its path\n");
    if (incident->file_error != 0) {
        epi_out_text(out, "Note: no report file could be made in ");
        epi_out_escaped(out, options->directory_path);
        epi_out_text(out, ": ");
        epi_error_put(out, incident->file_error);
        epi_out_char(out, '\n');
    }
    if (incident->file_fd.fd >= 0 || incident->places.lost == EPI_LOST_NOTHING)
        return;
    epi_out_text(out,
                 "Note: the descriptor of the report's output was closed or used for another "
                 "file; the report is ");
    epi_out_text(out, incident->places.lost == EPI_LOST_DESCRIPTOR
                          ? "in the same file, opened anew by its path\n"
                          : "on standard error\n");
}

EPI_SAFE void epi_places_close(struct epi_incident *incident)
{
    epi_fd_close(&incident->places.reopened);
}
