/* DWARF expressions as call frame information uses them (DWARF 5, 2.5). */
#ifndef EPI_DWARF_EXPR_H
#define EPI_DWARF_EXPR_H

#include "../base/base.h"

/* libgcc's machine holds 64 values; what compilers, PLTs and glibc's signal
 * frames write needs 3. */
#define EPI_EXPR_STACK 24

/* An expression may branch backwards, so its steps are counted. */
#define EPI_EXPR_STEPS 512

/* Evaluates the SIZE bytes at AT over the registers of the callee's frame.
 * INITIAL, when not NULL, is pushed first (the CFA, for a register's rule).
 * False when a register is unknown, memory cannot be read, or the expression
 * makes no sense. */
EPI_SAFE bool epi_expr_evaluate(uintptr_t at, uint64_t size,
                                const struct epi_regs *regs,
                                const uint64_t *initial, uint64_t *result);

#endif
