/* The walk takes no lock, allocates nothing and needs no thread of Go's: libgcc's
 * unwinder, which other providers use, waits for the loader's lock, and a signal that
 * comes while its thread has that never returns.
 *
 * A call from C to Go leaves no registers behind.  The context function gives its own
 * frame's address, which costs a nanosecond, and only who wants the frames searches
 * the stack from there for the call of crosscall2. */
#include "cgotraceback.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../memory/code.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../image/symbols.h"
#include "../unwind/goabi.h"
#include "../unwind/program.h"
#include "../unwind/unwind.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../signals/actions.h"
#include "../threads/altstack.h"

#include <stdatomic.h>

static struct {
    _Atomic bool traceback, context;
    uintptr_t crosscall2;
} on;

void epi_cgo_traceback_switch(bool traceback, bool context, uintptr_t crosscall2)
{
    on.crosscall2 = crosscall2;
    on.traceback = traceback;
    on.context = traceback && context;
}

bool epi_cgo_traceback_is_on(void)
{
    return on.traceback;
}

/* While a thread is inside, the module table that it reads is not filled anew, and the
 * handlers that its peeks need are not taken away. */
static EPI_SAFE bool enter(void)
{
    atomic_fetch_add(&epi_process()->receivers, 1);
    return on.traceback && epi_incidents.options != NULL && epi_program.modules != NULL;
}

static EPI_SAFE void leave(void)
{
    atomic_fetch_sub(&epi_process()->receivers, 1);
}

static EPI_SAFE uint64_t load_faults(void)
{
    return epi_mask_of(SIGSEGV) | epi_mask_of(SIGBUS);
}

/* Go's handler has all signals blocked, and a peek that fails would kill in silence.
 * False: loads must not be tried, since their faults would go to another
 * handler, or a signal that was sent waits and would be delivered here. */
static EPI_SAFE bool open_faults(uint64_t *mask)
{
    /* First of all: a filter may trap the calls that follow. */
    *mask = epi_sigmask_exchange(SIG_UNBLOCK, epi_mask_of(SIGSYS));
    if (!epi_action_holds(SIGSEGV) || !epi_action_holds(SIGBUS) ||
        (epi_pending() & load_faults()) != 0) {
        epi_sigmask(SIG_SETMASK, *mask);
        return false;
    }
    epi_sigmask(SIG_UNBLOCK, load_faults());
    return true;
}

static EPI_SAFE void close_faults(uint64_t mask)
{
    epi_sigmask(SIG_SETMASK, mask);
}

/* ---- the traceback ---- */

/* Samples of a profile come from all threads at once; a walk that finds no cache does
 * without.  What is in one holds for the modules that were loaded then. */
#define CACHES 4
struct cache {
    _Atomic bool taken;
    uint64_t adds, subs;
    struct epi_rule_cache rules;
};
static struct cache caches[CACHES];

static EPI_SAFE struct cache *take_cache(const struct epi_modules *modules)
{
    for (size_t i = 0; i < CACHES; i++) {
        struct cache *cache = &caches[i];
        if (atomic_exchange(&cache->taken, true))
            continue;
        if (cache->adds != modules->adds || cache->subs != modules->subs) {
            epi_zero(&cache->rules, sizeof cache->rules);
            cache->adds = modules->adds;
            cache->subs = modules->subs;
        }
        return cache;
    }
    return NULL;
}

/* Go asks for 32.  Trampolines are passed over, but not without end. */
#define MOST_STEPS 64

/* What a scan finds may be a guess that is wrong, and a profile does not say so. */
static EPI_SAFE uintptr_t collect(struct epi_traceback_arg *arg, struct epi_cursor *cursor)
{
    struct epi_frame frame;
    struct cache *cache = take_cache(cursor->modules);
    uintptr_t n = 0;
    cursor->cache = cache != NULL ? &cache->rules : NULL;
    cursor->code_frames = NULL; /* the last dump's, of code that may be gone */
    for (int i = 0; i < MOST_STEPS && n < arg->max && epi_cursor_next(cursor, &frame); i++) {
        if ((frame.flags & EPI_FRAME_GO) != 0 || frame.how == EPI_HOW_SCAN)
            break; /* Go shows its own */
        if ((frame.flags & EPI_FRAME_SIGNAL) == 0)
            arg->pcs[n++] = frame.pc - ((frame.flags & EPI_FRAME_EXACT) == 0);
    }
    if (cache != NULL)
        cache->taken = false;
    return n;
}

static EPI_SAFE EPI_NOINLINE uintptr_t from_signal(struct epi_traceback_arg *arg,
                                                   const ucontext_t *uc)
{
    struct epi_cursor cursor;
    struct epi_regs regs;
    epi_arch_regs_from_context(&regs, uc);
    epi_cursor_start(&cursor, epi_program.modules, epi_program.go, NULL, &regs);
    return collect(arg, &cursor);
}

/* The frame of the context function is gone: what cgo's wrapper called next, crosscall2,
 * stands in its place, and the return address into the wrapper at most so many bytes
 * further out. */
#define NEAR_CONTEXT 512

static EPI_SAFE bool returns_from_crosscall2(uintptr_t pc)
{
    uintptr_t target;
    if (epi_go_text(epi_program.go, pc) || !epi_arch_call_target(pc, &target))
        return false;
    return target == on.crosscall2 ||
           (epi_arch_stub_target(target, &target) && target == on.crosscall2);
}

static EPI_SAFE EPI_NOINLINE uintptr_t from_call(struct epi_traceback_arg *arg)
{
    struct epi_cursor cursor;
    struct epi_regs regs;
    uintptr_t at = arg->context, end = at + NEAR_CONTEXT;
    for (; at < end; at += sizeof(uintptr_t)) {
        uint64_t pc;
        if (!epi_peek64(&pc, at))
            return 0;
        if (epi_modules_find_text(epi_program.modules, pc - 1) != NULL &&
            returns_from_crosscall2(pc) && epi_goabi_caller_of_crosscall2(at, &regs))
            break;
    }
    if (at >= end)
        return 0;
    epi_cursor_start(&cursor, epi_program.modules, epi_program.go, NULL, &regs);
    cursor.flags = 0; /* a return address */
    cursor.how = EPI_HOW_GO;
    return collect(arg, &cursor);
}

EPI_SAFE void epi_cgo_traceback(struct epi_traceback_arg *arg)
{
    const ucontext_t *uc = (const ucontext_t *)arg->sig_context;
    uintptr_t n = 0;
    uint64_t mask;
    if (enter()) {
        bool loads = (uc == NULL || epi_altstack_has_room(uc)) && open_faults(&mask);
        if (loads && arg->context != 0)
            n = from_call(arg);
        else if (loads && uc != NULL)
            n = from_signal(arg, uc);
        else if (arg->context == 0 && uc != NULL && arg->max > 0)
            arg->pcs[n++] = epi_arch_pc(uc);
        if (loads)
            close_faults(mask);
    }
    leave();
    /* Of a thread that is none of Go's there is no other place. */
    if (n == 0 && arg->context == 0 && uc != NULL && arg->max > 0 &&
        epi_go_g(epi_program.go) == 0)
        arg->pcs[n++] = epi_arch_pc(uc);
    if (n < arg->max)
        arg->pcs[n] = 0;
}

/* ---- the context ---- */

EPI_SAFE void epi_cgo_context(struct epi_context_arg *arg)
{
    if (arg->context == 0 && atomic_load_explicit(&on.context, memory_order_relaxed))
        arg->context = (uintptr_t)__builtin_frame_address(0);
}

/* ---- the symbolizer ---- */

/* Go copies or prints the strings before it does anything else, on as many threads as
 * ask at once.  Those of a block stay for a while when the block's module is gone
 * (symbols_install.c). */
#define SYMBOLS 64
static struct {
    _Atomic uint32_t next;
    struct epi_symbol symbol[SYMBOLS];
} told;

static EPI_SAFE void symbolize(struct epi_symbolizer_arg *arg, const struct epi_module *module,
                               uintptr_t skip)
{
    struct epi_symbol *symbol = &told.symbol[atomic_fetch_add(&told.next, 1) % SYMBOLS];
    struct epi_symbols symbols;
    /* Without a file, go tool pprof looks up all of the module again, Go's functions
     * too.  A line is not made up. */
    arg->file = module->path;
    if (!epi_symbols_find(&symbols, module, arg->pc, symbol))
        return;
    for (uintptr_t i = 0; i <= skip; i++)
        if (!epi_symbols_next(&symbols, symbol))
            return;
    if (symbol->name[0] != '\0')
        arg->function = symbol->name;
    if (symbol->line != 0) {
        arg->file = symbol->file;
        arg->line = symbol->line;
    }
    arg->entry = arg->pc - symbol->offset;
    arg->more = epi_symbols_count(&symbols) > 0;
    arg->data = arg->more ? skip + 1 : 0;
}

EPI_SAFE void epi_cgo_symbolizer(struct epi_symbolizer_arg *arg)
{
    uintptr_t skip = arg->data;
    uint64_t mask;
    *arg = (struct epi_symbolizer_arg){.pc = arg->pc};
    if (arg->pc == 0)
        return;
    if (enter() && open_faults(&mask)) {
        const struct epi_module *module = epi_modules_find_text(epi_program.modules, arg->pc);
        if (module != NULL)
            symbolize(arg, module, skip);
        close_faults(mask);
    }
    leave();
}
