/* Names for frames in code that no module has.  Stages of their own, since the file with
 * the names may be on a file system that does not answer; the stacks are printed without
 * them then. */
#include "report_parts.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../image/gdbjit.h"
#include "../image/jitfile.h"
#include "../image/perfmap.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"
#include "../threads/threads.h"

#define READING (100 * EPI_MS)

/* A file for perf(1) has more, with the interpreter's parts; what it lacks may be in what the
 * compiler tells debuggers. */
static EPI_SAFE void look_up(struct epi_perfmap *names)
{
    uint64_t deadline = epi_now() + READING;
    struct epi_gdbjit walk;
    struct epi_range file;
    if (names->asked == names->count)
        return;
    epi_perfmap_read(names, deadline);
    epi_gdbjit_start(&walk, epi_program.modules);
    while (epi_gdbjit_next(&walk, &file) && epi_now() < deadline)
        epi_jitfile_names(file, names, deadline);
}

static EPI_SAFE void want(struct epi_incident *incident, const struct epi_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct epi_frame *frame = &stack->frame[i];
        if ((frame->flags & EPI_FRAME_CODE) != 0)
            epi_perfmap_want(&incident->code_names, epi_frame_lookup_pc(frame));
    }
}

EPI_SAFE void epi_report_code_names(struct epi_incident *incident)
{
    incident->code_names.count = incident->code_names.asked = 0;
    want(incident, &incident->stack);
    look_up(&incident->code_names);
}

EPI_SAFE void epi_report_thread_code_names(struct epi_incident *incident)
{
    if (!incident->options->all_threads)
        return;
    const struct epi_threads *threads = epi_report_asked(incident);
    for (uint32_t i = 0; i < threads->count; i++)
        if (epi_thread_listed(threads, &threads->thread[i]) &&
            epi_thread_answer(&threads->thread[i]) != EPI_WRITING)
            want(incident, &threads->thread[i].stack);
    look_up(&incident->code_names);
}
