/* A call that an exception does not leave. */
#include "../base/base.h"

/* 0x1b: the personality is given relative to the PC, in four bytes. */
__asm__(".text\n"
        ".globl epi_arch_call_cxx\n"
        ".hidden epi_arch_call_cxx, epi_cxx_personality\n"
        ".type epi_arch_call_cxx, @function\n"
        "epi_arch_call_cxx:\n"
        "    .cfi_startproc\n"
        "    .cfi_personality 0x1b, epi_cxx_personality\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    callq *%rax\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size epi_arch_call_cxx, .-epi_arch_call_cxx\n");
