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

bool epi_signal_free(int signal)
{
    struct epi_sigaction now;
    return epi_sigaction(signal, NULL, &now) &&
           (now.handler == epi_actions.go_handler || now.handler <= (uintptr_t)SIG_IGN ||
            epi_signal_ours(now.handler));
}

bool epi_signal_waits(int signal)
{
    struct epi_tasks tasks;
    uint64_t blocked, pending = 0;
    char listing[256 * EPI_TASKS_ENTRY];
    int tid;
    if (epi_tasks_open(&tasks, listing, sizeof listing) != 0)
        return true; /* nobody knows */
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

/* 1 to 32 have meanings, 33 and 34 belong to C libraries (nptl, musl). */
static int choose(int wanted)
{
    if (wanted != 0)
        return wanted != epi_actions.deadline_signal && epi_signal_free(wanted) ? wanted : 0;
    for (int signal = 63; signal > 40; signal--)
        if (signal != epi_actions.deadline_signal && epi_signal_free(signal))
            return signal;
    return 0;
}

int epi_threads_prepare(int wanted, int *signal)
{
    epi_actions_own(EPI_OWNER_THREADS, (struct epi_action_owner){epi_signal_records, NULL});
    int error = map_tables();
    if (error != 0)
        return error;
    if (wanted != 0 && (wanted < EPI_THREAD_SIGNAL_LEAST || wanted > EPI_THREAD_SIGNAL_MOST))
        return EINVAL;
    *signal = epi_actions.thread_signal;
    if (epi_incidents.options == NULL || (wanted != 0 && wanted != *signal))
        *signal = choose(wanted);
    return *signal == 0 ? EADDRINUSE : 0;
}

void epi_threads_install(int signal)
{
    struct epi_sigaction now, ours = epi_actions.ours[0]; /* with SA_RESTART */
    ours.handler = (uintptr_t)epi_sample;
    /* The helper may send the signal as soon as it is known: its default action
     * would end the process. */
    epi_assign_stop();
    if (epi_actions.thread_signal != signal)
        epi_threads_uninstall();
    if (epi_sigaction(signal, NULL, &now) && !epi_signal_ours(now.handler))
        epi_actions.thread_previous = now;
    epi_sigaction(signal, &ours, NULL);
    epi_actions.thread_ours = ours;
    epi_actions.thread_signal = signal;
}

void epi_threads_uninstall(void)
{
    struct epi_sigaction now;
    int signal = epi_actions.thread_signal;
    if (signal != 0 && epi_sigaction(signal, NULL, &now) &&
        now.handler == (uintptr_t)epi_sample && !epi_signal_waits(signal))
        epi_sigaction(signal, &epi_actions.thread_previous, NULL);
}

/* Go gives back the core's handler for a SIGNAL that was the core's when Go took it over. */
static bool gives_back_late(const struct sigaction *action, int signal, struct sigaction *old)
{
    bool thread = epi_given_back(action, (uintptr_t)epi_sample);
    if (!thread && !epi_given_back(action, epi_actions.stay[1]))
        return false;
    if (old != NULL)
        sigaction(signal, NULL, old);
    struct epi_sigaction now;
    if (epi_sigaction(signal, NULL, &now) && !epi_signal_ours(now.handler)) /* else it stays */
        epi_sigaction(signal, &epi_actions.before_notify[thread], NULL);
    return true;
}

bool epi_signal_records(int signal, const struct sigaction *action, struct sigaction *old)
{
    bool thread = signal == epi_actions.thread_signal;
    struct epi_sigaction *previous =
        thread ? &epi_actions.thread_previous : &epi_actions.deadline_previous;
    struct epi_sigaction *before = &epi_actions.before_notify[thread];
    const struct epi_sigaction *ours =
        thread ? &epi_actions.thread_ours : &epi_actions.deadline_ours;
    uintptr_t handler = (uintptr_t)action->sa_handler, go = epi_actions.go_handler;
    bool gos = previous->handler == go && go != 0;
    bool takes = (handler == go && go != 0) || handler == (uintptr_t)SIG_IGN;
    bool gives_back = epi_given_back(action, ours->handler);
    struct epi_sigaction now, next;
    if (!thread && signal != epi_actions.deadline_signal)
        return gives_back_late(action, signal, old);
    if (!(takes || gives_back || handler == (uintptr_t)SIG_DFL) ||
        !epi_sigaction(signal, NULL, &now) || (now.handler != ours->handler && !gives_back))
        return false;
    if (old != NULL)
        sigaction(signal, NULL, old);
    if (gives_back)
        next = *before;
    else
        next = epi_action_of(action);
    if (takes && !gos)
        *before = *previous;
    epi_action_set(previous, &next);
    if (now.handler != ours->handler)
        epi_sigaction(signal, epi_incidents.options != NULL ? ours : &next, NULL);
    return true;
}
