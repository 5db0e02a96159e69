/* Assembly that uses SP as one more register: a walk that loads from there faults. */
    .text
    .globl spin_without_stack
    .type spin_without_stack, @function
spin_without_stack:
    movq %rsp, %rax
    movl $8, %esp
1:  decq %rdi
    jnz 1b
    movq %rax, %rsp
    ret
    .size spin_without_stack, .-spin_without_stack

    .section .note.GNU-stack, "", @progbits
