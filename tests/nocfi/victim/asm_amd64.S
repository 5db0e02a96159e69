/* As people write it who do not think of debuggers. */
    .text

    .globl asm_pushes
    .type asm_pushes, @function
asm_pushes:
    push %rbx
    push %r12
    sub $40, %rsp
    xor %ebx, %ebx
    test %ebx, %ebx
    jne 1f
    movl $0, (%rbx)
1:  add $40, %rsp
    pop %r12
    pop %rbx
    ret
    .size asm_pushes, .-asm_pushes

    .globl asm_framed
    .type asm_framed, @function
asm_framed:
    push %rbp
    mov %rsp, %rbp
    push %rbx
    sub $24, %rsp
    xor %ebx, %ebx
    movl $0, (%rbx)
    add $24, %rsp
    pop %rbx
    pop %rbp
    ret
    .size asm_framed, .-asm_framed

    .globl asm_prologue
    .type asm_prologue, @function
asm_prologue:
    push %rbp
    movl $0, 0
    mov %rsp, %rbp
    pop %rbp
    ret
    .size asm_prologue, .-asm_prologue

    .globl asm_epilogue
    .type asm_epilogue, @function
asm_epilogue:
    push %rbp
    mov %rsp, %rbp
    sub $64, %rsp
    leave
    movl $0, 0
    ret
    .size asm_epilogue, .-asm_epilogue

    .section .note.GNU-stack, "", @progbits
