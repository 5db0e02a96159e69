/* What victims do that has no name in C, on each machine. */
#ifndef VICTIM_MACHINE_H
#define VICTIM_MACHINE_H

#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)

#define MACHINE_UNDEFINED "ud2"
#define MACHINE_BREAKPOINT "int3\n nop"
/* A write of four bytes to the address 8, by a function that has nothing else. */
#define MACHINE_WRITE_8 "movl $8, %eax\n movl $1, (%rax)\n ret"
/* The same to the first argument. */
#define MACHINE_WRITE_ARGUMENT "movl $1, (%rdi)\n ret"

/* What libc's poll and pause call. */
#define MACHINE_POLL SYS_poll
#define MACHINE_PAUSE SYS_pause

/* A loop without a stack or a frame, that sends its thread the signal in an int, unless that is 0. */
#define MACHINE_LOST(number) \
    "    movq $0x10000, %rsp\n" \
    "    movq %rsp, %rbp\n" \
    "1:  pause\n" \
    "    movl " number "(%rip), %esi\n" \
    "    testl %esi, %esi\n" \
    "    jz 1b\n" \
    "    movl $186, %eax\n" /* gettid */ \
    "    syscall\n" \
    "    movl %eax, %edi\n" \
    "    movl $200, %eax\n" /* tkill */ \
    "    syscall\n" \
    "    movl $0, " number "(%rip)\n" \
    "    jmp 1b\n"

/* Takes the thread pointer away, and faults. Nothing in between may use thread-local memory. */
static inline void machine_lose_thread_pointer(void) {
    long result = 158; /* arch_prctl */
    __asm__ volatile("syscall" : "+a"(result) : "D"(0x1002L /* ARCH_SET_FS */), "S"(0L) : "rcx", "r11", "memory");
}

/* A tail call of NULL, as a function's body. */
#define MACHINE_TAIL_CALL_NULL "    xorl %eax, %eax\n    jmp *%rax\n"

/* Returns from a function without a frame. */
static inline void machine_return(ucontext_t *uc) {
    greg_t *regs = uc->uc_mcontext.gregs;
    regs[REG_RIP] = *(greg_t *)regs[REG_RSP];
    regs[REG_RSP] += 8;
}

/* The register of a function's result, and of a system call's. */
static inline uint64_t machine_result(const ucontext_t *uc) { return (uint64_t)uc->uc_mcontext.gregs[REG_RAX]; }
static inline void machine_set_result(ucontext_t *uc, uint64_t value) { uc->uc_mcontext.gregs[REG_RAX] = (greg_t)value; }

/* An instruction that traps. As behind int3, the context stands behind it. */
static inline long machine_trap(void) {
    long result = 0;
    __asm__ volatile("int3" : "+a"(result)::"memory");
    return result;
}
static inline void machine_behind_trap(ucontext_t *uc) { (void)uc; }

/* A system call, without anything of libc's. */
static inline long machine_call(long number, long a, long b, long c, long d) {
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

#define MACHINE_UNDEFINED "udf #0"
#define MACHINE_BREAKPOINT "brk #0"
#define MACHINE_WRITE_8 "mov x0, #8\n str wzr, [x0]\n ret"
#define MACHINE_WRITE_ARGUMENT "str wzr, [x0]\n ret"

#define MACHINE_POLL SYS_ppoll
#define MACHINE_PAUSE SYS_ppoll

#define MACHINE_LOST(number) \
    "    mov x29, #0x10000\n" \
    "    mov sp, x29\n" \
    "    mov x30, x29\n" \
    "    adrp x19, " number "\n" \
    "    add x19, x19, :lo12:" number "\n" \
    "1:  yield\n" \
    "    ldr w1, [x19]\n" \
    "    cbz w1, 1b\n" \
    "    mov x8, #178\n" /* gettid */ \
    "    svc #0\n" \
    "    ldr w1, [x19]\n" \
    "    mov x8, #130\n" /* tkill */ \
    "    svc #0\n" \
    "    str wzr, [x19]\n" \
    "    b 1b\n"

static inline void machine_lose_thread_pointer(void) { __asm__ volatile("msr tpidr_el0, xzr" ::: "memory"); }

#define MACHINE_TAIL_CALL_NULL "    mov x16, #0\n    br x16\n"

static inline void machine_return(ucontext_t *uc) { uc->uc_mcontext.pc = uc->uc_mcontext.regs[30]; }

static inline uint64_t machine_result(const ucontext_t *uc) { return uc->uc_mcontext.regs[0]; }
static inline void machine_set_result(ucontext_t *uc, uint64_t value) { uc->uc_mcontext.regs[0] = value; }

static inline long machine_trap(void) {
    register long result __asm__("x0") = 0;
    __asm__ volatile("brk #0" : "+r"(result)::"memory");
    return result;
}
/* The context of brk stands at it. */
static inline void machine_behind_trap(ucontext_t *uc) { uc->uc_mcontext.pc += 4; }

static inline long machine_call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

#endif

#endif
