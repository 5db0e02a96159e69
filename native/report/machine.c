/* The machine's state: registers, the code at the PC, the words at SP, and
 * what is mapped where. */
#include "report_parts.h"
#include "../base/base.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../incident/incident.h"

#define REGISTERS_A_LINE 4

EPI_SAFE void epi_report_registers(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const char *name;
    uint64_t value;
    epi_out_text(out, "Registers:");
    for (unsigned i = 0; epi_arch_shown_register(&incident->context, i, &name, &value); i++) {
        epi_out_text(out, i % REGISTERS_A_LINE == 0 ? "\n  " : "  ");
        epi_out_text(out, name);
        epi_out_char(out, ' ');
        epi_out_address(out, value);
    }
    epi_out_char(out, '\n');
}

#define CODE_BEFORE 16
#define CODE_BYTES 32

EPI_SAFE void epi_report_code(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    uintptr_t pc = epi_arch_pc(&incident->context);
    uint8_t byte;
    epi_out_text(out, "Code:");
    if (!epi_peek8(&byte, pc)) {
        epi_out_text(out, " unreadable\n");
        return;
    }
    for (uintptr_t at = pc - CODE_BEFORE; at != pc - CODE_BEFORE + CODE_BYTES; at++) {
        if (!epi_peek8(&byte, at))
            continue; /* the page before or after */
        epi_out_text(out, at == pc ? " <" : " ");
        epi_out_byte(out, byte);
        if (at == pc)
            epi_out_char(out, '>');
    }
    epi_out_char(out, '\n');
}

#define WORDS_A_LINE 4

EPI_SAFE void epi_report_words(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    uintptr_t at = epi_arch_sp(&incident->context);
    uint64_t word;
    if (!epi_peek64(&word, at)) {
        epi_out_text(out, "Stack: unreadable\n");
        return;
    }
    for (int line = 0; line < EPI_STACK_WORDS / WORDS_A_LINE && epi_peek64(&word, at); line++) {
        epi_out_text(out, "Stack: ");
        epi_out_address(out, at);
        epi_out_char(out, ':');
        for (int i = 0; i < WORDS_A_LINE && epi_peek64(&word, at); i++, at += 8) {
            epi_out_char(out, ' ');
            epi_out_address(out, word);
        }
        epi_out_char(out, '\n');
    }
}

/* What the frames in the module lack, though the file may have it. */
static EPI_SAFE const char *lacking(const struct epi_module *module)
{
    static const char *const over_budget[] = {
        [EPI_DROPPED_INLINED] = " (inlined calls: over the budget)",
        [EPI_DROPPED_LINES] = " (lines: over the budget)",
        [EPI_DROPPED_NAMES] = " (names: over the budget)",
    };
    const struct epi_symbol_index *index = __atomic_load_n(&module->index, __ATOMIC_ACQUIRE);
    if (module->dropped != EPI_DROPPED_NOTHING && module->dropped < EPI_COUNT(over_budget))
        return over_budget[module->dropped];
    if (index != NULL ? index->names_only : epi_incidents.symbols_pending && module->path[0] == '/')
        return " (lines: not yet)";
    return NULL;
}

EPI_SAFE void epi_report_modules(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const struct epi_modules *table = epi_program.modules;
    epi_out_text(out, "Modules:\n");
    for (uint32_t i = 0; i < table->count; i++) {
        const struct epi_module *module = &table->module[i];
        epi_out_text(out, "  ");
        epi_out_address(out, module->extent.start);
        epi_out_char(out, '-');
        epi_out_address(out, module->extent.end);
        epi_out_char(out, ' ');
        epi_out_escaped(out, module->path);
        if (module->build_id_size > 0)
            epi_out_text(out, " build-id ");
        for (unsigned j = 0; j < module->build_id_size; j++)
            epi_out_byte(out, module->build_id[j]);
        const char *lacks = lacking(module);
        if (lacks != NULL)
            epi_out_text(out, lacks);
        epi_out_char(out, '\n');
    }
}
