// Faults whose cause stands in the instruction.
#include "crash.h"

#include <stdint.h>
#include <string.h>

static char words[16] __attribute__((aligned(16)));

static NOINLINE void cause_hlt(void) {
    __asm__ volatile("hlt #0xf000");
}

static NOINLINE void cause_mrs(void) {
    __asm__ volatile("mrs x0, ttbr0_el1" ::: "x0");
}

static NOINLINE void cause_msr(void) {
    __asm__ volatile("msr ttbr0_el1, x0");
}

static NOINLINE void cause_smc(void) {
    __asm__ volatile("smc #0");
}

static NOINLINE void cause_eret(void) {
    __asm__ volatile("eret");
}

static NOINLINE void cause_udf(void) {
    __asm__ volatile("udf #7");
}

static NOINLINE void cause_brk(void) {
    __asm__ volatile("brk #7");
}

static NOINLINE void cause_trap(void) {
    __asm__ volatile("brk #1000");
}

static NOINLINE void cause_check(void) {
    __asm__ volatile("brk #0x5514");
}

static NOINLINE void cause_invalid(void) {
    __asm__ volatile(".inst 0x02000000");
}

static NOINLINE void cause_wild_write(void) {
    __asm__ volatile("str wzr, [%0, #8]" ::"r"(UINT64_C(0xdeadbeefdeadbee7)) : "memory");
}

static NOINLINE void cause_wild_read(void) {
    __asm__ volatile("ldr x0, [%0, %1, lsl #3]" ::"r"(UINT64_C(0x8181818181818181)), "r"(UINT64_C(2)) : "x0");
}

static NOINLINE void cause_tagged_read(void) {
    __asm__ volatile("ldr x0, [%0]" ::"r"(UINT64_C(0xb400000000000008)) : "x0");
}

static NOINLINE void cause_unaligned(void) {
    __asm__ volatile("ldxr x0, [%0]" ::"r"(words + 1) : "x0");
}

static NOINLINE void cause_wild_call(void) {
    __asm__ volatile("blr %0" ::"r"(UINT64_C(0x4141414141414141)) : "x30");
}

static NOINLINE void cause_wild_return(void) {
    __asm__ volatile("mov x30, %0\n\tret" ::"r"(UINT64_C(0x4242424242424242)) : "x30");
}

static NOINLINE void cause_data_call(void) {
    __asm__ volatile("blr %0" ::"r"(words + 2) : "x30");
}

victim_function victim_cause_of_machine(const char *kind) {
    static const struct {
        const char *name;
        victim_function function;
    } kinds[] = {
        {"hlt", cause_hlt},
        {"mrs", cause_mrs},
        {"msr", cause_msr},
        {"smc", cause_smc},
        {"eret", cause_eret},
        {"udf", cause_udf},
        {"brk", cause_brk},
        {"trap", cause_trap},
        {"check", cause_check},
        {"invalid", cause_invalid},
        {"wild_write", cause_wild_write},
        {"wild_read", cause_wild_read},
        {"tagged_read", cause_tagged_read},
        {"unaligned", cause_unaligned},
        {"wild_call", cause_wild_call},
        {"wild_return", cause_wild_return},
        {"data_call", cause_data_call},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            return kinds[i].function;
        }
    }
    return NULL;
}
