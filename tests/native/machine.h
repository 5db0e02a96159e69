/* Registers by their part, for tests of what both machines share: their DWARF numbers stand in
 * call frame information and in expressions. */
#ifndef MACHINE_H
#define MACHINE_H

#include "base.h"

#if defined(__x86_64__)
#define TRAP "ud2" /* an invalid instruction */
#define BREAKPOINT "int3"
enum { KEPT = EPI_RBX, KEPT_TOO = EPI_R12, LOST = EPI_RAX, LOST_TOO = EPI_R8 };
#elif defined(__aarch64__)
#define TRAP "udf #0"
#define BREAKPOINT "brk #0"
enum { KEPT = EPI_X19, KEPT_TOO = EPI_X20, LOST = EPI_X0, LOST_TOO = 8 };
#endif

/* None that the core follows has this number, or one above. */
#define NO_REGISTER 40
_Static_assert(EPI_NREGS <= NO_REGISTER, "");

/* Instructions and operators with a register in their byte. */
#define CFI_OFFSET(reg) (0x80 | (reg))
#define CFI_RESTORE(reg) (0xc0 | (reg))
#define OP_REG(reg) (0x50 + (reg))
#define OP_BREG(reg) (0x70 + (reg))

#define ALL_KNOWN (EPI_BIT(EPI_NREGS) - 1)

/* From the next instruction on there is a SIGTRAP behind each, or no more.  Only a debugger can do
 * so where a process has no such flag. */
#if defined(__x86_64__)
#define CAN_STEP true
static inline void set_sp(ucontext_t *uc, uintptr_t sp)
{
    uc->uc_mcontext.gregs[REG_RSP] = (greg_t)sp;
}
static inline void step_on(ucontext_t *uc, bool on)
{
    greg_t *flags = &uc->uc_mcontext.gregs[REG_EFL];
    *flags = on ? *flags | 0x100 : *flags & ~0x100; /* TF */
}
#else
#define CAN_STEP false
static inline void set_sp(ucontext_t *uc, uintptr_t sp)
{
    uc->uc_mcontext.sp = sp;
}
static inline void step_on(ucontext_t *uc, bool on)
{
    (void)uc, (void)on;
}
#endif

#endif
