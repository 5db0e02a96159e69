/* The instruction at a PC, as far as it explains a fault that the kernel
 * reports without an address or by a code that covers several causes. */
#ifndef EPI_INSTRUCTION_H
#define EPI_INSTRUCTION_H

#include "../base/base.h"

enum epi_instruction_kind {
    EPI_INSTRUCTION_UNKNOWN,    /* not readable, or none of those below */
    EPI_INSTRUCTION_MEMORY,     /* it accesses ADDRESS */
    EPI_INSTRUCTION_JUMP,       /* it goes to ADDRESS */
    EPI_INSTRUCTION_DIVIDE,     /* by VALUE */
    EPI_INSTRUCTION_TRAP,       /* one that is there to be refused, as ud2 */
    EPI_INSTRUCTION_CHECK,      /* the trap of a compiler's check; VALUE is its number */
    EPI_INSTRUCTION_HALT,       /* hlt */
    EPI_INSTRUCTION_PRIVILEGED, /* another that only the kernel may run */
    EPI_INSTRUCTION_IO,         /* one that needs permission for a port */
    EPI_INSTRUCTION_INTERRUPT,  /* a software interrupt; VALUE is its number */
    EPI_INSTRUCTION_BREAKPOINT, /* one that a debugger places, where the PC stays at it */
};

struct epi_instruction {
    enum epi_instruction_kind kind;
    const char *name; /* as an assembler writes it; NULL when that does not matter */
    uintptr_t address;
    enum epi_access access; /* of MEMORY */
    uint32_t alignment;     /* of MEMORY, in bytes: what ADDRESS must be a multiple of */
    bool known;             /* are ADDRESS and VALUE? */
    uint64_t value;
};

/* Reads the instruction at the PC of CONTEXT with the registers as they are there. */
EPI_SAFE void epi_arch_instruction(struct epi_instruction *instruction, const ucontext_t *uc);

/* Can a page table hold ADDRESS?  One that it cannot is a fault without an address. */
EPI_SAFE bool epi_arch_canonical(uintptr_t address);

#endif
