/* The report's file is created after the fault, so that a run without a crash leaves none:
 * private, never through a symbolic link, never one that is there. */
#include "file.h"
#include "hostline.h"
#include "places.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <errno.h>
#include <fcntl.h>

/* In a name there is no colon, for the sake of other systems. */
static EPI_SAFE uint32_t take_name(char *to, uint32_t room, const struct epi_out *out)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < out->used && size < room; i++)
        if (out->buffer[i] != ':')
            to[size++] = out->buffer[i];
    return size;
}

/* A host's name may be anything; a path must not come of it. */
static EPI_SAFE void host_name(struct epi_out *out, const char *host)
{
    for (; *host != '\0'; host++) {
        bool plain = (*host >= '0' && *host <= '9') || (*host >= 'A' && *host <= 'Z') ||
                     (*host >= 'a' && *host <= 'z') || *host == '-' || *host == '.';
        epi_out_char(out, plain ? *host : '_');
    }
}

/* "<program>-<host>-<pid>-<time>.crash", with a letter before the suffix when N > 0.  In
 * containers every pid is 1: it is the host's name that tells their files apart. */
static EPI_SAFE void name_file(struct epi_incident *incident, const struct epi_options *options,
                               unsigned n)
{
    static const char suffix[] = ".crash";
    struct epi_out *out = &incident->out; /* not in use yet: borrowed to format */
    epi_out_start(out, epi_fd_of(-1), epi_fd_of(-1), 0);
    epi_out_text(out, options->program);
    epi_out_char(out, '-');
    if (epi_host_name()[0] != '\0') {
        host_name(out, epi_host_name());
        epi_out_char(out, '-');
    }
    epi_out_decimal(out, epi_getpid());
    epi_out_char(out, '-');
    epi_out_time(out, epi_clock(CLOCK_REALTIME));
    uint32_t size = take_name(incident->file, sizeof incident->file - sizeof suffix - 1, out);
    if (n > 0)
        incident->file[size++] = (char)('a' + n - 1);
    epi_copy(incident->file + size, suffix, sizeof suffix);
}

/* A file in DIRECTORY, or -errno. */
static EPI_SAFE long create_in(struct epi_incident *incident, const struct epi_options *options,
                               int directory)
{
    for (unsigned n = 0;; n++) {
        name_file(incident, options, n);
        long fd = epi_fd_open(directory, incident->file,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd >= 0) /* whatever the umask leaves out or lets in */
            epi_syscall6(SYS_fchmod, fd, 0600, 0, 0, 0, 0);
        if (fd != -EEXIST || n == 26)
            return fd;
    }
}

/* The directory may have been removed, and made anew under its name. */
static EPI_SAFE long create(struct epi_incident *incident, const struct epi_options *options)
{
    bool valid = epi_fd_valid(&options->directory);
    long fd = valid ? create_in(incident, options, options->directory.fd) : -EBADF;
    if (valid && fd != -ENOENT)
        return fd;
    long directory = epi_places_open_directory(options);
    if (directory < 0)
        return directory;
    fd = create_in(incident, options, (int)directory);
    epi_syscall6(SYS_close, directory, 0, 0, 0, 0, 0);
    incident->places.directory_reopened = fd >= 0;
    return fd;
}

EPI_SAFE void epi_report_open_file(struct epi_incident *incident)
{
    long fd = create(incident, incident->options);
    if (fd < 0) {
        incident->file_error = (int)-fd;
        incident->file[0] = '\0';
        return;
    }
    incident->file_fd = epi_fd_of((int)fd);
}

EPI_SAFE void epi_report_file_path(struct epi_out *out, const struct epi_incident *incident)
{
    epi_out_escaped(out, incident->options->directory_path);
    epi_out_char(out, '/');
    epi_out_escaped(out, incident->file);
}
