/* Code without call frame information, and stacks that lead nowhere or in
 * circles. */
#include "check.h"
#include "cfi.h"
#include "harness.h"
#include "code.h"
#include "machine.h"
#include "reference.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct epi_stack stack;
static struct epi_regs regs;
static struct reference reference;

/* Calls its argument: with a frame pointer, and without one, when it clears what it skips.
 * Where they return to; and a signal handler's way back. */
#if defined(__x86_64__)
static const uint8_t framed[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
static const uint8_t bare[] = {0x6a, 0, 0x6a, 0, 0x6a, 0, 0xff, 0xd7, 0x48, 0x83, 0xc4, 24, 0xc3};
static const uint8_t way_back[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
enum { framed_return = 6, bare_return = 8, before_context = 0 };
#else
static const uint32_t framed[] = {0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
/* stp xzr, xzr, [sp, #-32]!; stp x19, x30, [sp, #16]; mov x19, x29; mov x29, #0; blr x0;
 * mov x29, x19; ldp x19, x30, [sp, #16]; add sp, sp, #32; ret */
static const uint32_t bare[] = {0xa9be7fff, 0xa9017bf3, 0xaa1d03f3, 0xd280001d, 0xd63f0000,
                                0xaa1303fd, 0xa9417bf3, 0x910083ff, 0xd65f03c0};
static const uint32_t way_back[] = {0xd2801168, 0xd4000001};
enum { framed_return = 12, bare_return = 20, before_context = 128 };
#endif

/* Machine code of no module, as a just-in-time compiler leaves it. */
static uint8_t *jit;

static void jit_start(const void *code, size_t size)
{
    if (jit == NULL)
        jit = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (jit == MAP_FAILED)
        abort();
    memcpy(jit, code, size);
    __builtin___clear_cache((char *)jit, (char *)jit + size);
}

static volatile unsigned kept;

static __attribute__((noinline)) void take(void)
{
    harness_here(&regs);
    harness_walk(&stack, NULL, &regs, 0);
    kept = 3; /* so that the call is no jump, and the frame is there */
}

typedef void jitted(void (*)(void));

static __attribute__((noinline)) void call_jit(void)
{
    reference_take(&reference);
    ((jitted *)(uintptr_t)jit)(take);
    kept = 1;
}

static void check_tail(const char *what, uint32_t first)
{
    CHECK(stack.count - first == reference.count - 1, "%s: %u frames, reference %zu", what,
          stack.count, reference.count);
    for (uint32_t i = 0; i + 1 < reference.count && first + i < stack.count; i++)
        CHECK(stack.frame[first + i].pc == reference.pc[1 + i], "%s: frame %u: %#lx, not %#lx",
              what, first + i, stack.frame[first + i].pc, reference.pc[1 + i]);
    CHECK(stack.stop == EPI_STOP_OUTERMOST, "%s: stop %d", what, stack.stop);
}

static void jit_code(void)
{
    jit_start(framed, sizeof framed);
    call_jit();
    CHECK(stack.frame[1].pc == (uintptr_t)jit + framed_return &&
              (stack.frame[1].flags & EPI_FRAME_BAD_PC) != 0,
          "%#lx", stack.frame[1].pc);
    CHECK(stack.frame[2].how == EPI_HOW_FP, "how %d", stack.frame[2].how);
    check_tail("with frame pointer", 3);

    jit_start(bare, sizeof bare);
    call_jit();
    CHECK(stack.frame[1].pc == (uintptr_t)jit + bare_return, "%#lx", stack.frame[1].pc);
    CHECK(stack.frame[2].how == EPI_HOW_SCAN, "how %d", stack.frame[2].how);
    check_tail("without", 3);
}

/* A function of the module itself that its CFI does not cover, with and
 * without a frame. */
void uncovered_leaf(void);
void uncovered_framed(void (*)(void));
extern const char uncovered_leaf_at[];
#if defined(__x86_64__)
__asm__(".text\n"
        ".type uncovered_leaf, @function\n"
        "uncovered_leaf: nop\n"
        "uncovered_leaf_at: ret\n"
        ".size uncovered_leaf, .-uncovered_leaf\n"
        ".type uncovered_framed, @function\n"
        "uncovered_framed: pushq %rbp\n"
        "    movq %rsp, %rbp\n"
        "    subq $64, %rsp\n"
        "    call *%rdi\n"
        "    leave\n"
        "    ret\n"
        ".size uncovered_framed, .-uncovered_framed\n");
#else
__asm__(".text\n"
        ".globl uncovered_leaf_at\n" /* a local label's place in the GOT loses its offset */
        ".type uncovered_leaf, %function\n"
        "uncovered_leaf: nop\n"
        "uncovered_leaf_at: ret\n"
        ".size uncovered_leaf, .-uncovered_leaf\n"
        ".type uncovered_framed, %function\n"
        "uncovered_framed: stp x29, x30, [sp, #-80]!\n"
        "    mov x29, sp\n"
        "    blr x0\n"
        "    ldp x29, x30, [sp], #80\n"
        "    ret\n"
        ".size uncovered_framed, .-uncovered_framed\n");
#endif

static __attribute__((noinline)) void call_framed(void)
{
    reference_take(&reference);
    uncovered_framed(take);
    kept = 1;
}

/* The registers as they are inside uncovered_leaf. */
static __attribute__((noinline)) void stand_in_leaf(void)
{
    uint64_t word;
    reference_take(&reference);
    harness_here(&regs);
    word = regs.r[EPI_REG_PC];
    /* A return address into this function: one word more below, or in the register for it. */
    if (EPI_REG_RA != EPI_REG_PC) {
        regs.r[EPI_REG_RA] = word;
        regs.known |= EPI_BIT(EPI_REG_RA);
    }
    regs.r[EPI_REG_SP] -= EPI_CALL_PUSHES;
    uint64_t saved = *(volatile uint64_t *)regs.r[EPI_REG_SP];
    if (EPI_CALL_PUSHES != 0)
        *(volatile uint64_t *)regs.r[EPI_REG_SP] = word;
    regs.r[EPI_REG_PC] = (uintptr_t)uncovered_leaf_at;
    struct epi_cursor cursor;
    struct epi_frame frame;
    epi_cursor_start(&cursor, harness_modules, NULL, NULL, &regs);
    epi_cursor_next(&cursor, &frame);
    *(volatile uint64_t *)regs.r[EPI_REG_SP] = saved;
    epi_stack_collect(&stack, &cursor, 0);
    kept = 2;
}

static void uncovered(void)
{
    CHECK(!epi_cfi_covers(epi_modules_find_text(harness_modules, (uintptr_t)uncovered_leaf),
                          (uintptr_t)uncovered_leaf),
          "covered after all");
    call_framed();
    CHECK(stack.frame[1].pc - (uintptr_t)uncovered_framed < 32, "%#lx", stack.frame[1].pc);
    CHECK(stack.frame[1].flags == 0 && stack.frame[2].how == EPI_HOW_FP, "how %d",
          stack.frame[2].how);
    check_tail("uncovered", 3);
    stand_in_leaf();
    CHECK(stack.frame[0].pc - (uintptr_t)stand_in_leaf < 512 &&
              stack.frame[0].how == EPI_HOW_CODE,
          "%#lx how %d", stack.frame[0].pc, stack.frame[0].how);
    check_tail("leaf", 1);
}

/* As musl's clone: takes its return address off the stack, calls, and ends the thread.  FP is
 * that of who called. */
void thread_begins(void (*)(void));
#if defined(__x86_64__)
__asm__(".text\n"
        ".globl thread_begins\n"
        ".type thread_begins, @function\n"
        "thread_begins: popq %rax\n"
        "    call *%rdi\n"
        "    movl %eax, %edi\n"
        "    xorl %eax, %eax\n"
        "    movb $60, %al\n"
        "    syscall\n"
        ".size thread_begins, .-thread_begins\n");
#else
__asm__(".text\n"
        ".globl thread_begins\n"
        ".type thread_begins, %function\n"
        "thread_begins: blr x0\n"
        "    mov x8, #93\n"
        "    svc #0\n"
        ".size thread_begins, .-thread_begins\n");
#endif

static jmp_buf before_thread;

static __attribute__((noinline)) void take_and_leave(void)
{
    take();
    longjmp(before_thread, 1);
}

static __attribute__((noinline)) void thread_start(void)
{
    if (setjmp(before_thread) == 0)
        thread_begins(take_and_leave);
    CHECK(stack.count == 3 && stack.stop == EPI_STOP_OUTERMOST, "%u frames, stop %d",
          stack.count, stack.stop);
    CHECK(stack.frame[2].pc - (uintptr_t)thread_begins < 8 && stack.frame[2].how == EPI_HOW_CFI,
          "%#lx how %d", stack.frame[2].pc, stack.frame[2].how);
}

/* A stack made by hand, in memory of its own. */
static uint64_t made[512];

static void circles(void)
{
    /* A chain of frame pointers that bites its own tail, through return
     * addresses that look right. */
    jit_start(bare, sizeof bare);
    take();
    uintptr_t call = stack.frame[0].pc; /* after a CALL, in text */
    CHECK(epi_arch_after_call(call), "take's call");
    made[0] = (uintptr_t)&made[4], made[1] = call;
    made[4] = (uintptr_t)&made[8], made[5] = call;
    made[8] = (uintptr_t)&made[0], made[9] = call;
    struct epi_regs loop;
    epi_zero(&loop, sizeof loop);
    loop.r[EPI_REG_PC] = (uintptr_t)jit;
    loop.r[EPI_REG_SP] = loop.r[EPI_REG_FP] = (uintptr_t)&made[0];
    loop.known = ALL_KNOWN;
    harness_walk(&stack, NULL, &loop, 0);
    CHECK(stack.total < 20 && stack.stop != EPI_STOP_NONE, "%lu frames, stop %d", stack.total,
          stack.stop);

    /* Signal frames that lead to each other: SP may go anywhere there, so only
     * the mark ends it. */
    static uint8_t frames[2][before_context + sizeof(ucontext_t)] __attribute__((aligned(16)));
    jit_start(way_back, sizeof way_back);
    struct epi_module *module = &harness_modules->module[harness_modules->count++];
    epi_zero(module, sizeof *module);
    module->extent = module->text[0] =
        (struct epi_range){(uintptr_t)jit, (uintptr_t)jit + 4096};
    /* The table is sorted. */
    for (uint32_t i = harness_modules->count - 1;
         i > 0 && harness_modules->module[i - 1].extent.start > (uintptr_t)jit; i--) {
        struct epi_module swap = harness_modules->module[i];
        harness_modules->module[i] = harness_modules->module[i - 1];
        harness_modules->module[i - 1] = swap;
    }
    for (int i = 0; i < 2; i++) {
        ucontext_t *context = (ucontext_t *)(void *)(frames[i] + before_context);
        epi_arch_set_pc(context, (uintptr_t)jit);
        set_sp(context, (uintptr_t)frames[1 - i]);
    }
    loop.r[EPI_REG_SP] = (uintptr_t)frames[0];
    harness_walk(&stack, NULL, &loop, 0);
    CHECK(stack.total > 1 && stack.total < 20 && stack.stop == EPI_STOP_STUCK,
          "%lu frames, stop %d", stack.total, stack.stop);
    CHECK(stack.frame[0].flags == (EPI_FRAME_EXACT | EPI_FRAME_SIGNAL), "flags %d",
          stack.frame[0].flags);
    harness_modules->count = 0;
    epi_modules_load(harness_modules);
}

#if defined(__x86_64__)

static void call_encodings(void)
{
    static const struct {
        uint8_t bytes[8]; /* right-aligned: the CALL ends at the end */
        bool call;
    } cases[] = {
        {{0x90, 0x90, 0x90, 0xe8, 1, 2, 3, 4}, true},
        {{0x90, 0x90, 0x90, 0xe9, 1, 2, 3, 4}, false},          /* jmp */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0}, true}, /* *%rax */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x41, 0xff, 0xd3}, true}, /* *%r11 */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0}, false}, /* jmp *%rax */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x10}, true}, /* *(%rax) */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x14}, false}, /* SIB is missing */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x15}, false}, /* disp32 is missing */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x14, 0xc8}, true}, /* *(%rax,%rcx,8) */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x50, 0x10}, true}, /* *16(%rax) */
        {{0x90, 0x90, 0x90, 0x90, 0xff, 0x54, 0x24, 0x10}, true}, /* *16(%rsp) */
        {{0x90, 0x90, 0xff, 0x15, 1, 2, 3, 4}, true},           /* *disp(%rip) */
        {{0x90, 0x90, 0xff, 0x90, 1, 2, 3, 4}, true},           /* *disp32(%rax) */
        {{0x90, 0xff, 0x94, 0x24, 1, 2, 3, 4}, true},           /* *disp32(%rsp) */
        {{0x90, 0xff, 0x14, 0x25, 1, 2, 3, 4}, true},           /* *disp32 */
        {{0x90, 0xff, 0x14, 0xc5, 1, 2, 3, 4}, true},           /* *disp32(,%rax,8) */
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3}, false},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++)
        CHECK(epi_arch_after_call((uintptr_t)cases[i].bytes + 8) == cases[i].call, "case %zu", i);
    CHECK(!epi_arch_after_call(0) && !epi_arch_after_call(4) && !epi_arch_after_call(0x1000) &&
              !epi_arch_after_call(UINTPTR_MAX),
          "memory that is not there");
}

/* What the bytes before a return address say about the function that was called. */
static void call_targets(void)
{
    static const uint8_t direct[] = {0x90, 0x90, 0x90, 0xe8, 0xfb, 0xff, 0xff, 0xff};
    static const uint8_t pointer[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0};
    static const uint8_t both[] = {0x90, 0x90, 0x90, 0xe8, 0, 0, 0xff, 0xd0};
    static uint8_t stub[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 1, 0, 0, 0, 0x90,
                             0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0, 0};
    uintptr_t target = 0;
    CHECK(epi_arch_call_target((uintptr_t)(direct + 8), &target) &&
              target == (uintptr_t)(direct + 3),
          "%#lx", target);
    CHECK(!epi_arch_call_target((uintptr_t)(pointer + 8), &target), "a pointer's");
    CHECK(!epi_arch_call_target((uintptr_t)(both + 8), &target), "which is not known");
    CHECK(!epi_arch_call_target(0x1000, &target), "memory that is not there");
    CHECK(epi_arch_stub_target((uintptr_t)stub, &target) && target == 0x665544332211, "%#lx",
          target);
    CHECK(!epi_arch_stub_target((uintptr_t)direct, &target), "no stub");
}

/* Which functions can go on in another one. */
static void jumps_out(void)
{
    static const struct {
        uint8_t bytes[8];
        bool out;
    } cases[] = {
        {{0x90, 0xe9, 0xf9, 0xff, 0xff, 0xff, 0x90, 0xc3}, true},
        {{0x90, 0xe9, 0xfa, 0xff, 0xff, 0xff, 0x90, 0xc3}, false}, /* to its start */
        {{0x0f, 0x84, 0x02, 0, 0, 0, 0x90, 0xc3}, true},
        {{0x0f, 0x84, 0x01, 0, 0, 0, 0x90, 0xc3}, false},
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xeb, 0x10}, true},
        {{0x74, 0x04, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3}, false},
        {{0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0}, true},  /* *%rax */
        {{0x90, 0x90, 0xff, 0x25, 1, 2, 3, 4}, true},              /* *disp(%rip) */
        {{0x90, 0x90, 0xff, 0x15, 1, 2, 3, 4}, false},             /* a call */
        {{0x90, 0x90, 0x90, 0x48, 0x89, 0x04, 0x24, 0xc3}, true},  /* a pushed target */
        {{0x48, 0x89, 0x04, 0x24, 0x90, 0x90, 0x90, 0xc3}, false},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        uintptr_t at = (uintptr_t)cases[i].bytes;
        CHECK(epi_arch_may_jump_out((struct epi_range){at, at + 8}) == cases[i].out, "case %zu",
              i);
    }
    CHECK(epi_arch_may_jump_out((struct epi_range){0x1000, 0x1010}) &&
              epi_arch_may_jump_out((struct epi_range){(uintptr_t)jumps_out,
                                                       (uintptr_t)jumps_out + 100000}),
          "what cannot be told");
}

#else
/* See test_instruction_arm64.c. */
static void call_encodings(void)
{
}
static void call_targets(void)
{
}
static void jumps_out(void)
{
}
#endif

/* A fault of a load is skipped; a signal that is sent while it runs is not. */
static void sent_while_peeking(void)
{
    static const int codes[] = {SEGV_MAPERR, SI_KERNEL, SI_USER, SI_QUEUE, SI_TKILL};
    for (size_t i = 0; i < EPI_COUNT(codes); i++) {
        siginfo_t info = {.si_signo = SIGSEGV, .si_code = codes[i]};
        ucontext_t uc;
        epi_zero(&uc, sizeof uc);
        epi_arch_set_pc(&uc, (uintptr_t)epi_arch_load_begin);
        bool fault = codes[i] > 0;
        CHECK(epi_peek_fixup(&info, &uc) == fault, "code %d", codes[i]);
        CHECK(epi_arch_pc(&uc) == (uintptr_t)(fault ? epi_arch_load_failed : epi_arch_load_begin),
              "code %d", codes[i]);
    }
}

/* A static link has no .eh_frame_hdr, only .eh_frame: the walk must be the
 * same without the header. */
static void without_header(void)
{
    static struct epi_stack expected;
    uint8_t encoding;
    harness_here(&regs);
    harness_walk(&expected, NULL, &regs, 0);
    for (uint32_t i = 0; i < harness_modules->count; i++) {
        struct epi_module *module = &harness_modules->module[i];
        if (module->eh_frame_hdr == 0)
            continue;
        int32_t offset = 0;
        CHECK(epi_peek8(&encoding, module->eh_frame_hdr + 1) && encoding == 0x1b &&
                  epi_peek(&offset, module->eh_frame_hdr + 4, sizeof offset),
              "header of %s", module->path);
        module->eh_frame.start = module->eh_frame_hdr + 4 + (uintptr_t)(intptr_t)offset;
        module->eh_frame.end = module->extent.end;
        module->eh_frame_hdr = 0;
    }
    harness_walk(&stack, NULL, &regs, 0);
    CHECK(stack.count > 2 && stack.count == expected.count && stack.stop == expected.stop,
          "%u frames, not %u", stack.count, expected.count);
    for (uint32_t i = 0; i < stack.count; i++)
        CHECK(stack.frame[i].pc == expected.frame[i].pc && stack.frame[i].how <= EPI_HOW_CFI,
              "frame %u", i);
}

int main(void)
{
    harness_start(NULL);
    jit_code();
    uncovered();
    thread_start();
    circles();
    call_encodings();
    call_targets();
    jumps_out();
    sent_while_peeking();
    without_header();
    return check_result();
}
