/* The function that the kernel calls for a fatal signal. */
#include "entry.h"
#include "../base/base.h"

__asm__(".text\n"
        ".p2align 4\n"
        ".asciz \"" EPI_SIGNATURE "\"\n"
        ".p2align 2\n"
        ".globl epi_arch_handler\n"
        ".hidden epi_arch_handler\n"
        ".type epi_arch_handler, %function\n"
        "epi_arch_handler:\n"
        "    hint #34\n" /* bti c: the kernel enters as by a branch through a register */
        "    b epi_handler\n"
        ".size epi_arch_handler, .-epi_arch_handler\n");
