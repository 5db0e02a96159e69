/* As spin_amd64.S; SP has to be a multiple of 16. */
    .text
    .globl spin_without_stack
    .type spin_without_stack, %function
spin_without_stack:
    mov x1, sp
    mov x2, #16
    mov sp, x2
1:  subs x0, x0, #1
    b.ne 1b
    mov sp, x1
    ret
    .size spin_without_stack, .-spin_without_stack

    .section .note.GNU-stack, "", %progbits
