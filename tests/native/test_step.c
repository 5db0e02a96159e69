/* Unwinds at every single instruction: prologues, epilogues, tail calls, the
 * PLT and the lazy binder behind it, libc, the vDSO.
 *
 * The trap flag stops the program after each instruction.  What the right
 * stack is follows from the instructions themselves: one that pushed the
 * address behind itself was a call, a RET takes it off again.  This shadow
 * stack knows nothing of call frame information.  Once in a while libgcc is
 * asked as well. */
#include "check.h"
#include "harness.h"
#include "code.h"
#include "reference.h"

#include <string.h>

void stepped_O0(void);
void stepped_O2(void);
void stepped_O2_fp(void);
void stepped_O2_nofp(void);
void stepped_O2_cet(void);
void stepped_Os(void);

static struct reference base; /* of run, whose callees the shadow stack holds */
static struct reference by_libgcc;
static uintptr_t shadow[256];
static size_t depth;
static uintptr_t last_pc, last_sp;
static uint64_t steps, in_others;
static struct epi_rule_cache cache;
static struct epi_stack stack;
static const char *variant;

#define CALL_LENGTH_MAX 7

/* Is there a RET at PC?  (Possibly with a prefix or an operand.) */
static bool is_return(uintptr_t pc)
{
    const uint8_t *code = (const uint8_t *)pc;
    if (code[0] == 0xf2 || code[0] == 0xf3)
        code++;
    return code[0] == 0xc3 || code[0] == 0xc2;
}

static void follow(uintptr_t pc, uintptr_t sp)
{
    if (last_pc == 0)
        return;
    uint64_t top = *(const uint64_t *)sp;
    if (sp == last_sp - 8 && top - last_pc - 1 < CALL_LENGTH_MAX && pc != top)
        shadow[depth++] = top;
    else if (is_return(last_pc) && depth > 0 && pc == shadow[depth - 1])
        depth--;
}

static void compare_stacks(const struct epi_regs *regs, struct epi_rule_cache *with)
{
    harness_walk(&stack, with, regs, 0);
    size_t expected = depth + base.count;
    CHECK(stack.count == expected && stack.stop == EPI_STOP_OUTERMOST,
          "%s, %#lx: %u frames, not %zu, stop %d", variant, (uintptr_t)regs->r[EPI_RIP],
          stack.count, expected, stack.stop);
    for (uint32_t i = 1; i < stack.count && i < expected; i++) {
        uintptr_t right = i <= depth ? shadow[depth - i] : base.pc[i - depth];
        CHECK(stack.frame[i].pc == right && stack.frame[i].how == EPI_HOW_CFI &&
                  stack.frame[i].flags == 0,
              "%s, at %#lx, frame %u: %#lx, not %#lx, how %d", variant,
              (uintptr_t)regs->r[EPI_RIP], i, stack.frame[i].pc, right, stack.frame[i].how);
    }
}

/* libgcc walks from this handler through the signal frame. */
static void compare_libgcc(const struct epi_regs *regs)
{
    reference_take(&by_libgcc);
    size_t at = 0;
    while (at < by_libgcc.count && by_libgcc.pc[at] != regs->r[EPI_RIP])
        at++;
    CHECK(by_libgcc.count - at == stack.count, "%s, %#lx: %u frames, libgcc %zu", variant,
          (uintptr_t)regs->r[EPI_RIP], stack.count, by_libgcc.count - at);
    for (uint32_t i = 0; i < stack.count && at + i < by_libgcc.count; i++)
        CHECK(stack.frame[i].pc == by_libgcc.pc[at + i], "%s, at %#lx, frame %u: libgcc",
              variant, (uintptr_t)regs->r[EPI_RIP], i);
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    struct epi_regs regs;
    epi_arch_regs_from_context(&regs, context);
    uintptr_t pc = regs.r[EPI_RIP], sp = regs.r[EPI_RSP];
    follow(pc, sp);
    last_pc = pc;
    last_sp = sp;
    if (depth == 0)
        return; /* before the first call and after the last return */
    steps++;
    if (epi_modules_find_text(harness_modules, pc) !=
        epi_modules_find_text(harness_modules, (uintptr_t)stepped_O0))
        in_others++;
    compare_stacks(&regs, NULL);
    compare_stacks(&regs, &cache);
    if (steps % 16 == 0)
        compare_libgcc(&regs);
}

/* The asm statement moves SP without telling; with a frame pointer, which this
 * file is compiled with, the CFA does not depend on it. */
static __attribute__((noinline)) void run(const char *name, void (*function)(void))
{
    variant = name;
    steps = in_others = depth = 0;
    last_pc = 0;
    reference_take(&base);
    /* Before the red zone is in use, and with the flag off in the end. */
    __asm__ volatile("subq $128, %%rsp\n\t"
                     "pushfq\n\t"
                     "orq $0x100, (%%rsp)\n\t"
                     "popfq\n\t"
                     "nop\n\t" /* the first trap comes behind this one */
                     "callq *%0\n\t"
                     "pushfq\n\t"
                     "andq $~0x100, (%%rsp)\n\t"
                     "popfq\n\t"
                     "addq $128, %%rsp"
                     :
                     : "r"(function)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
                       "cc");
    printf("%s: %lu instructions, %lu of them in libc, ld.so, the vDSO\n", name, steps,
           in_others);
    CHECK(steps > 500 && in_others > 100, "%s was stepped through", name);
    CHECK(depth == 0, "%s: depth %zu", name, depth);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } variants[] = {
        {"-O0", stepped_O0},
        {"-O2", stepped_O2},
        {"-O2 -fno-omit-frame-pointer", stepped_O2_fp},
        {"-O2 -fomit-frame-pointer", stepped_O2_nofp},
        {"-O2 -fcf-protection", stepped_O2_cet},
        {"-Os", stepped_Os},
    };
    harness_start(NULL);
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGTRAP, &action, NULL);
    for (size_t i = 0; i < EPI_COUNT(variants); i++)
        run(variants[i].name, variants[i].function);
    return check_result();
}
