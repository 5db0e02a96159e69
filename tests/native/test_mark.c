/* A program that exits as soon as it is asked to end leaves in its box that it was asked,
 * although the handler of the signal has not come to write it. */
#include "check.h"
#include "harness.h"
#include "box.h"
#include "mark.h"
#include "process.h"
#include "system.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct epi_mark at(int offset)
{
    struct epi_mark mark;
    memset(&mark, 0xff, sizeof mark);
    CHECK(pread(epi_box.fd.fd, &mark, sizeof mark, offset) == (ssize_t)sizeof mark,
          "the box is there");
    return mark;
}

int main(void)
{
    const siginfo_t info = {.si_code = SI_USER, .si_pid = 4711};
    harness_start(NULL);
    char path[] = "test_mark.XXXXXX"; /* a file that is removed is no box */
    int fd = mkstemp(path);
    CHECK(fd >= 0 && ftruncate(fd, EPI_BOX_SIZE) == 0, "a file");
    epi_box.fd = epi_fd_of(fd);
    epi_box.attached = true;
    CHECK(epi_process_start() == 0, "the process");
    epi_process()->pid = epi_getpid();
    epi_box.loss = EPI_BOX_FINE;

    epi_mark_request(SIGINT, &info);
    CHECK(at(EPI_BOX_ASKED).how == EPI_MARK_NONE,
          "it is not written before the program hears of it");
    epi_mark_asked();
    CHECK(at(EPI_BOX_ASKED).signal == SIGINT, "the handler has come to it");

    epi_mark_request(SIGTERM, &info);
    epi_mark_exit(EPI_MARK_OS_EXIT, 5, "main.main");
    struct epi_mark mark = at(EPI_BOX_ASKED);
    CHECK(mark.how == EPI_MARK_SIGNAL && mark.signal == SIGTERM && mark.sender == 4711,
          "how %u, signal %u by %u", mark.how, mark.signal, mark.sender);
    mark = at(EPI_BOX_ENDING);
    CHECK(mark.how == EPI_MARK_OS_EXIT && mark.status == 5, "how %u, status %d", mark.how,
          mark.status);

    /* One that comes while another one's is being written is the one that stands there then,
     * whichever of the two handlers writes. */
    epi_mark_request(SIGHUP, &info);
    epi_mark_request(SIGTERM, &info);
    epi_mark_asked();
    CHECK(at(EPI_BOX_ASKED).signal == SIGTERM, "not the newest");
    epi_mark_request(SIGINT, &info);
    for (int i = 0; i < 6; i++)
        epi_mark_request(SIGHUP, &info);
    epi_mark_asked();
    CHECK(at(EPI_BOX_ASKED).signal == SIGHUP, "not the newest of many");

    epi_box.attached = false;
    unlink(path);
    return check_result();
}
