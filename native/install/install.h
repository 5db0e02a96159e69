/* Switching the core on and off. */
#ifndef EPI_INSTALL_H
#define EPI_INSTALL_H

#include "../base/base.h"
#include "../image/modules.h"
#include "../unwind/golayout.h"
#include "../report/stage.h"

/* How a crash is reported.  Strings are copied. */
struct epi_config {
    uint64_t deadline;    /* ns from the fault to the end of the process */
    uint32_t max_frames;  /* per stack; 0: as many as the core can keep */
    uint32_t max_threads; /* stacks of other threads; 0: no limit */
    bool all_threads;     /* show the other threads too */
    bool idle_threads;    /* and of these the ones that wait for work */
    bool standard_error;  /* keep what threads write there, for the report of an abort */
    int thread_signal;    /* that asks them; 0: one that is free */
    bool native_stack;    /* show C frames too */
    bool panic_copy;      /* ask a copy of the process about Go's panic (forkcopy.h) */
    bool chain;           /* end in Go's handler: its dump, exit status 2 */
    enum epi_host_first host_first; /* is a host's handler asked before the report? */
    bool json;            /* a line of JSON where there is no file of its own */
    bool takeover;        /* take back signals that a library has taken away */
    bool quiet;           /* no reports of crashes: for dumps on demand alone */
    int output;           /* where the report goes; the core keeps a duplicate.
                             Not looked at when quiet */
    uint64_t started;     /* when the process began, ns since 1970 */
    const char *program;  /* base name, for the report and its file's name */
    const char *executable;
    const char *directory; /* where a report file is made; NULL: no file */
    const char *termination; /* Kubernetes' termination log; NULL: none */
    const char *build;    /* what follows "Build: " */
    const char *note;     /* what follows "Note: ", or "" */
    int box;              /* a file that becomes the black box; -1: all stays as it is */
    const char *box_path; /* for the report */
};

/* Installs the handlers, or replaces the configuration when they are there:
 * then it puts back those that were taken away.  GO may be NULL in a program
 * without Go.  EBUSY: another copy of Epitaph is enabled in this process;
 * EUSERS: no real-time signal is free; EADDRINUSE: a handler other than Go's
 * has the thread signal; EAGAIN: the process is crashing; ETIMEDOUT: a dump is
 * under way that does not finish.  On an error the configuration and the
 * black box in force stay. */
int epi_enable(const struct epi_config *config, const struct epi_goruntime *go);

/* Restores what was there before, except where another
 * handler was installed since, and except during a crash, which needs its handlers to the end.
 * Waits for a dump that is under way.  False when it was not enabled. */
bool epi_disable(void);

enum epi_enabled { EPI_OFF, EPI_QUIET, EPI_ON };
enum epi_enabled epi_enabled(void);

/* Why the termination log of the configuration in force could not be opened, as errno: its
 * crashes are reported without.  0: it could, or there is none. */
int epi_termination_error(void);

/* Follows dlopen and dlclose, and releases the symbols of modules that are gone;
 * cheap when nothing changed.  Call it now and then, not on a thread that must not
 * wait for the loader's lock or for a dump that is under way.  Returns a number that is
 * another one when the table is. */
uint32_t epi_update_modules(void);

/* Module I of the table in force, or NULL behind the last; for those who index
 * symbols. */
const struct epi_module *epi_module_at(uint32_t i);

#ifdef EPI_TEST
/* Bytes of the reporter's own stack that have ever been used. */
size_t epi_test_stack_use(void);
#endif

#endif
