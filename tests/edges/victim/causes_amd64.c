// Faults whose cause stands in the instruction.
#include "crash.h"

#include <stdint.h>
#include <string.h>

static char aligned[64] __attribute__((aligned(32)));

static NOINLINE void cause_movaps(void) {
    __asm__ volatile("movaps (%0), %%xmm0" ::"r"(aligned + 4) : "xmm0");
}

static NOINLINE void cause_movdqa_store(void) {
    __asm__ volatile("movdqa %%xmm0, 4(%0)" ::"r"(aligned) : "memory");
}

static NOINLINE void cause_hlt(void) {
    __asm__ volatile("hlt");
}

static NOINLINE void cause_in(void) {
    __asm__ volatile("inb $0x80, %%al" ::: "rax");
}

static NOINLINE void cause_wrmsr(void) {
    __asm__ volatile("wrmsr" ::"a"(0), "c"(0x10), "d"(0));
}

static NOINLINE void cause_cli(void) {
    __asm__ volatile("cli");
}

static NOINLINE void cause_int(void) {
    __asm__ volatile("int $0x21");
}

static NOINLINE void cause_wild_write(void) {
    __asm__ volatile("movl $1, 8(%0)" ::"r"(UINT64_C(0xdeadbeefdeadbee7)) : "memory");
}

static NOINLINE void cause_wild_read(void) {
    __asm__ volatile("movq (%0,%1,8), %%rax" ::"r"(UINT64_C(0x8000000000000000)), "r"(UINT64_C(2)) : "rax");
}

static NOINLINE void cause_wild_call(void) {
    __asm__ volatile("callq *%0" ::"r"(UINT64_C(0x4141414141414141)));
}

static NOINLINE void cause_wild_return(void) {
    __asm__ volatile("pushq %0\n\tretq" ::"r"(UINT64_C(0x4242424242424242)));
}

static NOINLINE void cause_ud1(void) {
    __asm__ volatile(".byte 0x67, 0x0f, 0xb9, 0x40, 0x14"); // ud1 0x14(%eax), %eax: clang, shift_out_of_bounds
}

static NOINLINE void cause_invalid(void) {
    __asm__ volatile(".byte 0x06"); // push %es, which 64-bit mode does not have
}

static NOINLINE void cause_div_overflow(void) {
    __asm__ volatile("divl %0" ::"r"(1), "a"(0), "d"(2) : "cc");
}

victim_function victim_cause_of_machine(const char *kind) {
    static const struct {
        const char *name;
        victim_function function;
    } kinds[] = {
        {"movaps", cause_movaps},
        {"movdqa_store", cause_movdqa_store},
        {"hlt", cause_hlt},
        {"in", cause_in},
        {"wrmsr", cause_wrmsr},
        {"cli", cause_cli},
        {"int", cause_int},
        {"wild_write", cause_wild_write},
        {"wild_read", cause_wild_read},
        {"wild_call", cause_wild_call},
        {"wild_return", cause_wild_return},
        {"ud1", cause_ud1},
        {"invalid", cause_invalid},
        {"div_overflow", cause_div_overflow},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            return kinds[i].function;
        }
    }
    return NULL;
}
