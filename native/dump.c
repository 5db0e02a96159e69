/* It has an epi_crash of its own, so that the stages, their guards and the
 * helper's budgets are the crash's, and so that a crash on another thread need
 * not wait for it: each has its own table of threads, and the dump stops when
 * it sees the crash.
 *
 * The thread blocks what the handlers block, so that a jump out of one of them
 * into a stage's guard leaves the mask as it was.  Only the thread signal stays
 * open: a crash on another thread asks this one too. */
#include "dump.h"

#include "handler.h"
#include "helper.h"
#include "report_parts.h"
#include "stage.h"
#include "system.h"

#include <errno.h>
#include <stdatomic.h>

static EPI_SAFE void ask(struct epi_crash *dump)
{
    struct epi_ask_options options = {EPI_ASK_DUMP, !dump->interrupt, dump->options->max_frames,
                                      dump->stage_deadline};
    if (dump->options->all_threads)
        epi_threads_ask(epi_state.threads[EPI_ASK_DUMP], &options);
}

static EPI_SAFE void print(struct epi_crash *dump)
{
    if (dump->options->all_threads)
        epi_threads_print(dump, epi_state.threads[EPI_ASK_DUMP], dump->options->max_threads);
}

/* The caller's registers were kept by a jump buffer. */
static EPI_SAFE void walk_caller(struct epi_crash *dump)
{
    struct epi_regs regs;
    epi_arch_regs_from_jump(&regs, &dump->caller);
    epi_cursor_start(&dump->cursor, epi_state.modules, epi_state.go, &dump->cache, &regs);
    dump->cursor.g = epi_go_g(epi_state.go);
    epi_stack_collect(&dump->stack, &dump->cursor, dump->options->max_frames);
}

static EPI_SAFE void current_stack(struct epi_crash *dump)
{
    epi_report_stack(dump);
    epi_out_char(&dump->out, '\n');
}

static const struct epi_stage stages[] = {
    {"unwind", 500, walk_caller},
    {"current stack", 1000, current_stack},
    {"threads", 1000, ask},
    {"other threads", 2000, print},
};

static EPI_SAFE void run(struct epi_crash *dump)
{
    if (epi_arch_setjmp(&dump->last_resort) == 0) {
        dump->phase = EPI_PHASE_REPORTING;
        for (size_t i = 0; i < EPI_COUNT(stages) && !epi_dump_gives_way(dump); i++)
            epi_stage_run(dump, &stages[i]);
    } else if (dump->failure_count < EPI_COUNT(dump->failure)) {
        dump->failure[dump->failure_count].stage = dump->stage_name;
        dump->failure[dump->failure_count++].timed_out = false;
    }
    if (epi_arch_setjmp(&dump->last_resort) == 0 && !epi_dump_gives_way(dump))
        epi_report_end(dump);
    dump->phase = EPI_PHASE_NONE;
}

EPI_SAFE bool epi_dump_gives_way(const struct epi_crash *crash)
{
    return crash == &epi_state.dump && epi_crashing();
}

static int result(const struct epi_crash *dump)
{
    if (epi_dump_gives_way(dump))
        return ECANCELED;
    if (dump->out.error != 0 || dump->out.lost)
        return EIO;
    if (dump->failure_count > 0)
        return dump->failure[0].timed_out ? ETIMEDOUT : EFAULT;
    return 0;
}

static void start(struct epi_crash *dump, const struct epi_dump *how,
                  const struct epi_options *enabled)
{
    struct epi_options *options = &epi_state.dump_options;
    epi_copy(options, enabled, sizeof *options);
    options->max_frames = how->max_frames;
    options->max_threads = how->max_threads;
    options->native_stack = how->native_stack;
    options->all_threads = how->all_threads;
    dump->options = options;
    dump->interrupt = how->interrupt;
    dump->began = epi_now();
    dump->stages_deadline = dump->began + how->timeout;
    dump->nested = dump->failure_count = 0;
    dump->poked = false; /* one for the dump before may have come too late */
    epi_zero(&dump->cache, sizeof dump->cache); /* modules may have been unloaded */
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    epi_out_start(&dump->out, epi_fd_of(how->output), none, dump->stages_deadline);
}

int epi_dump(const struct epi_dump *how)
{
    struct epi_crash *dump = &epi_state.dump;
    const struct epi_options *enabled = epi_state.options;
    if (enabled == NULL)
        return ENODEV;
    if (epi_crashing())
        return ECANCELED;
    if (epi_fd_of(how->output).fd < 0)
        return EBADF;
    uint64_t owner = dump->owner, self = epi_self();
    if (owner >> 32 != self >> 32) /* in a forked child: who dumped is not here */
        atomic_compare_exchange_strong(&dump->owner, &owner, 0);
    owner = 0;
    if (!atomic_compare_exchange_strong(&dump->owner, &owner, self))
        return EBUSY;

    uint64_t mask = epi_state.ours[0].mask & ~epi_mask_of(epi_state.thread_signal), old;
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&old, sizeof mask, 0, 0);
    epi_reassert();
    start(dump, how, enabled);
    epi_helper_wake();
    epi_arch_setjmp(&dump->caller);
    run(dump);
    int error = result(dump);
    dump->owner = 0;
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof old, 0, 0);
    return error;
}
