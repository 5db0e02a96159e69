/* Says who asked for a dump, and whether the thread that a signal came to is of interest. */
#include "why.h"
#include "dump.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../report/figures.h"
#include "../report/idle.h"
#include "../report/report_parts.h"

#include <signal.h>

/* The name of process PID, in parentheses, as long as it lives. */
static EPI_SAFE void put_name(struct epi_out *out, int pid)
{
    char path[32], text[20], *end = path + sizeof path;
    static const char before[] = "/proc/", behind[] = "/comm";
    epi_copy(end - sizeof behind, behind, sizeof behind);
    char *at = epi_decimal(end - sizeof behind, (uint64_t)pid) - (sizeof before - 1);
    epi_copy(at, before, sizeof before - 1);
    if (!epi_figures_read(at, text, sizeof text))
        return;
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n')
            *c = '\0';
    epi_out_text(out, " (");
    epi_out_escaped(out, text);
    epi_out_char(out, ')');
}

/* The signals that a program may register. */
static const struct {
    int number;
    const char *name;
} names[] = {
    {SIGHUP, "SIGHUP"},       {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},
    {SIGUSR1, "SIGUSR1"},     {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"},
    {SIGALRM, "SIGALRM"},     {SIGTERM, "SIGTERM"}, {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},     {SIGTSTP, "SIGTSTP"}, {SIGTTIN, "SIGTTIN"},
    {SIGTTOU, "SIGTTOU"},     {SIGURG, "SIGURG"},   {SIGVTALRM, "SIGVTALRM"},
    {SIGPROF, "SIGPROF"},     {SIGIO, "SIGIO"},     {SIGPWR, "SIGPWR"},
    {SIGWINCH, "SIGWINCH"},   {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    {SIGSTKFLT, "SIGSTKFLT"},
};

static EPI_SAFE void put_signal_name(struct epi_out *out, int signal)
{
    for (size_t i = 0; i < EPI_COUNT(names); i++) {
        if (names[i].number == signal) {
            epi_out_text(out, names[i].name);
            return;
        }
    }
    epi_out_text(out, "signal ");
    epi_out_decimal(out, signal);
}

/* "SIGUSR1 from pid 1234 (bash)".  A signal that is neither sent nor queued has no sender. */
static EPI_SAFE void put_signal(struct epi_out *out, int signal, const siginfo_t *info)
{
    put_signal_name(out, signal);
    if (info == NULL)
        return;
    if (info->si_code > 0) {
        epi_out_text(out, " from the kernel");
    } else if (info->si_code != SI_USER && info->si_code != SI_TKILL &&
               info->si_code != SI_QUEUE) {
        epi_out_text(out, " from a timer or a queue");
    } else if (info->si_pid == 0) {
        epi_out_text(out, " from another pid namespace");
    } else if (info->si_pid == epi_getpid()) {
        epi_out_text(out, " from the process itself");
    } else {
        epi_out_text(out, " from pid ");
        epi_out_decimal(out, info->si_pid);
        put_name(out, info->si_pid);
    }
}

EPI_SAFE void epi_dump_why(struct epi_incident *dump)
{
    const struct epi_dump *how = dump->dump;
    struct epi_out *out = &dump->out;
    epi_out_text(out, "Note: ");
    switch (how->kind) {
    case EPI_DUMP_CALL:
        epi_out_text(out, "dump called by the program");
        break;
    case EPI_DUMP_NATIVE:
        epi_out_text(out, "native dump called by the program");
        break;
    case EPI_DUMP_SIGNAL:
        put_signal(out, how->signal, how->info);
        break;
    case EPI_DUMP_TIMEOUT:
        if (how->silence != 0) {
            epi_out_text(out, "watchdog: no heartbeat for ");
            epi_out_seconds(out, how->silence);
            epi_out_text(out, " s");
        } else {
            epi_out_text(out, "timer: set by DumpLater");
        }
        break;
    }
    epi_out_char(out, '\n');
}

EPI_SAFE void epi_dump_head(struct epi_incident *dump)
{
    epi_report_process(dump);
    epi_dump_why(dump);
    if (dump->forked)
        epi_report_forked(dump);
    epi_out_char(&dump->out, '\n');
}

/* The thread on which a goroutine of Epitaph's waits to be asked. */
static EPI_SAFE bool is_responder(const struct epi_stack *stack)
{
    static const char own[] = "github.com/epitaph-go/epitaph/internal/engine.(*responder).";
    struct epi_func func;
    if (epi_program.go == NULL || !epi_program.go->names)
        return false;
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct epi_frame *frame = &stack->frame[i];
        if ((frame->flags & EPI_FRAME_GO) == 0 || !epi_go_text(epi_program.go, frame->pc) ||
            !epi_pclntab_find(epi_program.go, frame->pc - 1, &func))
            continue;
        const char *name = epi_pclntab_function(epi_program.go, &func);
        size_t same = 0;
        while (same < sizeof own - 1 && name[same] == own[same])
            same++;
        if (same == sizeof own - 1)
            return true;
    }
    return false;
}

EPI_SAFE void epi_dump_whose(struct epi_incident *dump)
{
    if (!dump->options->all_threads ||
        (epi_idle_frames(&dump->stack) == 0 && !epi_idle_schedules(&dump->stack) &&
         !is_responder(&dump->stack)))
        return;
    dump->subject.tid = 0; /* it is asked as the others are */
    dump->subject.goroutine = 0;
    dump->stack.count = 0;
}
