/* A call that an exception does not leave. */
#include "../base/base.h"

/* 0x1b: the personality is given relative to the PC, in four bytes. */
__asm__(".text\n"
        ".globl epi_arch_call_cxx\n"
        ".hidden epi_arch_call_cxx, epi_cxx_personality\n"
        ".type epi_arch_call_cxx, %function\n"
        "epi_arch_call_cxx:\n"
        "    .cfi_startproc\n"
        "    .cfi_personality 0x1b, epi_cxx_personality\n"
        "    hint #34\n" /* bti c */
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        "    mov x2, x0\n"
        "    mov x0, x1\n"
        "    blr x2\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size epi_arch_call_cxx, .-epi_arch_call_cxx\n");
