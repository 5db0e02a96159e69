/* What the tests of the unwinder share: the module table of the test itself,
 * handlers that make peeks work, and a walk from where the caller stands. */
#ifndef HARNESS_H
#define HARNESS_H

#include "gostack.h"
#include "modules.h"
#include "peek.h"
#include "stack.h"
#include "unwind.h"

#include <signal.h>

#define HARNESS_MODULES 256

extern struct epi_modules *harness_modules;

/* Fills the module table, and installs handlers for SIGSEGV and SIGBUS that
 * recover peeks.  Any other fault goes to ON_FAULT, if that is not NULL, on an
 * alternate stack; else the process dies of it. */
void harness_start(void (*on_fault)(int, siginfo_t *, void *));

/* Unwinds from REGS into STACK. */
void harness_walk(struct epi_stack *stack, struct epi_rule_cache *cache,
                  const struct epi_regs *regs, uint32_t max);

/* The registers of the calling function, right after the call. */
void harness_here(struct epi_regs *regs);

/* Is PC in the code of FUNCTION, as far as its symbol tells? */
struct epi_range harness_function(const char *name);

#endif
