/* The black box's file: mapped where the program writes notes, written by pwrite
 * everywhere else, and left to a child of fork by neither. */
#include "box.h"
#include "notes.h"
#include "ring.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../incident/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct epi_box epi_box;

struct status {
    uint32_t state, signal;
    uint64_t time; /* ns since 1970 */
};

static EPI_SAFE long write_at(int fd, const void *data, size_t size, uint64_t offset)
{
    return epi_syscall6(SYS_pwrite64, fd, (long)data, (long)size, (long)offset, 0, 0);
}

EPI_SAFE void epi_box_status(int fd, uint32_t state, int signal)
{
    struct status status = {state, (uint32_t)signal, epi_clock(CLOCK_REALTIME)};
    write_at(fd, &status, sizeof status, EPI_BOX_STATUS);
}

/* What has become of the file?  A write that failed may succeed the next time;
 * from the rest there is no way back. */
EPI_SAFE bool epi_box_usable(void)
{
    struct epi_box *box = &epi_box;
    struct stat st;
    if (!box->attached)
        return false;
    if (box->loss != EPI_BOX_FINE && box->loss != EPI_BOX_FAILED)
        return false;
    if (epi_syscall6(SYS_fstat, box->fd.fd, (long)&st, 0, 0, 0, 0) != 0 ||
        st.st_dev != box->fd.device || st.st_ino != box->fd.inode)
        box->loss = EPI_BOX_CLOSED;
    else if (st.st_size < (off_t)EPI_BOX_SIZE)
        box->loss = EPI_BOX_TRUNCATED;
    else if (st.st_nlink == 0)
        box->loss = EPI_BOX_REMOVED;
    else
        return true;
    return false;
}

bool epi_box_works(void)
{
    return epi_box_usable() && epi_box.loss == EPI_BOX_FINE;
}

bool epi_box_write_slot(uint32_t index, const void *slot, size_t size)
{
    struct epi_box *box = &epi_box;
    uint32_t before = box->loss;
    if (!epi_box_usable() || index >= EPI_SLOTS || size > sizeof(struct epi_slot))
        return false;
    long n = write_at(box->fd.fd, slot, size, EPI_BOX_SLOTS + index * sizeof(struct epi_slot));
    box->error = n < 0 ? (int)-n : ENOSPC; /* a short write is the disk's end */
    /* Unless a fault in the notes has found out more meanwhile. */
    atomic_compare_exchange_strong(&box->loss, &before,
                                   n == (long)size ? EPI_BOX_FINE : EPI_BOX_FAILED);
    return true;
}

bool epi_box_write_watch(const void *watch, size_t size)
{
    return epi_box_usable() && write_at(epi_box.fd.fd, watch, size, EPI_BOX_WATCH) == (long)size;
}

/* Writers that are in the middle of a record are waited for; one that began at
 * the wrong moment may lose its record, never the others'. */
static void await_writers(void)
{
    struct timespec pause = epi_timespec(EPI_MS / 10);
    for (int i = 0; i < 100 && !epi_notes_quiet(); i++)
        nanosleep(&pause, NULL);
}

/* A window with the notes' content: pages of FD, or ordinary ones (-1).  NULL and
 * errno when there are none. */
static void *copy_notes(int fd)
{
    const struct epi_notes *notes = &epi_notes_pages.notes;
    const struct epi_range window = epi_notes_window();
    const size_t size = window.end - window.start, before = (uintptr_t)notes - window.start;
    const bool file = fd >= 0;
    errno = ENOSPC; /* a short write says nothing else */
    /* Not through a mapping: nothing would catch a fault in that one. */
    if (file && pwrite(fd, notes, sizeof *notes, EPI_BOX_NOTES) != (ssize_t)sizeof *notes)
        return NULL;
    void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd,
                      file ? EPI_BOX_NOTES - (off_t)before : 0);
    if (copy == MAP_FAILED)
        return NULL;
    if (file)
        madvise(copy, size, MADV_DONTFORK);
    else
        memcpy((char *)copy + before, (const void *)notes, sizeof *notes);
    return copy;
}

/* The end of a move.  What a crash has stored in pages that were replaced since
 * is stored again. */
static void open_notes(void)
{
    struct epi_notes *notes = &epi_notes_pages.notes;
    uint32_t moving = EPI_NOTES_MOVING, incident = EPI_NOTES_CRASH;
    atomic_compare_exchange_strong(&notes->frozen, &moving, EPI_NOTES_OPEN);
    if (!epi_crashing())
        return;
    notes->frozen = EPI_NOTES_CRASH;
    if (!epi_crashing()) /* a host's handler has repaired it: no other code opens them */
        atomic_compare_exchange_strong(&notes->frozen, &incident, EPI_NOTES_OPEN);
}

/* Replaces the notes' pages by those of FD, or by ordinary ones (-1); the content
 * goes along.  When that fails the pages are as they were: EAGAIN in a crash,
 * which has frozen them. */
static int move_notes(int fd)
{
    struct epi_notes *notes = &epi_notes_pages.notes;
    const struct epi_range window = epi_notes_window();
    const size_t size = window.end - window.start;
    uint32_t open = EPI_NOTES_OPEN;
    int error = 0;
    if (!atomic_compare_exchange_strong(&notes->frozen, &open, EPI_NOTES_MOVING))
        return EAGAIN;
    await_writers();
    void *copy = copy_notes(fd);
    if (copy == NULL)
        error = errno;
    else if (epi_crashing())
        error = EAGAIN;
    else if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
                    (void *)window.start) == MAP_FAILED)
        error = errno;
    if (error == 0) {
        await_writers();
        epi_notes_release();
    } else if (copy != NULL) {
        munmap(copy, size);
    }
    open_notes();
    return error;
}

EPI_SAFE void epi_box_after_fork(void)
{
    struct epi_box *box = &epi_box;
    if (!box->attached)
        return;
    box->attached = false;
    if (epi_notes_mapped)
        epi_notes_unmap();
    epi_notes_mapped = false;
    epi_fd_close(&box->fd); /* or the child would hold the lock on */
}

/* Takes the box away from crashes to come.  False when there is one already,
 * whose report may be on its way to the box. */
static bool withdraw(struct epi_box *box)
{
    box->attached = false;
    if (!epi_crashing())
        return true;
    box->attached = true;
    return false;
}

static void close_clean(struct epi_fd *fd, bool works)
{
    if (works)
        epi_box_status(fd->fd, EPI_BOX_CLEAN, 0);
    epi_fd_close(fd);
}

int epi_box_attach(int fd, const char *path)
{
    struct epi_box *box = &epi_box;
    if (epi_crashing())
        return EAGAIN;
    int copy = epi_fd_duplicate(fd);
    if (copy < 0)
        return errno;
    if (!box->fork_handler) {
        int error = pthread_atfork(NULL, NULL, epi_box_after_fork);
        if (error != 0) {
            close(copy);
            return error;
        }
        box->fork_handler = true;
    }
    struct epi_fd old = {.fd = -1, .device = 0, .inode = 0};
    int error = move_notes(copy);
    bool works = epi_box_usable();
    if (error == 0) {
        box->replaced = false;
        epi_process()->notes = epi_notes_mapped = true;
        epi_box_status(copy, EPI_BOX_RUNNING, 0);
        if (box->attached) {
            old = box->fd;
            error = withdraw(box) ? 0 : EAGAIN; /* its notes were whole when they moved */
        }
    }
    if (error != 0) {
        close(copy);
        return error;
    }
    box->fd = epi_fd_of(copy);
    strncpy(box->path, path, sizeof box->path - 1);
    box->loss = EPI_BOX_FINE;
    box->attached = true;
    close_clean(&old, works);
    return 0;
}

bool epi_box_detach(void)
{
    struct epi_box *box = &epi_box;
    if (!box->attached)
        return true;
    if (epi_notes_mapped) {
        int error = move_notes(-1);
        if (error == EAGAIN)
            return false;
        epi_notes_mapped = error != 0;
    }
    bool works = epi_box_usable();
    if (!withdraw(box))
        return false;
    close_clean(&box->fd, works);
    return true;
}

EPI_SAFE EPI_ON_FAULT bool epi_box_fault(const siginfo_t *info)
{
    struct epi_box *box = &epi_box;
    uintptr_t at = (uintptr_t)info->si_addr;
    if (at - (uintptr_t)&epi_notes_pages.notes >= sizeof epi_notes_pages.notes ||
        info->si_code <= 0 || !epi_notes_mapped)
        return false;
    /* Several threads may come here at once; a second mapping would throw away
     * what was written to the first.  The others fault until it is there. */
    if (atomic_exchange(&box->replaced, true))
        return true;
    if (box->loss == EPI_BOX_FINE || box->loss == EPI_BOX_FAILED)
        box->loss = EPI_BOX_TRUNCATED;
    if (epi_notes_unmap())
        return true;
    epi_notes_mapped = false; /* the fault repeats, and is a crash */
    return false;
}

