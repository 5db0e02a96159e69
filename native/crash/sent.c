/* Signals that are sent.
 *
 * A program may raise what is fatal by default, and have a handler for it that returns, or a
 * channel, or ignore it: then it lives, as without the core.  Only abort() dies in the end: it
 * raises SIGABRT once, and when the handler has returned it sets the default action and raises
 * it again.  So the first one is the last that the core gets.
 *
 * Both look the same in the siginfo.  What tells them apart is the stack: between the system
 * call and the program there is abort, or there is not.  In every C library abort is in the
 * same module as what it calls, so the walk goes as far as that module.  A walk by guesses
 * tells nothing; then the process is about to die, as most are that get a SIGABRT. */
#include "sent.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../image/dynsym.h"
#include "../image/modules.h"
#include "../image/symbols.h"
#include "../memory/code.h"
#include "../unwind/cfi.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../unwind/unwind.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../signals/hosts.h"
#include "../threads/altstack.h"

#include <stdlib.h>

EPI_SAFE bool epi_sent_by_another(const siginfo_t *info)
{
    return info->si_code <= 0 && info->si_pid != epi_getpid();
}

EPI_SAFE EPI_ON_FAULT bool epi_sent_from_outside(const siginfo_t *info)
{
    return info->si_code == SI_USER || info->si_code == SI_QUEUE || epi_sent_by_another(info);
}

/* ---- abort ---- */

/* From the system call to the caller of abort it takes four frames. */
#define FRAMES 8

/* What is left of abort where nothing says how long it is: it raises the signal first. */
#define BEGINNING 64

/* In a static program there is no other way to find it. */
static uintptr_t linked;

void epi_sent_prepare(void)
{
    linked = (uintptr_t)abort;
}

/* The code of abort in MODULE; false when it has none. */
static EPI_SAFE bool find_abort(const struct epi_module *module, struct epi_range *code)
{
    uint32_t work = EPI_CODE_THREAD;
    struct epi_dynsym table;
    struct epi_cfi_entry entry;
    Elf64_Sym symbol;
    if (epi_dynsym_open(&table, module) && epi_dynsym_find(&table, "abort", &symbol)) {
        code->start = module->bias + symbol.st_value;
        code->end = code->start + symbol.st_size;
        return true;
    }
    if (!epi_in(module->extent, linked))
        return false;
    if (epi_cfi_find(module, linked, &entry))
        *code = entry.pc;
    else if (!epi_symbols_function(module, linked, code, &work))
        *code = (struct epi_range){linked, linked + BEGINNING};
    return true;
}

/* Loads of the walk that fail come to the core, and do not kill. */
static EPI_SAFE bool may_walk(const ucontext_t *uc)
{
    uint64_t faults = epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS);
    return epi_program.modules != NULL && epi_altstack_has_room(uc) &&
           (epi_chain_blocked() & faults) == 0;
}

static EPI_SAFE EPI_NOINLINE bool walk_finds_abort(const ucontext_t *uc)
{
    struct epi_cursor cursor;
    struct epi_frame frame;
    struct epi_regs regs;
    epi_arch_regs_from_context(&regs, uc);
    epi_program_walk(&cursor, NULL, &regs);
    cursor.code_work = EPI_CODE_THREAD;
    for (int i = 0; i < FRAMES; i++) {
        struct epi_range code;
        if (!epi_cursor_next(&cursor, &frame))
            return cursor.stop != EPI_STOP_OUTERMOST;
        if (frame.how > EPI_HOW_CODE)
            return true;
        const struct epi_module *module =
            epi_modules_find_text(epi_program.modules, epi_frame_lookup_pc(&frame));
        if ((frame.flags & EPI_FRAME_GO) != 0 || module == NULL || !find_abort(module, &code))
            return false;
        if (epi_in(code, epi_frame_lookup_pc(&frame)))
            return true;
    }
    return false;
}

EPI_SAFE bool epi_sent_by_abort(const siginfo_t *info, const ucontext_t *uc)
{
    if (info->si_signo != SIGABRT || info->si_code != SI_TKILL || info->si_pid != epi_getpid())
        return false;
    return !may_walk(uc) || walk_finds_abort(uc);
}

/* ---- who has a use for it ---- */

EPI_SAFE bool epi_sent_does_no_harm(const siginfo_t *info, const ucontext_t *uc)
{
    return info->si_code <= 0 && epi_hosts_in_libraries_are_seen() &&
           !epi_sent_by_abort(info, uc);
}

/* Go's handler drops a signal on the threads that it knows (runtime/signal_unix.go,
 * sighandler). */
EPI_SAFE EPI_ON_FAULT bool epi_sent_is_ignored(int signal, const siginfo_t *info,
                                               const ucontext_t *uc)
{
    if (info->si_code > 0)
        return false;
    bool go = epi_ignored_by_go(signal) &&
              (epi_sent_from_outside(info) || epi_go_g(epi_program.go) != 0);
    return (go || epi_action_next(signal)->handler == (uintptr_t)SIG_IGN) &&
           !epi_sent_by_abort(info, uc);
}

EPI_SAFE EPI_ON_FAULT bool epi_sent_to_channel(int signal, const siginfo_t *info,
                                               const ucontext_t *uc)
{
    uintptr_t go = epi_actions.go.handler;
    return info->si_code == SI_TKILL && go != 0 && epi_action_next(signal)->handler == go &&
           epi_wanted_by_go(signal) && !epi_sent_by_abort(info, uc);
}
