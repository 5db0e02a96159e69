/* The decoder of instructions, on what the assembler makes, and on noise. */
#include "check.h"
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
    context.uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)code;
    epi_arch_instruction(&instruction, &context);
    return instruction;
}

/* INSTRUCTION, assembled and never run, as the decoder sees it. */
#define DECODE(instruction)                                                        \
    ({                                                                             \
        const void *code_;                                                         \
        __asm__ volatile("jmp 2f\n1: " instruction "\n2: lea 1b(%%rip), %0"         \
                         : "=r"(code_));                                           \
        read_at(code_);                                                            \
    })

#define MEMORY(instruction, expected, expected_access)                              \
    do {                                                                           \
        struct epi_instruction i_ = DECODE(instruction);                           \
        CHECK(i_.kind == EPI_INSTRUCTION_MEMORY && i_.known &&                     \
                  i_.address == (uintptr_t)(expected) && i_.access == (expected_access), \
              "%s: kind %d, address %#lx, access %d", instruction, i_.kind,        \
              (unsigned long)i_.address, i_.access);                               \
    } while (0)

#define KIND(instruction, expected, expected_value)                                 \
    do {                                                                           \
        struct epi_instruction i_ = DECODE(instruction);                           \
        CHECK(i_.kind == (expected) && i_.value == (uint64_t)(expected_value),     \
              "%s: kind %d, value %#llx", instruction, i_.kind,                    \
              (unsigned long long)i_.value);                                       \
    } while (0)

#define ALIGNED(instruction, expected, expected_name, expected_access)               \
    do {                                                                           \
        struct epi_instruction i_ = DECODE(instruction);                           \
        CHECK(i_.alignment == (expected) && i_.access == (expected_access) &&      \
                  i_.name != NULL && strcmp(i_.name, expected_name) == 0,          \
              "%s: %u, %s, access %d", instruction, i_.alignment,                  \
              i_.name != NULL ? i_.name : "(none)", i_.access);                    \
    } while (0)

#define READ EPI_ACCESS_READ
#define WRITE EPI_ACCESS_WRITE
#define ANY EPI_ACCESS_UNKNOWN

static void addresses(void)
{
    greg_t *r = context.uc_mcontext.gregs;
    r[REG_RAX] = 0x1000, r[REG_RCX] = 0x20, r[REG_RBX] = 0x3000, r[REG_RSP] = 0x40000;
    r[REG_RBP] = 0x50000, r[REG_RSI] = 0x600, r[REG_RDI] = 0x7000, r[REG_R8] = 0x80000;
    r[REG_R12] = 0xc000, r[REG_R13] = 0xd000, r[REG_R15] = 0xf;
    MEMORY("movl %%ecx, (%%rax)", 0x1000, WRITE);
    MEMORY("movq 8(%%rax), %%rcx", 0x1008, READ);
    MEMORY("movq -8(%%rbp), %%rcx", 0x4fff8, READ);
    MEMORY("movb $1, 0x12345(%%rbx)", 0x3000 + 0x12345, WRITE);
    MEMORY("movq (%%rbx,%%rcx,8), %%rax", 0x3100, READ);
    MEMORY("movq 4(%%r13,%%r15,4), %%rax", 0xd000 + 4 + 0x3c, READ);
    MEMORY("movq (%%r12), %%rax", 0xc000, READ);
    MEMORY("movq (%%r13), %%rax", 0xd000, READ);
    MEMORY("movq (%%rsp), %%rax", 0x40000, READ);
    MEMORY("movq 0x1234(,%%rcx,2), %%rax", 0x1234 + 0x40, READ);
    MEMORY("movq 0x1234, %%rax", 0x1234, READ);
    MEMORY("movzbl (%%r8), %%eax", 0x80000, READ);
    MEMORY("addl $5, (%%rax)", 0x1000, ANY);
    MEMORY("lock cmpxchgq %%rcx, 16(%%rax)", 0x1010, ANY);
    MEMORY("movups (%%rax), %%xmm3", 0x1000, READ);
    MEMORY("movdqu %%xmm9, 1(%%rax)", 0x1001, WRITE);
    MEMORY("vmovups %%ymm1, 3(%%r8)", 0x80003, WRITE);
    MEMORY("pushq %%rax", 0x40000, WRITE);
    MEMORY("popq %%rax", 0x40000, READ);
    MEMORY("leave", 0x50000, READ);
    MEMORY("rep stosb", 0x7000, WRITE);
    MEMORY("lodsq", 0x600, READ);
    struct epi_instruction relative = DECODE("movl 0x100(%%rip), %%eax");
    CHECK(relative.address == (uintptr_t)context.uc_mcontext.gregs[REG_RIP] + 6 + 0x100,
          "%#lx", (unsigned long)relative.address);
    KIND("movq %%fs:0x28, %%rax", EPI_INSTRUCTION_UNKNOWN, 0); /* no base at hand */
    KIND("lea (%%rax), %%rcx", EPI_INSTRUCTION_UNKNOWN, 0);
    KIND("nop", EPI_INSTRUCTION_UNKNOWN, 0);
    r[REG_RSI] = (greg_t)0xdead000000000000;
    MEMORY("rep movsb", 0xdead000000000000, READ);
}

static void kinds(void)
{
    static uint64_t slot[2] = {0x5555, 0};
    greg_t *r = context.uc_mcontext.gregs;
    ALIGNED("movaps (%%rax), %%xmm0", 16, "movaps", READ);
    ALIGNED("movapd %%xmm0, (%%rax)", 16, "movapd", WRITE);
    ALIGNED("movdqa (%%r8), %%xmm11", 16, "movdqa", READ);
    ALIGNED("movntps %%xmm0, (%%rax)", 16, "movntps", WRITE);
    ALIGNED("vmovaps (%%rax), %%ymm0", 32, "vmovaps", READ);
    ALIGNED("vmovdqa %%xmm9, (%%r8)", 16, "vmovdqa", WRITE);
    CHECK(DECODE("movups (%%rax), %%xmm0").alignment == 0, "movups needs no alignment");
    CHECK(DECODE("movq (%%rax), %%mm0").alignment == 0, "MMX needs no alignment");
    KIND("hlt", EPI_INSTRUCTION_HALT, 0);
    KIND("cli", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("wrmsr", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("mov %%cr3, %%rax", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("mov %%rax, %%db7", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("lidt (%%rax)", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("swapgs", EPI_INSTRUCTION_PRIVILEGED, 0);
    KIND("rdtscp", EPI_INSTRUCTION_UNKNOWN, 0);
    KIND("xgetbv", EPI_INSTRUCTION_UNKNOWN, 0);
    KIND("inb $0x80, %%al", EPI_INSTRUCTION_IO, 0);
    KIND("outl %%eax, %%dx", EPI_INSTRUCTION_IO, 0);
    KIND("int $0x21", EPI_INSTRUCTION_INTERRUPT, 0x21);
    KIND("ud2", EPI_INSTRUCTION_TRAP, 0);
    KIND(".byte 0x67,0x0f,0xb9,0x40,0x14", EPI_INSTRUCTION_CHECK, 0x14);
    r[REG_RBX] = 0, r[REG_RDX] = 0x1200;
    KIND("divl %%ebx", EPI_INSTRUCTION_DIVIDE, 0);
    KIND("divb %%dh", EPI_INSTRUCTION_DIVIDE, 0x12);
    r[REG_R8] = (greg_t)(uintptr_t)slot, r[REG_RSP] = (greg_t)(uintptr_t)slot;
    KIND("idivq (%%r8)", EPI_INSTRUCTION_DIVIDE, 0x5555);
    struct epi_instruction to = DECODE("ret");
    CHECK(to.kind == EPI_INSTRUCTION_JUMP && to.known && to.address == 0x5555, "ret");
    to = DECODE("jmp *(%%r8)");
    CHECK(to.kind == EPI_INSTRUCTION_JUMP && to.known && to.address == 0x5555, "jmp *(r8)");
    to = DECODE("call *%%rdx");
    CHECK(to.kind == EPI_INSTRUCTION_JUMP && to.known && to.address == 0x1200, "call *rdx");
    CHECK(epi_arch_canonical(0x7fffffffffff) && epi_arch_canonical(UINT64_MAX) &&
              !epi_arch_canonical(0x800000000000) && !epi_arch_canonical(0xdeadbeef00000000),
          "canonical");
}

/* Whatever stands there, and however little of it. */
static void noise(void)
{
    long page = sysconf(_SC_PAGESIZE);
    uint8_t *end = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    end += page;
    mprotect(end, (size_t)page, PROT_NONE);
    unsigned known = 0;
    for (unsigned i = 0; i < 300000; i++) {
        unsigned size = i % 16;
        for (unsigned n = 0; n < size; n++)
            end[-1 - (int)n] = (uint8_t)rand();
        struct epi_instruction instruction = read_at(end - size);
        known += instruction.kind != EPI_INSTRUCTION_UNKNOWN;
        CHECK(size != 0 || instruction.kind == EPI_INSTRUCTION_UNKNOWN, "of no bytes");
    }
    CHECK(known > 1000, "%u", known);
}

/* The core's handlers catch a load that fails; here there are none of them. */
static void failed_load(int signal, siginfo_t *info, void *uc)
{
    if (!epi_peek_fixup(info, uc))
        _exit(128 + signal);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = failed_load, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    srand(1);
    addresses();
    kinds();
    noise();
    return check_result();
}
