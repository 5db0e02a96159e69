/* It has an epi_crash of its own, so that the stages, their guards and the
 * helper's budgets are the crash's, and so that a crash on another thread need
 * not wait for it: each has its own table of threads, and the dump stops when
 * it sees the crash.
 *
 * The thread blocks what the handlers block, so that a jump out of one of them
 * into a stage's guard leaves the mask as it was.  Only the thread signal stays
 * open: a crash on another thread asks this one too.  Not so the core's own threads,
 * which are not asked; the helper may have taken one that was just starting for the
 * program's, and have sent it the signal, which would be unknown by the time it is
 * opened.
 *
 * There is one turn, which is the ownership of that epi_crash.  A dump ends
 * within its time, so the next one's wait does too. */
#include "dump.h"
#include "repeat.h"
#include "why.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../unwind/unwind.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../threads/service.h"
#include "../threads/wake.h"
#include "../threads/threads.h"
#include "../goruntime/goparts.h"
#include "../goruntime/goroutines.h"
#include "../report/jsonline.h"
#include "../report/places.h"
#include "../report/report.h"
#include "../report/report_parts.h"
#include "../report/sentence.h"
#include "../report/stage.h"

#include <errno.h>
#include <stdatomic.h>

/* Of the dump that has the turn. */
static struct {
    struct epi_options options;
    struct epi_jump caller;
    bool silent;             /* there was nothing to write */
    _Atomic uint32_t number; /* who waits for the turn sleeps on this word */
} turn;

static EPI_SAFE bool gives_way(const struct epi_incident *dump)
{
    (void)dump;
    return epi_crashing();
}

/* Python's words for each kind. */
static EPI_SAFE struct epi_style style_of(const struct epi_dump *how)
{
    bool native = how->kind == EPI_DUMP_NATIVE;
    const char *alone = how->all_threads ? NULL : "Stack";
    return (struct epi_style){.healthy = true, .timeout = how->kind == EPI_DUMP_TIMEOUT, .places = native, .spare = !how->interrupt,
                              .title = native ? "Current thread's C stack trace" : alone};
}

static EPI_SAFE void timeout_line(struct epi_incident *dump)
{
    epi_out_text(&dump->out, "Timeout (");
    epi_out_clock(&dump->out, dump->dump->passed);
    epi_out_text(&dump->out, ")!\n");
}

static EPI_SAFE void goroutines(struct epi_incident *dump)
{
    if (dump->options->all_threads)
        epi_report_goroutines(dump);
}

/* Not of a stack of places, which has no lines. */
static EPI_SAFE void sentence(struct epi_incident *dump)
{
    if (dump->style.places)
        return;
    epi_report_hang_sentence(dump, dump->dump->passed);
}

static EPI_SAFE void notes(struct epi_incident *dump)
{
    epi_dump_why(dump);
    epi_repeat_note(dump);
}

/* How the dump itself was called is of no interest: moves CURSOR to the frame
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

/* A thread that was asked and got no CPU since may still walk with a table of before. */
static EPI_SAFE void load_code(struct epi_incident *dump)
{
    dump->code_names.count = dump->code_names.asked = 0;
    if (epi_process()->receivers == 0)
        epi_program_load_code();
}

/* The caller's registers were kept by a jump buffer. */
static EPI_SAFE void walk_caller(struct epi_incident *dump)
{
    struct epi_regs regs;
    epi_arch_regs_from_jump(&regs, &turn.caller);
    epi_program_walk(&dump->cursor, &dump->cache, &regs);
    dump->cursor.code_work = EPI_CODE_REPORT;
    dump->cursor.g = epi_go_g(epi_program.go);
    if (dump->dump->from != 0)
        skip_callees(&dump->cursor, dump->dump->from);
    epi_stack_collect(&dump->stack, &dump->cursor, dump->options->max_frames);
}

static EPI_SAFE void current_stack(struct epi_incident *dump)
{
    if (dump->stack.count == 0 && dump->subject.tid == 0)
        return;
    epi_report_await_symbols(dump);
    epi_report_stack(dump);
    epi_out_char(&dump->out, '\n');
}

/* More signals of the kind came, while this dump could not begin. */
static EPI_SAFE void counted_signals(struct epi_incident *dump)
{
    struct epi_out *out = &dump->out;
    if (dump->dump->counted == 0)
        return;
    epi_out_text(out, "Note: signal ");
    epi_out_decimal(out, dump->dump->signal);
    epi_out_text(out, " came ");
    epi_out_decimal(out, (int64_t)dump->dump->counted);
    epi_out_text(out, dump->dump->counted == 1 ? " more time" : " more times");
    epi_out_text(out, " during other dumps\n\n");
}

static const char summary[] = "sentence";

static const struct epi_stage call_stages[] = {
    {"head", 200, epi_dump_head},
    {"code", 200, load_code},
    {"unwind", 500, walk_caller},
    {"code names", 300, epi_report_code_names},
    {"current stack", 1000, current_stack},
    {"threads", 1000, epi_report_ask},
    {"threads' code names", 300, epi_report_thread_code_names},
    {"goroutines", 2200, goroutines},
    {"other threads", 2000, epi_report_threads},
    {summary, 300, sentence},
    {NULL, 0, NULL},
};

static const struct epi_stage timeout_stages[] = {
    {"timeout", 100, timeout_line},
    {"process", 200, epi_report_process},
    {"host line", 50, epi_report_host_line},
    {"memory", 200, epi_report_memory},
    {"build", 200, epi_report_build},
    {"code", 200, load_code},
    {"threads", 1000, epi_report_ask},
    {"threads' code names", 300, epi_report_thread_code_names},
    {"goroutines", 2200, goroutines},
    {"other threads", 2000, epi_report_threads},
    {summary, 300, sentence},
    {"comparison", 500, epi_repeat_digest},
    {NULL, 0, NULL},
};

/* When the first one is out, it is certain enough that the program hangs; so a
 * repetition looks first, and writes only what is new. */
static const struct epi_stage look_stages[] = {
    {"code", 200, load_code},
    {"threads", 1000, epi_report_ask},
    {"goroutines", 2200, epi_goroutines_take},
    {"comparison", 500, epi_repeat_digest},
    {NULL, 0, NULL},
};

static const struct epi_stage seen_stages[] = {
    {"timeout", 100, timeout_line},
    {"process", 200, epi_report_process},
    {"host line", 50, epi_report_host_line},
    {"memory", 200, epi_report_memory},
    {"build", 200, epi_report_build},
    {"threads' code names", 300, epi_report_thread_code_names},
    {"goroutine list", 1000, epi_goroutines_print},
    {"other threads", 2000, epi_report_threads},
    {summary, 300, sentence},
    {NULL, 0, NULL},
};

static const struct epi_stage signal_stages[] = {
    {"head", 200, epi_dump_head},
    {"whose", 200, epi_dump_whose},
    {"code", 200, load_code},
    {"code names", 300, epi_report_code_names},
    {"current stack", 1000, current_stack},
    {"signals", 100, counted_signals},
    {"threads", 1000, epi_report_ask},
    {"threads' code names", 300, epi_report_thread_code_names},
    {"goroutines", 2200, goroutines},
    {"other threads", 2000, epi_report_threads},
    {summary, 300, sentence},
    {NULL, 0, NULL},
};

static const struct epi_stage *const stages[] = {
    [EPI_DUMP_CALL] = call_stages,
    [EPI_DUMP_NATIVE] = call_stages,
    [EPI_DUMP_TIMEOUT] = timeout_stages,
    [EPI_DUMP_SIGNAL] = signal_stages,
};

static EPI_SAFE void run_stages(struct epi_incident *dump, const struct epi_stage *stage)
{
    for (; stage->run != NULL && !epi_crashing(); stage++)
        epi_stage_run(dump, stage);
}

/* Looks whether a repetition is worth writing.  What failed is a reason for it. */
static EPI_SAFE bool is_left_out(struct epi_incident *dump)
{
    struct epi_repeat *repeat = dump->dump->repeat;
    repeat->now = 0;
    if (!repeat->began)
        return false;
    dump->looking = true;
    run_stages(dump, look_stages);
    dump->looking = false;
    return epi_repeat_leave_out(repeat);
}

static EPI_SAFE void run_all(struct epi_incident *dump)
{
    struct epi_repeat *repeat = dump->dump->repeat;
    bool left_out = repeat != NULL && is_left_out(dump);
    if (left_out || epi_crashing())
        turn.silent = true;
    else
        run_stages(dump, repeat != NULL && repeat->began ? seen_stages : stages[dump->dump->kind]);
}

static EPI_SAFE void end_line(struct epi_incident *dump)
{
    if (!epi_crashing() && !turn.silent)
        epi_report_end(dump);
    if (dump->dump->repeat != NULL && !turn.silent && dump->out.error == 0 && !dump->out.lost)
        epi_repeat_written(dump->dump->repeat);
}

static EPI_SAFE void unlock(struct epi_incident *dump)
{
    if (!epi_crashing()) /* the lock is the crash's, too */
        epi_out_unlock(&dump->out);
}

/* Also of a dump that has given way to a crash. */
static EPI_SAFE void end_record(struct epi_incident *dump)
{
    epi_jsonline_end(&dump->out, &dump->out, dump);
}

static const struct epi_stage closing[] = {
    {"end line", 0, end_line},
    {"record's end", 0, end_record},
    {"files", 0, unlock},
    {NULL, 0, NULL},
};

static EPI_SAFE void run(struct epi_incident *dump)
{
    if (epi_arch_setjmp(&dump->last_resort) == 0) {
        dump->phase = EPI_PHASE_REPORTING; /* so that the helper watches from here on */
        epi_out_lock(&dump->out, dump->began + dump->dump->timeout / 4);
        run_all(dump);
    } else {
        epi_stage_gave_up(dump);
    }
    dump->looking = false;
    epi_stage_close(dump, closing);
    dump->phase = EPI_PHASE_NONE;
}

static EPI_SAFE int result(const struct epi_incident *dump)
{
    if (epi_crashing())
        return ECANCELED;
    if (dump->out.error != 0 || dump->out.lost)
        return dump->out.error != 0 ? dump->out.error : EIO;
    /* The sentence only sums up what is all there: its failure stands in the last line. */
    for (uint32_t i = 0; i < dump->failure_count; i++)
        if (dump->failure[i].stage != summary)
            return dump->failure[i].timed_out ? ETIMEDOUT : EFAULT;
    return 0;
}

static EPI_SAFE void start(struct epi_incident *dump, const struct epi_dump *how,
                  const struct epi_options *enabled)
{
    struct epi_options *options = &turn.options;
    epi_copy(options, enabled, sizeof *options);
    options->deadline = how->timeout;
    options->max_frames = how->max_frames;
    options->max_threads = how->max_threads;
    options->native_stack = how->native_stack;
    options->json = how->json;
    options->all_threads = how->all_threads;
    options->idle_threads = how->idle_threads;
    dump->options = options;
    dump->dump = how;
    dump->style = style_of(how);
    dump->stop = gives_way;
    dump->notes = notes;
    dump->began = epi_now();
    dump->stages_deadline = dump->began + how->timeout;
    dump->nested = dump->failure_count = 0;
    dump->file_error = 0;
    dump->file_fd.fd = -1;
    dump->places.lost = EPI_LOST_NOTHING;
    dump->places.directory_reopened = false;
    dump->looking = turn.silent = false;
    epi_sentence_forget(dump);
    dump->goroutines = EPI_GOROUTINES_NOT_ASKED;
    dump->forked = epi_process_is_child();
    dump->interrupted = false; /* one for the dump before may have come too late */
    if (how->subject != NULL) {
        epi_copy(&dump->subject, how->subject, sizeof dump->subject);
        epi_copy(&dump->stack, how->stack, sizeof dump->stack);
    } else {
        dump->stack.count = dump->stack.run_count = 0; /* its stage may be skipped */
        epi_subject_is_self(&dump->subject);
    }
    epi_zero(&dump->cache, sizeof dump->cache); /* modules may have been unloaded */
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0}, output = how->output;
    if (!epi_fd_valid(&output))
        output = epi_report_terminal(enabled);
    if (how->json)
        epi_jsonline_prepare(dump, &dump->out);
    epi_out_start(&dump->out, output, none, dump->stages_deadline);
    if (!dump->forked)
        dump->out.watched = dump->began;
    dump->out.record = how->json ? &dump->record : NULL;
}

EPI_SAFE bool epi_dump_lock(uint64_t patience)
{
    struct epi_incident *dump = &epi_process()->dump;
    uint64_t self = epi_self(), began = epi_now();
    for (;;) {
        uint32_t ended = turn.number;
        uint64_t nobody = 0;
        if (epi_crashing() || (patience != 0 && epi_now() - began > patience))
            return false;
        if (atomic_compare_exchange_strong(&dump->owner, &nobody, self))
            return true;
        /* Then there may be a crash. */
        epi_wait(&turn.number, ended, epi_now() + 50 * EPI_MS);
    }
}

EPI_SAFE void epi_dump_unlock(void)
{
    epi_process()->dump.out.watched = EPI_OUT_ALONE;
    epi_process()->dump.owner = 0;
    atomic_fetch_add(&turn.number, 1);
    epi_futex_wake_all(&turn.number);
}

/* A thread that was asked and got no CPU since may still walk its stack; then it is
 * left to the next dump. */
static EPI_SAFE void stop_peeking_by_call(void)
{
    for (int i = 0; i < 50 && epi_peek_uses_calls() && epi_process()->receivers > 0; i++) {
        epi_pause(EPI_MS);
    }
    if (epi_process()->receivers == 0)
        epi_peek_use_loads();
}

EPI_SAFE int epi_dump(const struct epi_dump *how)
{
    struct epi_incident *dump = &epi_process()->dump;
    if (how->output.fd < 0)
        return EBADF;
    if (!epi_dump_lock(how->patience))
        return epi_crashing() ? ECANCELED : EBUSY;
    const struct epi_options *enabled = epi_incidents.options;
    if (enabled == NULL) {
        epi_dump_unlock();
        return ENODEV;
    }
    /* What has been sent and waits stays blocked: delivered, it would end the program. */
    uint64_t pending = epi_pending(), mask = epi_actions.common.mask | pending, old;
    if (epi_service_find(epi_gettid()) == NULL)
        mask &= ~epi_mask_of(epi_actions.thread_signal);
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&old, sizeof mask, 0, 0);
    epi_peek_mind_tracer();
    int error = EADDRINUSE;
    bool loads = epi_action_reassert(false) &&
                 (pending & (epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS))) == 0;
    if (loads || epi_peek_use_calls()) {
        start(dump, how, enabled);
        epi_gomodules_follow(epi_program.go);
        epi_helper_wake();
        epi_arch_setjmp(&turn.caller);
        run(dump);
        error = result(dump);
        stop_peeking_by_call();
    }
    epi_dump_unlock();
    epi_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof old, 0, 0);
    return error;
}
