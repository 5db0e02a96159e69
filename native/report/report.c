/* The report, stage by stage.  What is certain comes first: the headline needs
 * nothing but the signal's number, and is out before anything is looked at.  The sentence
 * needs the walk; should that fail, the rest follows without it. */
#include "report.h"
#include "report_parts.h"
#include "file.h"
#include "brief.h"
#include "gocause.h"
#include "labels.h"
#include "cause.h"
#include "jsonline.h"
#include "places.h"
#include "sentence.h"
#include "settle.h"
#include "short.h"
#include "stage.h"
#include "stderrline.h"
#include "termination.h"
#include "title.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../image/modules.h"
#include "../unwind/program.h"
#include "../text/errors.h"
#include "../text/out.h"
#include "../text/write.h"
#include "../incident/incident.h"
#include "../record/box.h"
#include "../goruntime/goparts.h"
#include "../goruntime/goside.h"
#include "../goruntime/crash_output.h"


static EPI_SAFE void refresh_modules(struct epi_incident *incident)
{
    (void)incident;
    epi_program_refresh();
}

/* Behind the stack, whose lines a blank one ends. */
static EPI_SAFE void memory(struct epi_incident *incident)
{
    epi_out_char(&incident->out, '\n');
    epi_report_memory(incident);
}

enum { CRASH = 1, GO_DEATH = 2, BOTH = CRASH | GO_DEATH };

/* The signal of a panic or fatal error is only how Go ends the process, and the registers
 * are those of runtime.raise.
 *
 * What may end the process stands behind what it would take along.  Where a seccomp filter
 * kills for a system call that only the line on memory makes, the stack is out.  Go is asked
 * for its goroutines behind the threads: a damaged process may not survive that. */
static const struct {
    uint8_t of;
    struct epi_stage stage;
} stages[] = {
    {BOTH, {"module list", 300, refresh_modules}},
    {BOTH, {"unwind", 500, epi_report_unwind}},
    {BOTH, {"code names", 200, epi_report_code_names}},
    {BOTH, {"symbols", 100, epi_report_await_symbols}},
    {CRASH, {"cause", 300, epi_report_cause}},
    {GO_DEATH, {"cause", 300, epi_report_go_cause}},
    {GO_DEATH, {"cause's end", 10, epi_report_go_cause_end}},
    {BOTH, {"sentence", 200, epi_report_sentence}},
    {BOTH, {"signal", 100, epi_report_signal}},
    {CRASH, {"message", 200, epi_report_message}},
    {CRASH, {"standard error", 50, epi_report_standard_error}},
    {BOTH, {"process", 200, epi_report_process}},
    {BOTH, {"host line", 50, epi_report_host_line}},
    {BOTH, {"build", 200, epi_report_build}},
    {GO_DEATH, {"Go's report", 1000, epi_report_crash_output}},
    {GO_DEATH, {"panic", 200, epi_report_panic}},
    {BOTH, {"labels", 100, epi_report_labels}},
    {BOTH, {"annotations", 100, epi_report_annotations}},
    {BOTH, {"breadcrumbs", 100, epi_report_breadcrumbs}},
    {BOTH, {"current stack", 1000, epi_report_stack}},
    {BOTH, {"memory", 200, memory}},
    {BOTH, {"termination message", 500, epi_report_termination}},
    {BOTH, {"short report", 500, epi_report_short}},
    {CRASH, {"host", 100, epi_report_host}},
    {BOTH, {"other crashes", 100, epi_report_parked}},
    {BOTH, {"mapped annotations", 100, epi_report_mapped_annotations}},
    {BOTH, {"mapped breadcrumbs", 100, epi_report_mapped_breadcrumbs}},
    {BOTH, {"threads", 1000, epi_report_ask}},
    {BOTH, {"threads' code names", 300, epi_report_thread_code_names}},
    {BOTH, {"other threads", 2000, epi_report_threads}},
    {BOTH, {"goroutines", 2200, epi_report_goroutines}},
    {CRASH, {"registers", 100, epi_report_registers}},
    {CRASH, {"code", 100, epi_report_code}},
    {CRASH, {"stack words", 100, epi_report_words}},
    {CRASH, {"addresses", 200, epi_report_addresses}},
    {BOTH, {"modules", 500, epi_report_modules}},
    {BOTH, {"earlier breadcrumbs", 200, epi_report_earlier_breadcrumbs}},
    {GO_DEATH, {"panic in a copy", 3000, epi_report_panic_in_copy}},
};
_Static_assert(EPI_COUNT(stages) <= EPI_COUNT(((struct epi_incident *)0)->failure),
               "the end line names each stage that failed");

/* The time is kept back twice: once from the stages, so that the end line is
 * still written, and once from the output, so that the process dies by itself
* when the output is not read. */
static EPI_SAFE EPI_ON_CRASH uint64_t reserve(uint64_t deadline)
{
    return deadline / 4 < 500 * EPI_MS ? deadline / 4 : 500 * EPI_MS;
}

/* For another process that reports to the same file.  A report takes some 10 ms. */
static EPI_SAFE uint64_t lock_patience(uint64_t deadline)
{
    return deadline / 20 < EPI_SECOND ? deadline / 20 : EPI_SECOND;
}

static const struct epi_stage file_stage = {"report file", 1000, epi_report_open_file};

static EPI_SAFE EPI_ON_CRASH void start_output(struct epi_incident *incident)
{
    uint64_t deadline = incident->deadline - reserve(incident->options->deadline);
    bool file = incident->file_fd.fd >= 0;
    /* A reader that stands still must leave time for the black box's copy, and for the
     * stack in the termination message. */
    bool box = !incident->forked && epi_box.attached && epi_box.loss == EPI_BOX_FINE;
    if (box || epi_termination_waits(incident))
        deadline = incident->began + incident->options->deadline / 2;
    bool json = incident->options->json;
    if (json)
        epi_jsonline_prepare(incident, &incident->out);
    epi_out_start(&incident->out, file ? incident->file_fd : incident->terminal,
                  file ? incident->terminal : epi_places_fallback(incident), deadline);
    if (!incident->forked) /* a child has no helper thread */
        incident->out.watched = incident->began;
    epi_oncrash_keep(incident, &incident->out);
    epi_brief_remember(&incident->out);
    incident->out.record = json ? &incident->record : NULL;
    incident->out.plain = file;
    incident->out.only_copy = incident->apart && incident->terminal.fd < 0 && !file;
}

static EPI_SAFE EPI_ON_CRASH void headline(struct epi_incident *incident)
{
    epi_out_text(&incident->out, incident->go_death ? "Fatal Go error: " : "Fatal error: ");
    epi_title_put(&incident->out, incident);
    epi_out_text(&incident->out, "\n\n");
    epi_out_flush(&incident->out);
    /* The kernel wakes the line's reader on this processor, since a writer mostly sleeps soon
     * (wake_up_interruptible_sync_poll in fs/pipe.c), and would let it wait for the report's
     * end.  So this thread sleeps for as long as the kernel's timers are late, some 50 us.  A
     * sched_yield would put it behind all others: on a busy machine for seconds, if it has a
     * low priority. */
    epi_pause(1);
}

/* A file of the report's own is made by a stage; a record names the thread. */
static EPI_SAFE EPI_ON_CRASH bool first_line_needs_more(const struct epi_options *options)
{
    return options->directory.fd >= 0 || options->json;
}

/* What would wait has the helper thread beside it. */
static EPI_SAFE EPI_ON_CRASH void lock_output(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    epi_out_lock(out, 0);
    if (out->locked != 0 || out->target.fd < 0)
        return;
    epi_report_settle(incident);
    epi_out_lock(out, incident->began + lock_patience(incident->options->deadline));
}

/* To the headline.  Should its write block although the poll said that it would not, the
 * helper thread finds that out in its next round, within a second. */
static EPI_SAFE EPI_ON_CRASH void begin_text(struct epi_incident *incident)
{
    if (first_line_needs_more(incident->options))
        epi_report_settle(incident);
    if (incident->go_death)
        epi_crash_output_collect(&epi_goside.crash_output);
    epi_places_find(incident);
    start_output(incident);
    if (incident->options->directory.fd >= 0) {
        epi_stage_run(incident, &file_stage);
        start_output(incident);
    }
    if (incident->file_fd.fd < 0) /* no other process has that one */
        lock_output(incident);
    if (!incident->settled && !epi_out_takes_text(&incident->out))
        epi_report_settle(incident);
    headline(incident);
}

EPI_SAFE void epi_report_end(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    epi_out_fresh_line(out);
    uint64_t size = epi_out_total(out);
    epi_out_text(out, "End of report (");
    if (incident->failure_count == 0 && out->error == 0 && !out->lost) {
        epi_out_text(out, "complete, ");
    } else {
        epi_out_text(out, "incomplete: ");
        if (out->error != 0 || out->lost) {
            epi_out_text(out, "output failed: ");
            if (out->error != 0)
                epi_error_put(out, out->error);
            else
                epi_out_text(out, "it was not read in time");
            epi_out_text(out, ", ");
        }
        for (uint32_t i = 0; i < incident->failure_count; i++) {
            epi_out_text(out, "stage \"");
            epi_out_text(out, incident->failure[i].stage);
            epi_out_text(out, incident->failure[i].timed_out ? "\" timed out, " : "\" faulted, ");
        }
    }
    uint64_t took = (epi_now() - incident->began) / (EPI_MS / 10);
    epi_out_decimal(out, (int64_t)size);
    epi_out_text(out, " bytes, ");
    epi_out_decimal(out, (int64_t)took / 10);
    epi_out_char(out, '.');
    epi_out_decimal(out, (int64_t)took % 10);
    epi_out_text(out, " ms)");
    const char *sentence = epi_sentence(incident);
    if (sentence[0] != '\0') {
        epi_out_text(out, ": ");
        epi_out_text(out, sentence);
    }
    epi_out_char(out, '\n');
    epi_out_flush(out);
}

/* On the reporter's stack, a fault of the reporter itself must not land where
 * the frame being reported is: the top of the thread's alternate stack.  The
 * kernel lets it be changed now, since SP is not on it. */
static EPI_SAFE EPI_ON_CRASH void use_nested_stack(void)
{
    stack_t nested = {
        .ss_sp = (void *)epi_incidents.nested_stack.start,
        .ss_size = epi_incidents.nested_stack.end - epi_incidents.nested_stack.start,
    };
    epi_syscall6(SYS_sigaltstack, (long)&nested, 0, 0, 0, 0, 0);
}

static EPI_SAFE void restore_stack(const ucontext_t *uc)
{
    stack_t old = uc->uc_stack;
    old.ss_flags &= ~SS_ONSTACK;
    epi_syscall6(SYS_sigaltstack, (long)&old, 0, 0, 0, 0, 0);
}

/* Without an output there is no reader to go on for.  A black box is one, while
 * there is time; an output that has failed may have used all of it.  So is the
 * program's crash hook. */
static EPI_SAFE bool has_reader(const struct epi_incident *incident)
{
    return incident->out.target.fd >= 0 ||
           ((incident->out.copy.fd >= 0 || incident->out.keep != NULL ||
             epi_termination_waits(incident)) &&
            epi_now() < incident->stages_deadline);
}

static EPI_SAFE void close_files(struct epi_incident *incident)
{
    epi_out_unlock(&incident->out);
    epi_box_end(incident);
    epi_fd_close(&incident->file_fd);
    epi_places_close(incident);
}

static EPI_SAFE void last_act(struct epi_incident *incident)
{
    incident->written = true;
    if (incident->out.keep != NULL && !incident->apart) /* there is a crash hook */
        epi_out_catch_up(&incident->out);
    epi_oncrash_run(incident, incident->deadline - reserve(incident->options->deadline));
}

/* Of a stage, or of the crash hook, that was given up while it waited for the copy. */
static EPI_SAFE void end_copy(struct epi_incident *incident)
{
    (void)incident;
    epi_forkcopy_end();
}

static EPI_SAFE void end_record(struct epi_incident *incident)
{
    epi_jsonline_end(&incident->out, &incident->out, incident);
}

static const struct epi_stage closing[] = {
    {"copy's end", 0, end_copy},
    {"late termination message", 0, epi_report_termination}, /* of a report that was given up */
    {"late short report", 0, epi_report_short},
    {"end line", 0, epi_report_end},
    {"record's end", 0, end_record},
    {"files", 0, close_files},
    {"crash hook", 0, last_act},
    {"copy's end", 0, end_copy},
    {NULL, 0, NULL},
};

EPI_SAFE EPI_ON_CRASH void epi_report(struct epi_incident *incident)
{
    use_nested_stack();
    if (epi_arch_setjmp(&incident->last_resort) == 0) {
        incident->phase = EPI_PHASE_REPORTING;
        incident->stages_deadline = incident->deadline - 2 * reserve(incident->options->deadline);
        incident->file_error = 0;
        incident->noted = false;
        epi_zero(&incident->crumbs, sizeof incident->crumbs);
        incident->file_fd.fd = -1;
        incident->terminated = incident->shortened = false;
        begin_text(incident);
        epi_report_settle(incident);
        epi_box_begin(incident);
        uint8_t what = incident->go_death ? GO_DEATH : CRASH;
        for (size_t i = 0; i < EPI_COUNT(stages) && has_reader(incident); i++)
            if ((stages[i].of & what) != 0)
                epi_stage_run(incident, &stages[i].stage);
    } else {
        epi_report_settle(incident);
        epi_stage_gave_up(incident);
    }
    epi_stage_close(incident, closing);
    incident->phase = EPI_PHASE_NONE;
    restore_stack(incident->uc);
}

static EPI_SAFE EPI_ON_CRASH void report_it(void *incident)
{
    epi_report(incident);
}

/* Always, not only where the alternate stack is small: Go's is heap memory
 * without a guard page, a library's may have 8 KiB, and one path is tested
 * better than two. */
EPI_SAFE EPI_ON_CRASH void epi_report_on_own_stack(struct epi_incident *incident)
{
    epi_arch_call_on((void *)epi_incidents.report_stack.end, report_it, incident);
}
