/* Call frame information (DWARF 5, section 6.4) as ELF modules carry it for
 * exceptions: .eh_frame, sorted by .eh_frame_hdr (LSB 5.0 core, 10.6).  What a file has
 * in .debug_frame instead is not loaded; Go makes the same two parts of it, in memory of
 * their own (internal/symindex/frames.go). */
#ifndef EPI_CFI_H
#define EPI_CFI_H

#include "cursor.h"
#include "../base/base.h"
#include "../image/modules.h"

/* What a CIE and an FDE say together about one range of code. */
struct epi_cfi_entry {
    struct epi_range pc;
    struct epi_range bounds;       /* the memory that it was read from */
    struct epi_range initial;      /* instructions of the CIE */
    struct epi_range instructions; /* of the FDE */
    uint64_t code_align;
    int64_t data_align;
    uint64_t return_column;
    uint8_t encoding; /* of the FDE's pointers */
    bool signal; /* the frame of a signal handler's trampoline */
    bool sized;  /* the FDE has augmentation data, led by its size */
};

/* The entry that covers PC in MODULE; false when there is none, or it cannot
 * be read, or it makes no sense. */
EPI_SAFE bool epi_cfi_find(const struct epi_module *module, uintptr_t pc,
                           struct epi_cfi_entry *entry);

/* Parses the FDE at ADDRESS, and its CIE.  BOUNDS is the memory that both have
 * to lie in. */
EPI_SAFE bool epi_cfi_parse(struct epi_range bounds, uintptr_t address,
                            struct epi_cfi_entry *entry);

/* Parses what is at *AT, which becomes the place behind it; false at the end of the section.
 * Where it is no FDE, or makes no sense, ENTRY's pc is empty. */
EPI_SAFE bool epi_cfi_next(struct epi_range bounds, uintptr_t *at, struct epi_cfi_entry *entry);

/* How a register of the caller is found. */
enum epi_cfi_kind {
    EPI_CFI_UNSET,     /* nothing said: kept if the ABI has it kept */
    EPI_CFI_UNDEFINED,
    EPI_CFI_SAME,
    EPI_CFI_OFFSET,     /* at CFA + value */
    EPI_CFI_VAL_OFFSET, /* is CFA + value */
    EPI_CFI_REGISTER,   /* in register number value */
    EPI_CFI_EXPRESSION, /* at the address that an expression gives */
    EPI_CFI_VAL_EXPRESSION,
};

/* One row of the table that call frame instructions describe.  A value is an
 * offset, a register number, or where the length and the bytes of an expression
 * stand (an offset from the start of the entry's bounds). */
struct epi_cfi_row {
    _Alignas(8) int32_t value[EPI_NREGS];
    uint8_t kind[EPI_NREGS];
    uint8_t cfa_kind; /* EPI_CFI_UNDEFINED, EPI_CFI_REGISTER, EPI_CFI_EXPRESSION */
    uint8_t cfa_reg;
    int32_t cfa_value;
};

/* Runs the instructions of ENTRY up to the row for PC. */
EPI_SAFE bool epi_cfi_run(const struct epi_cfi_entry *entry, uintptr_t pc,
                          struct epi_cfi_row *row);

/* One C frame by call frame information (DWARF 5, section 6.4).  MODULE holds
 * the PC.  What is not EPI_STEP_OK leaves CURSOR as it was. */
EPI_SAFE enum epi_step epi_cfi_step(struct epi_cursor *cursor,
                                    const struct epi_module *module);

/* The same by ENTRY, which covers the PC of code that no module has.  The rules are not kept
 * in the cache: other code may be there tomorrow, without anybody's word. */
EPI_SAFE enum epi_step epi_cfi_step_entry(struct epi_cursor *cursor,
                                          const struct epi_cfi_entry *entry);

/* That of epi_cfi_step if the cache knows PC, the cursor's look-up PC; otherwise
 * EPI_STEP_NO_RULE. */
EPI_SAFE enum epi_step epi_cfi_step_cached(struct epi_cursor *cursor, uintptr_t pc);

/* One C frame by ROW, which the code tells (framecode.h); EPI_STEP_NO_RULE when what it leads
 * to is no return address. */
EPI_SAFE enum epi_step epi_cfi_step_row(struct epi_cursor *cursor, const struct epi_cfi_row *row);

/* Does MODULE's call frame information cover PC? */
EPI_SAFE bool epi_cfi_covers(const struct epi_module *module, uintptr_t pc);

#endif
