	.text
	.globl asm_sum
	.type asm_sum,@function
asm_sum:
	xorl %eax,%eax
1:	addl %edi,%eax
	decl %edi
	jnz 1b
	ret
	.size asm_sum,.-asm_sum
	.section .note.GNU-stack,"",@progbits
