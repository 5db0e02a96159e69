/* A forked child has no dumper: its one thread is a copy of the one that forked, and a
 * signal's handler may not make another.  So the thread that got the signal writes the
 * dump itself, in the handler; its memory is the child's own, and no other thread uses it.
 * The stages are not watched either: the walk is bounded, and the output has its time. */
#include "childdump.h"
#include "dump.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../report/places.h"
#include "../text/out.h"
#include "../threads/altstack.h"
#include "../threads/threads.h"

#include <stdatomic.h>

/* What a dump uses, and the handler of a load that fails, besides the kernel's frame. */
#define ROOM_DUMP (12 * 1024)

static EPI_SAFE bool room(const ucontext_t *uc)
{
    uintptr_t sp = epi_arch_current_sp(), start = (uintptr_t)uc->uc_stack.ss_sp;
    struct epi_range stack = {start, start + uc->uc_stack.ss_size};
    return (uc->uc_stack.ss_flags & SS_DISABLE) != 0 || !epi_in(stack, sp) ||
           sp - start >= ROOM_DUMP + epi_altstacks.kernel_frame;
}

/* The incident's own text is not in use. */
static EPI_SAFE void say_why_not(const struct epi_usersignal_options *options, int signal)
{
    struct epi_out *out = &epi_process()->dump.out;
    struct epi_fd none = {.fd = -1, .device = 0, .inode = 0}, output = options->dump.output;
    if (!epi_fd_valid(&output) && epi_incidents.options != NULL)
        output = epi_report_terminal(epi_incidents.options);
    epi_out_start(out, output, none, epi_now() + options->dump.timeout);
    epi_out_text(out, "epitaph: signal ");
    epi_out_decimal(out, signal);
    epi_out_text(out, " has no dump in process ");
    epi_out_decimal(out, epi_getpid());
    epi_out_text(out, ", a forked child: its thread's signal stack is too small for one\n");
    epi_out_flush(out);
}

EPI_SAFE void epi_dump_in_child(struct epi_usersignal_note *note,
                                const struct epi_usersignal_options *options,
                                const siginfo_t *info, const ucontext_t *uc)
{
    if (atomic_exchange(&epi_process()->dumps_here, true))
        return; /* another thread, or the dump that this signal has interrupted */
    if (room(uc)) {
        struct epi_dump how;
        epi_copy(&how, &options->dump, sizeof how);
        epi_subject_is_self(&note->subject);
        epi_sample_unasked(&note->stack, uc, how.max_frames);
        how.signal = info->si_signo;
        how.info = info;
        how.subject = &note->subject;
        how.stack = &note->stack;
        epi_dump(&how);
    } else {
        say_why_not(options, info->si_signo);
    }
    epi_process()->dumps_here = false;
}
