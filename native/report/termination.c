/* When a container has ended, the kubelet reads the last 4096 bytes of its termination
 * log, and keeps the first 12288 / (number of the pod's containers) of these
 * (kuberuntime_container.go, status_manager.go).  So the best stands first, and all of it
 * is in one write: whoever reads half a message reads no cause. */
#include "termination.h"
#include "brief.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <errno.h>
#include <unistd.h>

#define LIMIT 4096

/* Where the program has filled the file, the oldest of its own bytes are what the kubelet
 * leaves out. */
#define LEAST 1024

EPI_SAFE EPI_ON_CRASH bool epi_termination_waits(const struct epi_incident *incident)
{
    return incident->options->termination.fd >= 0 && !incident->forked && !incident->terminated;
}

static EPI_SAFE void note(struct epi_out *out, long error)
{
    epi_out_fresh_line(out);
    epi_out_text(out, "Note: the termination message could not be written: error ");
    epi_out_decimal(out, error);
    epi_out_text(out, "\n\n");
}

/* The number of bytes in the file; or -errno. */
static EPI_SAFE long size_of(const struct epi_fd *file)
{
    if (!epi_fd_valid(file)) /* the program has closed it */
        return -EBADF;
    return epi_syscall6(SYS_lseek, file->fd, 0, SEEK_END, 0, 0, 0);
}

EPI_SAFE void epi_report_termination(struct epi_incident *incident)
{
    static struct epi_out text; /* of the crash, of which there is one; goes nowhere */
    const struct epi_fd *file = &incident->options->termination;
    int error = incident->options->termination_error; /* of Enable, which went on */
    if (!epi_termination_waits(incident) && (error == 0 || incident->terminated))
        return;
    incident->terminated = true;
    long before = error != 0 ? -error : size_of(file), written = before;
    if (before >= 0) {
        size_t room = before > LIMIT - LEAST ? LEAST : (size_t)(LIMIT - before);
        epi_out_start(&text, epi_fd_of(-1), epi_fd_of(-1), 0);
        if (before > 0) /* its last line may have no end */
            epi_out_char(&text, '\n');
        uint32_t at = text.used;
        epi_brief_compose(&text, &incident->out, room - EPI_BRIEF_END, EPI_BRIEF_WORDS);
        epi_brief_end(&text, incident, at);
        epi_out_char(&text, '\n');
        do
            written = epi_syscall6(SYS_write, file->fd, (long)text.buffer, text.used, 0, 0, 0);
        while (written == -EINTR);
    }
    if (written < 0)
        note(&incident->out, -written);
}
