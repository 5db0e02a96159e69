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

#include "golayout.h"
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

#endif
