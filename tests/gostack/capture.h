/* Stacks for the tests of this directory, walked inside of signal handlers of
 * their own: SIGTRAP at a breakpoint, and after each instruction. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "unwind/gostack.h"
#include "unwind/stack.h"
#include "unwind/unwind.h"

#define CAPTURE_FRAMES 96
#define CAPTURE_FAILURES 32

struct capture_walk {
    uint32_t count;
    uint32_t stop;
    bool crossed;
    struct epi_frame frame[CAPTURE_FRAMES];
};

extern struct epi_goruntime capture_go;
extern struct capture_walk capture_last; /* of the newest capture_here */

/* Steps since capture_step_begin. */
struct capture_steps {
    int error; /* errno of what makes the single steps; 0 */
    uint64_t total;
    uint64_t reached; /* the walk came to the root function without guessing */
    uint64_t parked;  /* the walk ended in mcall, morestack or gogo, where the
                         runtime has left the goroutine's stack for good */
    uint64_t failed;
    uint64_t jumped; /* from one instruction to the next the return addresses
                        changed by more than one call or return */
    /* Instructions of asmcgocall, cgocallback and crosscall2 among them. */
    uint64_t border[3];
    struct capture_walk failure[CAPTURE_FAILURES];
    struct capture_walk jump[CAPTURE_FAILURES][2]; /* before, after */
};
extern struct capture_steps capture_steps;

/* Installs the handlers and reads the module table.  0, or errno. */
int capture_init(void);

/* Stops at a breakpoint below three functions of its own: capture_here,
 * capture_middle, capture_leaf. */
void capture_here(void);

/* From here on the calling thread traps after each instruction.  ROOT is an
 * address in the function that every walk has to reach: Go text or C. */
void capture_step_begin(uintptr_t root);
void capture_step_end(void);

/* Walks from COUNT random register sets, with the PC in Go text: at the first
 * bytes of FUNCTIONS (N addresses) or anywhere.  The number of frames. */
uint64_t capture_random(const uintptr_t *functions, size_t n, uint64_t count);

/* What epi_cursor_returns_oddly says of a return from code at FROM. */
bool capture_returns_oddly(uintptr_t from, uintptr_t to);
uintptr_t capture_vdso(void); /* an address in the vDSO; 0: there is none */

/* Walks the stack of the next capture_here ROUNDS times; how long one took. */
extern uint64_t capture_rounds, capture_nanoseconds;

/* Raises a signal whose handler calls Go's, and steps through that; 0, or
 * errno. */
int capture_step_go_handler(uintptr_t root);

/* C that calls Go: capture_call_go calls goCallback(ARG), capture_on_thread
 * does so on a new thread, from capture_thread_main. */
void capture_call_go(uintptr_t arg);
void capture_call_go_by_registers(uintptr_t arg); /* below functions whose
                                                     frames hang on registers
                                                     that callees keep */
uintptr_t capture_by_register(int i); /* these, innermost first, 0 to 4 */
int capture_on_thread(uintptr_t arg);
int capture_on_thread_stepping(uintptr_t arg); /* twice; the second call is
                                                  stepped through */
void capture_nop(void);
uintptr_t capture_thread_root(void); /* where capture_thread_main is */

/* What differs by machine: capture_MACHINE.c.  The breakpoint; what a SIGTRAP means; single steps
 * of this thread (0, or errno), after each of which comes capture_step; and the functions of
 * capture_call_go_by_registers. */
void capture_leaf(void);
void capture_trap(ucontext_t *uc);
int capture_steps_on(void);
void capture_steps_off(void);
typedef void capture_function(uintptr_t arg);
extern capture_function *const capture_by[5];

/* For these. */
void capture_walk_here(const ucontext_t *uc);
void capture_step(const ucontext_t *uc);

#endif
