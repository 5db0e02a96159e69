/* It has an epi_crash of its own, so that the stages, their guards and the
 * helper's budgets are the crash's, and so that a crash on another thread need
 * not wait for it: each has its own table of threads, and the dump stops when
 * it sees the crash.
 *
 * The thread blocks what the handlers block, so that a jump out of one of them
 * into a stage's guard leaves the mask as it was.  Only the thread signal stays
 * open: a crash on another thread asks this one too.
 *
 * There is one turn, which is the ownership of that epi_crash.  A dump ends
 * within its time, so the next one's wait does too. */
#include "dump.h"

#include "handler.h"
#include "helper.h"
#include "report_parts.h"
#include "stage.h"
#include "system.h"

#include <errno.h>
#include <stdatomic.h>

static EPI_SAFE void timeout_line(struct epi_crash *dump)
{
    epi_out_text(&dump->out, "Timeout (");
    epi_out_clock(&dump->out, dump->dump->passed);
    epi_out_text(&dump->out, ")!\n");
}

static EPI_SAFE void ask(struct epi_crash *dump)
{
    struct epi_ask_options options = {EPI_ASK_DUMP, dump->subject.tid, !dump->dump->interrupt,
                                      dump->options->max_frames, dump->stage_deadline};
    if (dump->options->all_threads)
        epi_threads_ask(epi_state.threads[EPI_ASK_DUMP], &options);
}

static EPI_SAFE void print(struct epi_crash *dump)
{
    if (dump->options->all_threads)
        epi_threads_print(dump, epi_state.threads[EPI_ASK_DUMP], dump->options->max_threads);
}

static EPI_SAFE void goroutines(struct epi_crash *dump)
{
    if (dump->options->all_threads)
        epi_report_goroutines(dump);
}

/* Nobody wants to see how the dump itself was called: moves CURSOR to the frame
 * that the dump is for, unless that is not found nearby. */
#define CALLEES_MOST 64

static EPI_SAFE void skip_callees(struct epi_cursor *cursor, uintptr_t from)
{
    struct epi_cursor at, before;
    struct epi_frame frame;
    epi_copy(&at, cursor, sizeof at);
    for (int i = 0; i < CALLEES_MOST; i++) {
        epi_copy(&before, &at, sizeof before);
        if (!epi_cursor_next(&at, &frame))
            return;
        if (frame.pc == from) {
            epi_copy(cursor, &before, sizeof before);
            return;
        }
    }
}

/* The caller's registers were kept by a jump buffer. */
static EPI_SAFE void walk_caller(struct epi_crash *dump)
{
    struct epi_regs regs;
    epi_arch_regs_from_jump(&regs, &dump->caller);
    epi_cursor_start(&dump->cursor, epi_state.modules, epi_state.go, &dump->cache, &regs);
    dump->cursor.g = epi_go_g(epi_state.go);
    if (dump->dump->from != 0)
        skip_callees(&dump->cursor, dump->dump->from);
    epi_stack_collect(&dump->stack, &dump->cursor, dump->options->max_frames);
}

static EPI_SAFE void current_stack(struct epi_crash *dump)
{
    epi_report_stack(dump);
    epi_out_char(&dump->out, '\n');
}

static const struct epi_stage call_stages[] = {
    {"unwind", 500, walk_caller},
    {"current stack", 1000, current_stack},
    {"threads", 1000, ask},
    {"other threads", 2000, print},
    {"goroutines", 2200, goroutines},
    {NULL, 0, NULL},
};

static const struct epi_stage timeout_stages[] = {
    {"timeout", 100, timeout_line},
    {"process", 200, epi_report_process},
    {"threads", 1000, ask},
    {"other threads", 2000, print},
    {"goroutines", 2200, goroutines},
    {NULL, 0, NULL},
};

static const struct epi_stage signal_stages[] = {
    {"current stack", 1000, current_stack},
    {"threads", 1000, ask},
    {"other threads", 2000, print},
    {"goroutines", 2200, goroutines},
    {NULL, 0, NULL},
};

static const struct epi_stage *const stages[] = {
    [EPI_DUMP_CALL] = call_stages,
    [EPI_DUMP_NATIVE] = call_stages,
    [EPI_DUMP_TIMEOUT] = timeout_stages,
    [EPI_DUMP_SIGNAL] = signal_stages,
};

static EPI_SAFE void run(struct epi_crash *dump)
{
    if (epi_arch_setjmp(&dump->last_resort) == 0) {
        dump->phase = EPI_PHASE_REPORTING;
        for (const struct epi_stage *stage = stages[dump->dump->kind];
             stage->run != NULL && !epi_dump_gives_way(dump); stage++)
            epi_stage_run(dump, stage);
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
        return dump->out.error != 0 ? dump->out.error : EIO;
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
    dump->dump = how;
    dump->began = epi_now();
    dump->stages_deadline = dump->began + how->timeout;
    dump->nested = dump->failure_count = 0;
    dump->file_error = 0;
    dump->forked = epi_getpid() != epi_state.pid;
    dump->poked = false; /* one for the dump before may have come too late */
    if (how->subject != NULL) {
        epi_copy(&dump->subject, how->subject, sizeof dump->subject);
        epi_copy(&dump->stack, how->stack, sizeof dump->stack);
    } else {
        epi_subject_is_self(&dump->subject);
    }
    epi_zero(&dump->cache, sizeof dump->cache); /* modules may have been unloaded */
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0};
    epi_out_start(&dump->out, how->output, none, dump->stages_deadline);
}

bool epi_dump_lock(void)
{
    struct epi_crash *dump = &epi_state.dump;
    uint64_t self = epi_self();
    for (;;) {
        uint32_t ended = epi_state.dumps_ended;
        uint64_t owner = dump->owner;
        if (epi_crashing())
            return false;
        /* In a forked child: who dumped is not here. */
        if (owner >> 32 != self >> 32 &&
            atomic_compare_exchange_strong(&dump->owner, &owner, self))
            return true;
        struct timespec pause = epi_timespec(50 * EPI_MS); /* then there may be a crash */
        epi_futex_wait(&epi_state.dumps_ended, ended, &pause);
    }
}

void epi_dump_unlock(void)
{
    epi_state.dump.owner = 0;
    atomic_fetch_add(&epi_state.dumps_ended, 1);
    epi_futex_wake_all(&epi_state.dumps_ended);
}

int epi_dump(const struct epi_dump *how)
{
    struct epi_crash *dump = &epi_state.dump;
    if (how->output.fd < 0)
        return EBADF;
    if (!epi_dump_lock())
        return ECANCELED;
    const struct epi_options *enabled = epi_state.options;
    if (enabled == NULL) {
        epi_dump_unlock();
        return ENODEV;
    }
    uint64_t mask = epi_state.ours[0].mask & ~epi_mask_of(epi_state.thread_signal), old;
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&old, sizeof mask, 0, 0);
    epi_reassert();
    start(dump, how, enabled);
    epi_helper_wake();
    epi_arch_setjmp(&dump->caller);
    run(dump);
    int error = result(dump);
    epi_dump_unlock();
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof old, 0, 0);
    return error;
}
