/* Traps and single steps on amd64: int3, and the trap flag. */
#include "capture.h"

#define TRAP_FLAG 0x100

/* The int3 instructions; the trap's PC is one behind. */
extern const char capture_trap_here[], capture_trap_begin[], capture_trap_end[];

EPI_NOINLINE void capture_leaf(void)
{
    __asm__ volatile(".globl capture_trap_here\n"
                     "capture_trap_here: int3" ::: "memory");
}

EPI_NOINLINE int capture_steps_on(void)
{
    __asm__ volatile(".globl capture_trap_begin\n"
                     "capture_trap_begin: int3" ::: "memory");
    return 0;
}

EPI_NOINLINE void capture_steps_off(void)
{
    __asm__ volatile(".globl capture_trap_end\n"
                     "capture_trap_end: int3" ::: "memory");
}

void capture_trap(ucontext_t *uc)
{
    uintptr_t before = epi_arch_pc(uc) - 1;
    if (before == (uintptr_t)capture_trap_here)
        capture_walk_here(uc);
    else if (before == (uintptr_t)capture_trap_begin)
        uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    else if (before == (uintptr_t)capture_trap_end)
        uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    else if (uc->uc_mcontext.gregs[REG_EFL] & TRAP_FLAG)
        capture_step(uc);
}

/* What a compiler may do when it aligns the stack: the CFA hangs on a register
 * that crosscall2 has to have kept. */
__asm__(".macro capture_by reg next\n"
        "    .type capture_by_\\reg, @function\n"
        "capture_by_\\reg:\n"
        "    .cfi_startproc\n"
        "    pushq %\\reg\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset \\reg, -16\n"
        "    movq %rsp, %\\reg\n"
        "    .cfi_def_cfa_register \\reg\n"
        "    subq $72, %rsp\n"
        "    andq $-64, %rsp\n"
        "    call \\next\n"
        "    movq %\\reg, %rsp\n"
        "    .cfi_def_cfa_register rsp\n"
        "    popq %\\reg\n"
        "    .cfi_def_cfa_offset 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size capture_by_\\reg, . - capture_by_\\reg\n"
        ".endm\n"
        ".text\n"
        "capture_by rbx, capture_by_r12\n"
        "capture_by r12, capture_by_r13\n"
        "capture_by r13, capture_by_r14\n"
        "capture_by r14, capture_by_r15\n"
        "capture_by r15, capture_call_go\n");

capture_function capture_by_rbx, capture_by_r12, capture_by_r13, capture_by_r14, capture_by_r15;
capture_function *const capture_by[] = {capture_by_r15, capture_by_r14, capture_by_r13,
                                        capture_by_r12, capture_by_rbx};
