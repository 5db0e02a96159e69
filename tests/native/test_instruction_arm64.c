/* What instruction words tell: the causes of faults, calls and what they call, stubs, branches
 * that leave a function. */
#include "check.h"
#include "code.h"
#include "framecode.h"
#include "instruction.h"
#include "peek.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static ucontext_t context;

static struct epi_instruction read_at(const void *code)
{
    struct epi_instruction instruction;
    context.uc_mcontext.pc = (uintptr_t)code;
    epi_arch_instruction(&instruction, &context);
    return instruction;
}

/* INSTRUCTION, assembled and never run, as the decoder sees it. */
#define DECODE(instruction)                                                        \
    ({                                                                             \
        const void *code_;                                                         \
        __asm__ volatile("b 2f\n1: " instruction "\n2: adr %0, 1b" : "=r"(code_)); \
        read_at(code_);                                                            \
    })

#define KIND(instruction, expected, expected_value, expected_name)                  \
    do {                                                                           \
        struct epi_instruction i_ = DECODE(instruction);                           \
        const char *name_ = expected_name;                                         \
        CHECK(i_.kind == (expected) && i_.value == (uint64_t)(expected_value) &&   \
                  (name_ == NULL ? i_.name == NULL                                 \
                                 : i_.name != NULL && strcmp(i_.name, name_) == 0), \
              "%s: kind %d, value %#llx, %s", instruction, i_.kind,                \
              (unsigned long long)i_.value, i_.name != NULL ? i_.name : "(none)"); \
    } while (0)

static void kinds(void)
{
    KIND("udf #0", EPI_INSTRUCTION_TRAP, 0, "udf");
    KIND("udf #77", EPI_INSTRUCTION_TRAP, 0, "udf");
    KIND("brk #1000", EPI_INSTRUCTION_TRAP, 0, "brk"); /* gcc's __builtin_trap */
    KIND("brk #1", EPI_INSTRUCTION_TRAP, 0, "brk");    /* clang's */
    KIND("brk #0x5512", EPI_INSTRUCTION_CHECK, 0x12, "brk");
    KIND("brk #0", EPI_INSTRUCTION_BREAKPOINT, 0, "brk");
    KIND("brk #0xf000", EPI_INSTRUCTION_BREAKPOINT, 0xf000, "brk");
    KIND("hlt #3", EPI_INSTRUCTION_HALT, 0, "hlt");
    KIND("hvc #0", EPI_INSTRUCTION_PRIVILEGED, 0, "hvc");
    KIND("smc #0", EPI_INSTRUCTION_PRIVILEGED, 0, "smc");
    KIND("eret", EPI_INSTRUCTION_PRIVILEGED, 0, "eret");
    KIND("mrs x0, sctlr_el1", EPI_INSTRUCTION_PRIVILEGED, 0, "mrs");
    KIND("msr ttbr0_el1, x3", EPI_INSTRUCTION_PRIVILEGED, 0, "msr");
    KIND("tlbi vmalle1", EPI_INSTRUCTION_PRIVILEGED, 0, "sys");
    KIND("mrs x0, tpidr_el0", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    KIND("msr fpcr, x0", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    KIND("dc cvau, x0", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    KIND("dmb ish", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    KIND("svc #0", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    KIND("nop", EPI_INSTRUCTION_UNKNOWN, 0, NULL);
    CHECK(read_at((const void *)16).kind == EPI_INSTRUCTION_UNKNOWN, "memory that is not there");
    CHECK(epi_arch_canonical(0xffffffffffff) && epi_arch_canonical(UINT64_MAX) &&
              epi_arch_canonical(0x5a00123456789abc) && !epi_arch_canonical(0x0041414141414141) &&
              !epi_arch_canonical(UINT64_C(1) << 48),
          "canonical");
}

static void calls(void)
{
    static const uint32_t here[] = {0x97ffffff}; /* bl -4 */
    uintptr_t pc = (uintptr_t)(here + 1), target = 0;
    CHECK(epi_arch_after_call(pc) && epi_arch_call_target(pc, &target) && target == pc - 8, "%#lx",
          target);
    static const uint32_t far[] = {0x95ffffff}; /* the most that it can say */
    pc = (uintptr_t)(far + 1);
    CHECK(epi_arch_call_target(pc, &target) && target == pc - 4 + 0x7fffffc, "%#lx", target);
    static const struct {
        uint32_t code;
        bool call;
    } others[] = {
        {0xd63f0000, true},  /* blr x0 */
        {0xd63f03c0, true},  /* blr x30 */
        {0xd73f0801, true},  /* blraa x0, x1 */
        {0xd63f081f, true},  /* blraaz x0 */
        {0xd73f0d0a, true},  /* blrab x8, x10 */
        {0xd61f0000, false}, /* br x0 */
        {0x14000001, false}, /* b */
        {0xd65f03c0, false}, /* ret */
        {0xd4000001, false}, /* svc */
    };
    for (size_t i = 0; i < EPI_COUNT(others); i++) {
        pc = (uintptr_t)(&others[i].code + 1);
        CHECK(epi_arch_after_call(pc) == others[i].call, "%#x", others[i].code);
        CHECK(!epi_arch_call_target(pc, &target), "%#x", others[i].code);
    }
    CHECK(!epi_arch_after_call((uintptr_t)(here + 1) + 2) && !epi_arch_after_call(0) &&
              !epi_arch_after_call(0x1000) && !epi_arch_after_call(UINTPTR_MAX),
          "no return address");
}

static uint64_t slot = 0x665544332211;

/* ADRP's and the other two instructions' share of TARGET, seen from AT. */
static uint32_t adrp(uintptr_t at, uintptr_t target)
{
    uint64_t pages = (target >> 12) - (at >> 12);
    return 0x90000010 | (uint32_t)(pages & 3) << 29 | (uint32_t)(pages >> 2 & 0x7ffff) << 5;
}

static void stubs(void)
{
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t at = (uintptr_t)&slot, target = 0;
    uint32_t offset = (uint32_t)(at & 4095);
    for (unsigned bti = 0; bti < 2; bti++) {
        uint32_t *c = code;
        if (bti)
            *c++ = 0xd503245f;
        c[0] = adrp((uintptr_t)c, at);
        c[1] = 0xf9400211 | offset / 8 << 10; /* ldr x17, [x16, #] */
        c[2] = 0x91000210 | offset << 10;     /* add x16, x16, # */
        c[3] = 0xd61f0220;                    /* br x17 */
        CHECK(epi_arch_stub_target((uintptr_t)code, &target) && target == slot, "%#lx", target);
        c[1] = 0x91000210 | offset << 10;
        c[2] = 0xd61f0200; /* br x16 */
        CHECK(epi_arch_stub_target((uintptr_t)code, &target) && target == at, "%#lx", target);
        c[0] = 0xd503201f; /* nop */
        CHECK(!epi_arch_stub_target((uintptr_t)code, &target), "no stub");
    }
    CHECK(!epi_arch_stub_target(0x1000, &target), "memory that is not there");
}

static void branches(void)
{
    static const struct {
        uint32_t code[2];
        bool out;
    } cases[] = {
        {{0xd503201f, 0x17ffffff}, false}, /* b -4 */
        {{0xd503201f, 0x14000001}, true},  /* b +4 */
        {{0x54000020, 0xd503201f}, false}, /* b.eq +4 */
        {{0x54000040, 0xd503201f}, true},
        {{0xd503201f, 0xb4ffffe0}, false}, /* cbz x0, -4 */
        {{0x35000040, 0xd503201f}, true},  /* cbnz w0, +8 */
        {{0x36000020, 0xd503201f}, false}, /* tbz w0, #0, +4 */
        {{0x37f80040, 0xd503201f}, true},  /* tbnz w0, #31, +8 */
        {{0xd503201f, 0xd61f0200}, true},  /* br x16 */
        {{0xd503201f, 0xd65f03c0}, false}, /* ret */
        {{0x94001000, 0xd63f0000}, false}, /* calls */
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        uintptr_t at = (uintptr_t)cases[i].code;
        CHECK(epi_arch_may_jump_out((struct epi_range){at, at + 8}) == cases[i].out, "case %zu", i);
    }
    CHECK(epi_arch_may_jump_out((struct epi_range){0x1000, 0x1010}) &&
              epi_arch_may_jump_out(
                  (struct epi_range){(uintptr_t)branches, (uintptr_t)branches + 100000}),
          "what cannot be told");
}

/* Whatever stands there. */
static void noise(void)
{
    uint32_t word;
    unsigned known = 0;
    for (unsigned i = 0; i < 300000; i++) {
        uintptr_t target, at = (uintptr_t)&word;
        word = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        if (i % 3 == 0)
            word = (word & 0xffffff) | 0xd4000000 | (word & 1) << 24; /* system instructions */
        known += read_at(&word).kind != EPI_INSTRUCTION_UNKNOWN;
        if (epi_arch_call_target(at + 4, &target))
            CHECK(epi_arch_after_call(at + 4) && target % 4 == at % 4, "%#x", word);
        epi_arch_stub_target(at, &target);
        epi_arch_may_jump_out((struct epi_range){at, at + 4});
    }
    CHECK(known > 1000, "%u", known);
}

/* The core's handlers catch a load that fails; here there are none of them. */
static void failed_load(int signal, siginfo_t *info, void *uc)
{
    if (!epi_peek_fixup(info, uc))
        _exit(128 + signal);
}

/* A procedure linkage table, as ld makes it: LR has the return address, and in the first entry two
 * words have been pushed behind its first instruction. */
static void linkage_table(void)
{
    static const uint32_t table[] = {
        0xa9bf7bf0, 0xb00018f0, 0xf947fe11, 0x913fe210, 0xd61f0220, 0xd503201f, 0xd503201f, 0xd503201f,
        0xd00018f0, 0xf9400211, 0x91000210, 0xd61f0220, /* the next entries */
        0xd00018f0, 0xf9400611, 0x91002210, 0xd61f0220};
    static const uint32_t other[] = {0xd00018f0, 0xf9400211, 0xf9400000, 0xd61f0220};
    struct epi_cfi_row row;
    for (size_t i = 0; i < EPI_COUNT(table); i++) {
        bool found = epi_arch_bare_row((uintptr_t)&table[i], &row), nop = i >= 5 && i < 8;
        bool pushed = i > 0 && i < 5;
        CHECK(found == !nop, "word %zu: %d", i, found);
        CHECK(!found || (row.cfa_reg == EPI_SP && row.cfa_value == (pushed ? 16 : 0) &&
                         row.kind[EPI_LR] == (pushed ? EPI_CFI_OFFSET : EPI_CFI_UNSET)),
              "word %zu: CFA %d", i, row.cfa_value);
    }
    CHECK(!epi_arch_bare_row((uintptr_t)other, &row), "a load of another register");
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = failed_load, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    srand(1);
    kinds();
    calls();
    stubs();
    branches();
    noise();
    linkage_table();
    return check_result();
}
