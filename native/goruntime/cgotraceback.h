/* C frames in Go's own tracebacks and CPU profiles: the functions that
 * runtime.SetCgoTraceback takes.  Its doc comment is their contract; what it leaves out
 * is in runtime/cgo/gcc_traceback.c, runtime/symtab.go (expandCgoFrames) and
 * runtime/traceback.go (printCgoTraceback).
 *
 * They stay registered for the life of the process, since Go has no call to take them
 * back.  epi_cgo_traceback_switch decides what they do. */
#ifndef EPI_CGOTRACEBACK_H
#define EPI_CGOTRACEBACK_H

#include "../base/base.h"

/* The arguments, as Go lays them out. */
struct epi_traceback_arg {
    uintptr_t context;     /* what the context function gave, or 0 */
    uintptr_t sig_context; /* a ucontext_t, or 0 */
    uintptr_t *pcs;        /* room for MAX; 0 behind the last one */
    uintptr_t max;
};

struct epi_context_arg {
    uintptr_t context; /* 0: to be filled in; else it is given back */
};

struct epi_symbolizer_arg {
    uintptr_t pc; /* 0: that was the last one */
    const char *file;
    uintptr_t line;
    const char *function;
    uintptr_t entry;
    uintptr_t more; /* this PC has more calls, inlined ones before */
    uintptr_t data; /* ours: how many were returned */
};

/* The C frames where a signal has come in, or of a call from C to Go.  On any thread,
 * with all signals blocked, for every signal that Go has a handler for. */
EPI_SAFE void epi_cgo_traceback(struct epi_traceback_arg *arg);

/* Called at the beginning and at the end of each call from C to Go. */
EPI_SAFE void epi_cgo_context(struct epi_context_arg *arg);

/* The calls at a PC that the first has stored.  On several threads at once, in the
 * middle of a panic too. */
EPI_SAFE void epi_cgo_symbolizer(struct epi_symbolizer_arg *arg);

/* What is on.  CROSSCALL2 is the address of the function of runtime/cgo by which C
 * calls Go. */
void epi_cgo_traceback_switch(bool traceback, bool context, uintptr_t crosscall2);

/* May Go ask? */
bool epi_cgo_traceback_is_on(void);

#endif
