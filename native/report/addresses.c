/* The functions that registers and stack words point to: return addresses of calls that are
 * not on the stack any more, callbacks, a table of functions that was overwritten. Each is
 * found as a frame is, one look-up a word, and the words are as many as the report shows. */
#include "report_parts.h"
#include "../base/base.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../image/codemap.h"
#include "../image/modules.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../incident/incident.h"

/* VALUE as a frame; false when it is no address of code. */
static EPI_SAFE bool points_to_code(struct epi_frame *frame, uint64_t value)
{
    uintptr_t address = (uintptr_t)value;
    bool go = epi_go_text(epi_program.go, address);
    if (!go && epi_modules_find_text(epi_program.modules, address) == NULL &&
        epi_codemap_find(epi_program.code, address) == NULL)
        return false;
    /* A return address may stand behind the last instruction of its function. */
    bool returns = epi_arch_after_call(address);
    *frame = (struct epi_frame){
        .pc = address,
        .how = EPI_HOW_CONTEXT,
        .flags = (uint8_t)((go ? EPI_FRAME_GO : 0) | (returns ? 0 : EPI_FRAME_EXACT)),
    };
    return true;
}

/* Writes the heading before the first line. */
static EPI_SAFE void begin_line(struct epi_out *out, bool *begun)
{
    epi_out_text(out, *begun ? "  " : "Addresses:\n  ");
    *begun = true;
}

EPI_SAFE void epi_report_addresses(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    struct epi_frame frame;
    const char *name;
    uint64_t value;
    bool begun = false;
    if (!incident->options->native_stack)
        return;
    for (unsigned i = 0; epi_arch_shown_register(&incident->context, i, &name, &value); i++) {
        if (value == epi_arch_pc(&incident->context) || !points_to_code(&frame, value))
            continue; /* the PC is the first line of the stack */
        begin_line(out, &begun);
        epi_out_text(out, name);
        epi_out_char(out, ':');
        epi_print_place(incident, &frame);
    }
    uintptr_t sp = epi_arch_sp(&incident->context);
    for (uintptr_t i = 0; i < EPI_STACK_WORDS && epi_peek64(&value, sp + i * sizeof value); i++) {
        if (!points_to_code(&frame, value))
            continue;
        begin_line(out, &begun);
        epi_out_text(out, "stack+");
        epi_out_hex(out, i * sizeof value);
        epi_out_char(out, ':');
        epi_print_place(incident, &frame);
    }
}
