/* What Enable has learned about the Go runtime of this program. */
#ifndef EPI_GOLAYOUT_H
#define EPI_GOLAYOUT_H

#include "../base/base.h"

/* Filled by Go at Enable (package internal/gort), never changed afterwards. */
struct epi_goruntime {
    struct epi_range text;    /* runtime.text, runtime.etext */
    struct epi_range pclntab; /* runtime.pclntab, runtime.epclntab */
    uintptr_t gofunc;         /* base of the funcdata offsets: go:func.* */
    uintptr_t module;      /* the module data that this is from; 0: not known */
    uint32_t gofunc_word;  /* the word of it that gofunc is */
    uintptr_t last_module; /* runtime.lastmoduledatap; 0: not known (golayout.c) */
    uintptr_t getg; /* Go assembly: a frameless leaf that returns g as C expects it; NULL
                       on a thread that Go does not know */
    uintptr_t signal_wanted; /* uint32 words, a bit per signal that signal.Notify
                                sends to the program; 0: not known */
    uintptr_t signal_ignored; /* the same for signal.Ignore */
    uintptr_t goid; /* where g has its goroutine's id; 0: not known */
    uintptr_t traceback;     /* runtime.traceback_cache (traceback_bit.h); 0: not known */
    uintptr_t backlog;       /* runtime.printBacklog (crash_output.h); 0: not known */
    uintptr_t backlog_index; /* and the int where it is written next */
    bool tables;    /* the header of the pclntab is one that the core reads:
                       SP deltas can be used */
    bool names;     /* and its names agree with runtime.CallersFrames */
};

/* The plugins that were opened, in this order.  None goes away again. */
#define EPI_GO_PLUGINS 32
struct epi_gomodules {
    _Atomic uint32_t count;
    struct epi_goruntime plugin[EPI_GO_PLUGINS]; /* as the program's, but for text and tables */
};
extern struct epi_gomodules epi_gomodules __attribute__((visibility("hidden")));

/* Learns of the plugins that were opened since the last call.  A load when there are none; but
 * peeks have to work (memory/peek.h). */
EPI_SAFE void epi_gomodules_follow(const struct epi_goruntime *go);

/* GO or, for a PC in a plugin's Go text, that plugin's. */
static inline EPI_SAFE const struct epi_goruntime *epi_go_at(const struct epi_goruntime *go,
                                                             uintptr_t pc)
{
    uint32_t count = go == NULL || epi_in(go->text, pc) ? 0 : epi_gomodules.count;
    for (uint32_t i = 0; i < count; i++)
        if (epi_in(epi_gomodules.plugin[i].text, pc))
            return &epi_gomodules.plugin[i];
    return go;
}

static inline EPI_SAFE bool epi_go_text(const struct epi_goruntime *go, uintptr_t pc)
{
    return go != NULL && (epi_in(go->text, pc) || epi_in(epi_go_at(go, pc)->text, pc));
}

/* The current thread's g, or NULL. */
static inline EPI_SAFE uintptr_t epi_go_g(const struct epi_goruntime *go)
{
    /* EPI_SAFE: three instructions of package gort */
    return go == NULL || go->getg == 0 ? 0 : ((uintptr_t (*)(void))go->getg)();
}

#endif
