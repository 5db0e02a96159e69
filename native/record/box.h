/* The black box: a file that outlives the process, with its notes, its last
 * snapshots and its crash report.  The layout is in internal/boxformat; package
 * handler makes, fills and locks the file.
 *
 * A store to a mapped file faults when the file was truncated or its disk
 * has no room, and would kill a healthy program.  So slots and the report are
 * written by pwrite, which fails instead; the page cache outlives the process
 * just as well.  Only the notes are mapped, for a system call would cost them
 * twenty times what they take; and the handler's very first test is whether the
 * fault is there.  Then ordinary memory replaces the pages, the box is lost, and
 * the store is done again.
 *
 * The mapping lies over the notes' own pages (notes.h), so that writers never
 * look for it.  It is not inherited by a child of fork, which has nothing to
 * write in its parent's box: pthread_atfork gives the child ordinary memory; in a child
 * made by the plain system call the first breadcrumb does (notes.c), or, where the core's
 * handlers are still in force, the fault of the first store. */
#ifndef EPI_BOX_H
#define EPI_BOX_H

#include "notes.h"
#include "ring.h"
#include "../base/base.h"
#include "../base/fd.h"

#include <signal.h>

/* Where things are in the file, and what its status can be: as in
 * internal/boxformat, which says more. */
enum {
    EPI_BOX_STATUS = 4096,
    EPI_BOX_ENDING = EPI_BOX_STATUS + 64,
    EPI_BOX_ASKED = EPI_BOX_STATUS + 256,
    EPI_BOX_WATCH = EPI_BOX_STATUS + 512,
    EPI_BOX_NOTES = EPI_NOTES_AT,
    EPI_BOX_SLOTS = EPI_BOX_NOTES + (int)sizeof(struct epi_notes),
    EPI_BOX_REPORT = EPI_BOX_SLOTS + EPI_SLOTS * (int)sizeof(struct epi_slot),
    EPI_BOX_SIZE = EPI_BOX_REPORT + 1024 * 1024,
};

enum { EPI_BOX_RUNNING = 1, EPI_BOX_CLEAN, EPI_BOX_CRASHED, EPI_BOX_REPORTED };

enum epi_box_loss {
    EPI_BOX_FINE,
    EPI_BOX_TRUNCATED,
    EPI_BOX_REMOVED,
    EPI_BOX_CLOSED, /* the program closed the descriptor */
    EPI_BOX_FAILED, /* the last write failed; the next one may not */
};

struct epi_box {
    struct epi_fd fd; /* closed and none: -1, once attached has been set */
    _Atomic bool attached;
    _Atomic bool replaced; /* a fault has put other memory there */
    _Atomic uint32_t loss; /* enum epi_box_loss */
    int error;             /* errno of EPI_BOX_FAILED */
    bool fork_handler;     /* pthread_atfork was called */
    char path[256];
};

extern struct epi_box epi_box __attribute__((visibility("hidden")));

/* Puts the file FD, which package handler has made and locked, under the notes and
 * keeps a duplicate of it; PATH is for the report.  Another box that was attached
 * before is closed as epi_box_detach does.  EAGAIN: the process is crashing.  On
 * an error that box stays. */
int epi_box_attach(int fd, const char *path);

/* The handler's first question: is this a fault in the box's mapping?  If so,
 * the access works when it is done again. */
EPI_SAFE bool epi_box_fault(const siginfo_t *info);

/* The black box; see box.h.  Marks it as one of a program that ended well, and
 * closes it.  The notes stay.  False during a crash, whose report goes there. */
bool epi_box_detach(void);

/* In a child of fork, before anything else: the box is its parent's. */
EPI_SAFE void epi_box_after_fork(void);

/* Writes the snapshot slot INDEX; false when there is no box any more. */
bool epi_box_write_slot(uint32_t index, const void *slot, size_t size);

/* Writes what is known of the ends that leave no mark. */
bool epi_box_write_watch(const void *watch, size_t size);

/* Is a box attached, and nothing wrong with it? */
bool epi_box_works(void);

/* Does the file still take what is written? */
EPI_SAFE bool epi_box_usable(void);

/* Writes what has become of the program. */
EPI_SAFE void epi_box_status(int fd, uint32_t state, int signal);

#endif
