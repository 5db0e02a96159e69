/* A line for each handler that has taken fatal signals away from the core, for the program
 * while it is healthy, and for its report. */
#include "taken.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../image/modules.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"
#include "../signals/actions.h"
#include "../signals/taken.h"

#include <string.h>

/* NULL: a handler in no module. */
static EPI_SAFE const char *owner(const struct epi_sigaction *by)
{
    const struct epi_module *module = epi_modules_find(epi_program.modules, by->handler);
    if (by->handler == (uintptr_t)SIG_DFL)
        return "the default action";
    if (by->handler == (uintptr_t)SIG_IGN)
        return "SIG_IGN, which ignores it";
    if (epi_go_text(epi_program.go, by->handler))
        return "Go's runtime";
    return module != NULL ? module->path : NULL;
}

/* "SIGSEGV, SIGBUS: taken by libglog.so.1 (handler 0x...)": all that the Ith one's handler
 * has. */
static EPI_SAFE void line(struct epi_out *out, int first)
{
    const struct epi_sigaction *by = &epi_actions.taken[first].by;
    const char *name = owner(by);
    for (int i = first; i < EPI_FATAL_COUNT; i++) {
        const struct epi_taken *taken = &epi_actions.taken[i];
        if (!taken->taken || taken->by.handler != by->handler)
            continue;
        epi_out_text(out, i == first ? "" : ", ");
        epi_out_text(out, epi_signal_name(epi_fatal[i]));
    }
    epi_out_text(out, ": taken from Epitaph by ");
    epi_out_escaped(out, name != NULL ? name : "code of no module");
    if (by->handler > (uintptr_t)SIG_IGN) {
        epi_out_text(out, " (handler ");
        epi_out_address(out, by->handler);
        epi_out_text(out, (by->flags & SA_ONSTACK) != 0 ? ")" : ", without SA_ONSTACK)");
    }
}

/* Is it the first of its handler's? */
static EPI_SAFE bool is_first(int i)
{
    const struct epi_taken *taken = epi_actions.taken;
    if (!taken[i].taken)
        return false;
    for (int j = 0; j < i; j++)
        if (taken[j].taken && taken[j].by.handler == taken[i].by.handler)
            return false;
    return true;
}

EPI_SAFE void epi_taken_say(struct epi_fd output, bool back)
{
    static struct epi_out out; /* the helper's */
    epi_out_start(&out, output, epi_fd_of(-1), epi_now() + 100 * EPI_MS);
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        const struct epi_taken *taken = &epi_actions.taken[i];
        if (taken->said || !is_first(i))
            continue;
        epi_out_text(&out, "epitaph: ");
        line(&out, i);
        epi_out_text(&out,
                     back ? "; taken back, Epitaph's handler goes first\n"
                          : "; what it does not pass on is not reported, see WithTakeover\n");
        epi_taken_is_said(taken->by.handler);
    }
    epi_out_flush(&out);
}

EPI_SAFE void epi_report_taken(struct epi_incident *incident)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        if (!is_first(i))
            continue;
        epi_out_text(&incident->out, "Note: ");
        line(&incident->out, i);
        epi_out_char(&incident->out, '\n');
    }
}

int epi_taken_signal(int i, char *to, size_t size)
{
    if (!epi_actions.taken[i].taken)
        return 0;
    const char *name = owner(&epi_actions.taken[i].by);
    strncpy(to, name != NULL ? name : "code of no module", size - 1);
    to[size - 1] = '\0';
    return epi_fatal[i];
}
