/* The function table of a Go program, read in C.
 *
 * It is the table that the runtime itself unwinds and names by: written by the
 * linker (cmd/link/internal/ld/pcln.go), read by runtime/symtab.go and
 * runtime/symtabinl.go.  Its format has kept its magic number since Go 1.20.
 * Nothing in it is trusted: every access is checked against the table's
 * bounds, every loop has an end, so that a damaged table gives wrong or no
 * answers and nothing worse. */
#ifndef EPI_PCLNTAB_H
#define EPI_PCLNTAB_H

#include "gostack.h"
#include "../base/base.h"

/* Bits of runtime's _func.flag (internal/abi/symtab.go). */
enum epi_func_flag {
    EPI_FUNC_TOP_FRAME = 1, /* the outermost frame of its stack */
    EPI_FUNC_SP_WRITE = 2,  /* changes SP in a way the table cannot tell */
    EPI_FUNC_ASM = 4,
};

/* A function, found by PC. */
struct epi_func {
    uintptr_t record; /* its _func */
    uint32_t entry;   /* offset of its first instruction from runtime.text */
    uint8_t id, flag; /* funcID, flag */
};

/* How far SP is below the function's entry at some PC. */
struct epi_spdelta {
    int32_t bytes;
    int32_t before;  /* the value of the instructions that stand before; 0 for
                        the first */
    bool first;      /* PC is the first instruction with this value */
};

/* The function that holds PC; false when none does. */
EPI_SAFE bool epi_pclntab_find(const struct epi_goruntime *go, uintptr_t pc,
                               struct epi_func *func);

/* FUNC's name in the table, e.g. "runtime.asmcgocall"; "" when it has none. */
EPI_SAFE const char *epi_pclntab_function(const struct epi_goruntime *go,
                                          const struct epi_func *func);

/* SP's distance at PC, which is exact also in prologues, epilogues and
 * assembly.  False when the function has no such table (code of an external
 * object that was linked into Go's text). */
EPI_SAFE bool epi_pclntab_spdelta(const struct epi_goruntime *go,
                                  const struct epi_func *func, uintptr_t pc,
                                  struct epi_spdelta *delta);

#endif
