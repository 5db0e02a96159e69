/* Which process, which thread, which build; and who else crashed. */
#include "report_parts.h"
#include "places.h"
#include "taken.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../image/modules.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"
#include "../goruntime/goside.h"

static EPI_SAFE void note(struct epi_out *out, const char *text)
{
    epi_out_text(out, "Note: ");
    epi_out_escaped(out, text);
    epi_out_char(out, '\n');
}

/* Of the executable: the module that Go's text is in. */
static EPI_SAFE void build_id(struct epi_out *out)
{
    const struct epi_module *module =
        epi_program.go == NULL ? NULL
                             : epi_modules_find(epi_program.modules, epi_program.go->text.start);
    if (module == NULL || module->build_id_size == 0)
        return;
    epi_out_text(out, ", build-id ");
    for (unsigned i = 0; i < module->build_id_size; i++)
        epi_out_byte(out, module->build_id[i]);
}

EPI_SAFE void epi_report_forked(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    epi_out_text(out, "Note: in a forked child of process ");
    epi_out_decimal(out, epi_incidents.pid);
    epi_out_text(out, " that has not called exec\n");
}

EPI_SAFE void epi_report_process(struct epi_incident *incident)
{
    const struct epi_options *options = incident->options;
    struct epi_out *out = &incident->out;
    uint64_t now = epi_clock(CLOCK_REALTIME);

    epi_out_text(out, "Process: ");
    epi_out_decimal(out, epi_getpid());
    epi_out_text(out, " \"");
    epi_out_escaped(out, options->program);
    epi_out_text(out, "\" (");
    epi_out_escaped(out, options->executable);
    epi_out_text(out, "), thread ");
    epi_out_decimal(out, incident->subject.tid);
    epi_out_text(out, " \"");
    epi_out_escaped(out, incident->subject.name);
    epi_out_text(out, "\", ");
    epi_out_time(out, now);
    epi_out_text(out, ", up ");
    epi_out_seconds(out, now > options->started ? now - options->started : 0);
    epi_out_text(out, " s\n");
}

EPI_SAFE void epi_report_build(struct epi_incident *incident)
{
    const struct epi_options *options = incident->options;
    struct epi_out *out = &incident->out;
    epi_out_text(out, "Build: ");
    epi_out_escaped(out, options->build);
    build_id(out);
    epi_out_char(out, '\n');

    if (incident->forked)
        epi_report_forked(incident);
    if (options->note[0] != '\0')
        note(out, options->note);
    epi_places_notes(incident);
    const char *symbols = epi_incidents.symbols_note;
    if (symbols != NULL && symbols[0] != '\0' && !incident->go_death)
        note(out, symbols);
    epi_report_taken(incident);
    if (incident->notes != NULL)
        incident->notes(incident); /* EPI_SAFE: dump.c's */
    epi_report_box(incident);
    if (incident->go_death && epi_goside.crash_output.size == 0 && epi_goside.crash_output.message_size == 0)
        note(out, "what Go itself said is on standard error only");
    epi_out_char(out, '\n');
}

/* Behind the stack, for which symbols may have been waited. */
EPI_SAFE void epi_report_host(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    uintptr_t handler = incident->host.handler;
    const struct epi_module *module = epi_modules_find(epi_program.modules, handler);
    if (handler == 0)
        return;
    epi_out_text(out, "Note: the host's handler was asked first, and ");
    epi_out_text(out, incident->host.answer);
    epi_out_text(out, ": ");
    incident->symbol.name[0] = '\0';
    if (module != NULL && epi_symbols_find(&incident->symbols, module, handler, &incident->symbol))
        while (epi_symbols_next(&incident->symbols, &incident->symbol))
            continue;
    if (incident->symbol.name[0] != '\0') {
        epi_out_escaped(out, incident->symbol.name);
        epi_out_text(out, " in ");
    }
    if (module != NULL) {
        epi_out_escaped(out, module->path);
        epi_out_text(out, " at ");
    }
    epi_out_address(out, handler);
    epi_out_text(out, "\n\n");
}

EPI_SAFE void epi_report_parked(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    uint32_t count = incident->parked_count;
    for (uint32_t i = 0; i < EPI_PARKED && i < count; i++) {
        const struct epi_parked *parked = &incident->parked[i];
        if (!parked->filled)
            continue;
        epi_out_text(out, "Also crashed: thread ");
        epi_out_decimal(out, parked->tid);
        epi_out_text(out, " \"");
        epi_out_escaped(out, parked->name);
        epi_out_text(out, "\", ");
        epi_out_text(out, epi_signal_name(parked->signal));
        epi_out_text(out, " (");
        epi_out_decimal(out, parked->signal);
        epi_out_text(out, ") at ");
        epi_out_address(out, parked->address);
        epi_out_text(out, ", PC ");
        epi_out_address(out, parked->pc);
        epi_out_char(out, '\n');
    }
    if (count > EPI_PARKED) {
        epi_out_text(out, "Note: ");
        epi_out_decimal(out, count - EPI_PARKED);
        epi_out_text(out, " more threads crashed\n");
    }
    epi_out_char(out, '\n');
}
