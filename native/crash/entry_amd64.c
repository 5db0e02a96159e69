/* The function that the kernel calls for a fatal signal.  It clears the alignment-check
 * flag, which the kernel leaves as the interrupted code had it, and goes on in handler.c. */
#include "entry.h"
#include "../base/base.h"

__asm__(".text\n"
        ".p2align 4\n"
        ".asciz \"" EPI_SIGNATURE "\"\n"
        ".globl epi_arch_handler\n"
        ".hidden epi_arch_handler\n"
        ".type epi_arch_handler, @function\n"
        "epi_arch_handler:\n"
        "    endbr64\n"
        "    pushfq\n" /* the kernel leaves AC as the program had it, */
        "    andl $~0x40000, (%rsp)\n" /* and then every unaligned load is a fault */
        "    popfq\n"
        "    jmp epi_handler\n"
        ".size epi_arch_handler, .-epi_arch_handler\n");
