/* What the other threads' part of a report needs while the process is healthy:
 * memory, and a real-time signal of its own. */
#include "threads_install.h"
#include "assign.h"
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../signals/actions.h"

#include <errno.h>
#include <link.h>
#include <sys/mman.h>

/* Has a thread not got the SIGNAL yet that it was sent, because it blocks it?  The
 * default action would then kill the process, and so would Go's handler on a thread
 * that C created (runtime/signal_unix.go, raisebadsignal): the core's handler has
 * to stay. */
static bool waits(int signal)
{
    struct epi_tasks tasks;
    uint64_t blocked, pending = 0;
    char listing[256 * EPI_TASKS_ENTRY];
    int tid;
    if (epi_tasks_open(&tasks, listing, sizeof listing) != 0)
        return true; /* unknown */
    while ((tid = epi_tasks_next(&tasks)) != 0)
        if (epi_task_signals(&tasks, tid, &blocked, &pending) &&
            (pending & epi_mask_of(signal)) != 0)
            break;
    epi_tasks_close(&tasks);
    return tid != 0;
}

/* Is this code the program's, and not a library's? */
static int is_first(struct dl_phdr_info *info, size_t size, void *result)
{
    extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));
    const ElfW(Ehdr) *own = &__ehdr_start;
    (void)size;
    *(bool *)result = own != NULL && (uintptr_t)info->dlpi_phdr == (uintptr_t)own + own->e_phoff;
    return 1; /* the program comes first */
}

bool epi_in_program(void)
{
    bool program = false;
    dl_iterate_phdr(is_first, &program);
    return program;
}

/* 27 MB of addresses each; a page is got when a thread's stack is written. */
static int map_tables(void)
{
    for (size_t i = 0; i < EPI_COUNT(epi_threading.threads); i++) {
        if (epi_threading.threads[i] != NULL)
            continue;
        void *memory = mmap(NULL, sizeof(struct epi_threads), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return ENOMEM;
        epi_threading.threads[i] = memory;
    }
    if (epi_threading.assign == NULL) {
        void *memory = mmap(NULL, sizeof *epi_threading.assign, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return ENOMEM;
        epi_assign_prepare(memory, epi_in_program());
        epi_threading.assign = memory;
    }
    return 0;
}

int epi_threads_prepare(int wanted, int *signal)
{
    int error = map_tables();
    if (error != 0)
        return error;
    if (wanted != 0 && (wanted < EPI_THREAD_SIGNAL_LEAST || wanted > EPI_THREAD_SIGNAL_MOST))
        return EINVAL;
    *signal = epi_actions.thread_signal;
    if (epi_incidents.options == NULL || (wanted != 0 && wanted != *signal))
        *signal = epi_action_choose(wanted, epi_actions.deadline_signal);
    return *signal == 0 ? EADDRINUSE : 0;
}

void epi_threads_install(int signal)
{
    struct epi_sigaction ours = epi_action_make(epi_sample);
    /* The helper may send the signal as soon as it is known: its default action
     * would end the process. */
    epi_assign_stop();
    if (epi_actions.thread_signal != signal)
        epi_signal_release(epi_actions.thread_signal);
    epi_action_claim(signal, EPI_ROLE_SERVICE, &ours);
    epi_actions_ask_by(signal);
}

void epi_signal_release(int signal)
{
    if (epi_actions.slot[signal].role == EPI_ROLE_SERVICE &&
        !(epi_action_holds(signal) && waits(signal)))
        epi_action_release(signal);
}