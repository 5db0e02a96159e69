/* As people write it who do not think of debuggers. */
    .text

    .globl asm_pushes
    .type asm_pushes, %function
asm_pushes:
    stp x19, x20, [sp, #-32]!
    str x30, [sp, #16]
    sub sp, sp, #48
    mov x19, #0
    cbnz x19, 1f
    str wzr, [x19]
1:  add sp, sp, #48
    ldr x30, [sp, #16]
    ldp x19, x20, [sp], #32
    ret
    .size asm_pushes, .-asm_pushes

    .globl asm_framed
    .type asm_framed, %function
asm_framed:
    stp x29, x30, [sp, #-48]!
    mov x29, sp
    str x19, [sp, #16]
    mov x19, #0
    str wzr, [x19]
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #48
    ret
    .size asm_framed, .-asm_framed

    .globl asm_prologue
    .type asm_prologue, %function
asm_prologue:
    stp x29, x30, [sp, #-16]!
    mov x0, #0
    str wzr, [x0]
    mov x29, sp
    ldp x29, x30, [sp], #16
    ret
    .size asm_prologue, .-asm_prologue

    .globl asm_epilogue
    .type asm_epilogue, %function
asm_epilogue:
    stp x29, x30, [sp, #-80]!
    mov x29, sp
    mov x0, #0
    ldp x29, x30, [sp], #80
    str wzr, [x0]
    ret
    .size asm_epilogue, .-asm_epilogue

    .section .note.GNU-stack, "", %progbits
