/* Go's side of a stack: what Enable learned about the runtime, the pclntab's
 * names, and the step from a Go frame to its caller. */
#ifndef EPI_GOSTACK_H
#define EPI_GOSTACK_H

#include "../base/base.h"

/* Filled by Go at Enable (package internal/gort), never changed afterwards. */
struct epi_goruntime {
    struct epi_range text;    /* runtime.text, runtime.etext */
    struct epi_range pclntab; /* runtime.pclntab, runtime.epclntab */
    uintptr_t gofunc;         /* base of the funcdata offsets: go:func.* */
    uintptr_t getg; /* Go assembly: a frameless leaf that returns g in RAX; NULL
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

/* A function of Go as the pclntab tells it.  The strings are in the pclntab
 * itself, terminated, and live as long as the process. */
struct epi_goframe {
    const char *function; /* "main.(*Decoder).Next" */
    const char *file;
    int32_t line;
    bool inlined; /* into the frame that follows */
};

/* The functions that stand at PC, innermost (inlined) first, at most MAX of
 * them.  PC is the exact one (a return address has 1 taken off already).  -1
 * when PC has no entry or the table makes no sense.
 *
 * Wrappers that the compiler made are left out as runtime.Callers leaves them
 * out, which depends on what they call; so the result may be 0.  CALLEE
 * carries what is needed for that from each frame of a walk to the next: 0
 * before the first, and for a PC that stands alone. */
EPI_SAFE int32_t epi_pclntab_frames(const struct epi_goruntime *go, uintptr_t pc,
                                    uint8_t *callee, struct epi_goframe *frames,
                                    uint32_t max);

/* Writes FUNCTION as Go prints it, type arguments shortened to "[...]", into TO
 * (SIZE bytes, always terminated).  Returns its length, cut to what fitted. */
EPI_SAFE size_t epi_pclntab_print(char *to, size_t size, const char *function);

/* Is the header of GO's pclntab one that this code reads? */
EPI_SAFE bool epi_pclntab_readable(const struct epi_goruntime *go);

static inline EPI_SAFE bool epi_go_text(const struct epi_goruntime *go, uintptr_t pc)
{
    return go != NULL && epi_in(go->text, pc);
}

/* The goroutine that waits for the C code which runs on the thread whose g is
 * G (or NULL), or NULL. */
EPI_SAFE uintptr_t epi_gostack_goroutine(const struct epi_goruntime *go, uintptr_t g);

/* Does the Go function at PC call C?  Others are no callers of a C frame. */
EPI_SAFE bool epi_gostack_calls_c(const struct epi_goruntime *go, uintptr_t pc);

/* More bytes than the code behind getg has. */
#define EPI_GETG_SIZE 16

/* The current thread's g, or NULL. */
static inline EPI_SAFE uintptr_t epi_go_g(const struct epi_goruntime *go)
{
    /* EPI_SAFE: three instructions of package gort */
    return go == NULL || go->getg == 0 ? 0 : ((uintptr_t (*)(void))go->getg)();
}

#endif
