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

/* How long the instruction at AT is, of which LEFT bytes are the function's; 0: none. */
#if defined(__x86_64__)
#include "decode_amd64.h"
#include <string.h>
static inline size_t instruction_length(uintptr_t at, size_t left)
{
    struct epi_x86 x;
    memset(&x, 0, sizeof x);
    x.have = (uint8_t)(left < EPI_X86_LONGEST ? left : EPI_X86_LONGEST);
    memcpy(x.code, (const void *)at, x.have);
    epi_x86_decode(&x);
    return x.failed ? 0 : x.length;
}
#else
static inline size_t instruction_length(uintptr_t at, size_t left)
{
    (void)at;
    return left < 4 ? 0 : 4;
}
#endif

/* Functions as their bytes: one of them saves a register in the first instruction, then come those
 * that do nothing; the others are how GCC makes room for a large frame with
 * -fstack-clash-protection, without and with a frame pointer, with one or two instructions behind
 * that. */
#if defined(__x86_64__)
#define CODE_SAVES 0x53 /* push %rbx */
#define CODE_NOP 0x90
#define CODE_SAVED_DEPTH 16
#define CODE_CLASH                                                                        \
    0x4c, 0x8d, 0x9c, 0x24, 0x00, 0xb0, 0xff, 0xff, /* lea -0x5000(%rsp),%r11 */          \
        0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00,   /* 1: sub $0x1000,%rsp */             \
        0x48, 0x83, 0x0c, 0x24, 0x00,               /* orq $0,(%rsp) */                   \
        0x4c, 0x39, 0xdc,                           /* cmp %r11,%rsp */                   \
        0x75, 0xef,                                 /* jne 1b */                          \
        0x90, 0xc3                                  /* nop; ret */
#define CODE_FRAME 0x55, 0x48, 0x89, 0xe5 /* push %rbp; mov %rsp, %rbp */
#define CODE_FRAME_DEPTH 16
typedef uint8_t code_unit;
#else
#define CODE_SAVES 0xf81f0ff3 /* str x19, [sp, #-16]! */
#define CODE_NOP 0xd503201f
#define CODE_SAVED_DEPTH 16
#define CODE_CLASH                                     \
    0xd1401bec, /* sub x12, sp, #0x6000 */             \
        0xd14007ff, /* 1: sub sp, sp, #0x1000 */       \
        0xf90203ff, /* str xzr, [sp, #1024] */         \
        0xeb2c63ff, /* cmp sp, x12 */                  \
        0x54ffffa1, /* b.ne 1b */                      \
        0xd503201f, 0xd65f03c0 /* nop; ret */
#define CODE_FRAME 0xa9be7bfd, 0x910003fd /* stp x29, x30, [sp, #-32]!; mov x29, sp */
#define CODE_FRAME_DEPTH 32
typedef uint32_t code_unit;
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
