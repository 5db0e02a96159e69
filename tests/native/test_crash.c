/* Real faults, and what the walk makes of the registers that they leave. */
#include "check.h"
#include "harness.h"
#include "code.h"
#include "machine.h"
#include "reference.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static sigjmp_buf back;
static struct epi_stack stack;
static struct epi_regs at_fault;
static struct epi_rule_cache cache;
static struct reference reference;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)info;
    epi_arch_regs_from_context(&at_fault, context);
    harness_walk(&stack, &cache, &at_fault, 0);
    siglongjmp(back, sig);
}

static void print_stack(const char *what)
{
    printf("%s: stop %d\n", what, stack.stop);
    for (uint32_t i = 0; i < stack.count; i++)
        printf("  %#lx sp %#lx how %d flags %d\n", stack.frame[i].pc, stack.frame[i].sp,
               stack.frame[i].how, stack.frame[i].flags);
}

/* From frame FIRST on the stack is that of the reference from its frame FROM
 * on, found by rules alone. */
static void check_rest(const char *what, uint32_t first, uint32_t from)
{
    unsigned before = check_failures;
    CHECK(stack.count - first == reference.count - from, "%s: %u frames after %u, not %zu",
          what, stack.count - first, first, reference.count - from);
    for (uint32_t i = 0; i + first < stack.count && i + from < reference.count; i++) {
        const struct epi_frame *frame = &stack.frame[first + i];
        CHECK(frame->pc == reference.pc[from + i], "%s: frame %u: %#lx, not %#lx", what,
              first + i, frame->pc, reference.pc[from + i]);
        CHECK(frame->how == EPI_HOW_CFI, "%s: frame %u: how %d", what, first + i,
              frame->how);
    }
    CHECK(stack.stop == EPI_STOP_OUTERMOST, "%s: stop %d", what, stack.stop);
    if (check_failures != before)
        print_stack(what);
}

#define NEAR(pc, function) ((pc) - (uintptr_t)(function) < 512)

typedef void function(void);

static volatile int *volatile first_page = (volatile int *)16;

/* Runs CRASH and returns the signal that it died of. */
static __attribute__((noinline)) int crash(function *crasher)
{
    epi_zero(&stack, sizeof stack);
    int sig = sigsetjmp(back, 1);
    if (sig == 0) {
        crasher();
        CHECK(0, "did not crash");
    }
    return sig;
}

/* Calls that go wrong. */

static function *volatile target;

static __attribute__((noinline)) void call_target(void)
{
    reference_take(&reference);
    target();
    target = NULL;
}

static uint8_t not_code[64] = {0xc3};

static void bad_calls(void)
{
    static const uintptr_t bad[] = {0, 1, 8, 0x123456789, 0x00007ffffffff000};
    for (size_t i = 0; i <= EPI_COUNT(bad); i++) {
        target = (function *)(i < EPI_COUNT(bad) ? bad[i] : (uintptr_t)not_code);
        uintptr_t pc = (uintptr_t)target;
        CHECK(crash(call_target) == SIGSEGV, "%#lx", pc);
        CHECK(stack.frame[0].pc == pc && stack.frame[0].flags ==
                                             (EPI_FRAME_EXACT | EPI_FRAME_BAD_PC),
              "%#lx, flags %d", stack.frame[0].pc, stack.frame[0].flags);
        CHECK(stack.frame[1].how == EPI_HOW_RETURN && stack.frame[1].flags == 0 &&
                  NEAR(stack.frame[1].pc, call_target),
              "%#lx: how %d", pc, stack.frame[1].how);
        check_rest("bad call", 2, 1);
    }
    if (EPI_CALL_PUSHES == 0)
        return;
    /* Where a call pushes something, a non-canonical target faults at the CALL. */
    target = (function *)0x4141414141414141;
    CHECK(crash(call_target) == SIGSEGV, "non-canonical");
    CHECK(NEAR(stack.frame[0].pc, call_target) && stack.frame[0].flags == EPI_FRAME_EXACT,
          "flags %d", stack.frame[0].flags);
    check_rest("non-canonical call", 1, 1);
}

/* Inside libc. */

static __attribute__((noinline)) void call_abort(void)
{
    reference_take(&reference);
    abort();
}

static char *volatile null_string;
static volatile size_t length;

static __attribute__((noinline)) void call_strlen(void)
{
    reference_take(&reference);
    length = strlen(null_string);
}

static int compare(const void *a, const void *b)
{
    reference_take(&reference);
    *first_page = *(const int *)a + *(const int *)b;
    return 0;
}

static __attribute__((noinline)) void call_qsort(void)
{
    int values[] = {3, 1, 2};
    qsort(values, 3, sizeof values[0], compare);
    length = (size_t)values[0];
}

/* The first frame in the text of the test itself. */
static uint32_t own_frame(function *f)
{
    uint32_t i = 0;
    while (i < stack.count && !NEAR(stack.frame[i].pc, f))
        i++;
    CHECK(i < stack.count, "not there");
    return i;
}

static void in_libc(void)
{
    CHECK(crash(call_abort) == SIGABRT, "abort");
    check_rest("abort", own_frame(call_abort) + 1, 1);
    CHECK(crash(call_strlen) == SIGSEGV, "strlen");
    CHECK(own_frame(call_strlen) >= 1, "strlen has a frame");
    check_rest("strlen", own_frame(call_strlen) + 1, 1);
    CHECK(crash(call_qsort) == SIGSEGV, "qsort");
    CHECK(own_frame((function *)(uintptr_t)compare) == 0, "compare is first");
    check_rest("qsort", 1, 1);
}

/* In a signal handler, on an alternate stack or not. */

static void handler(int sig)
{
    reference_take(&reference);
    *first_page = sig;
}

static __attribute__((noinline)) void trap_here(void)
{
    __asm__ volatile(TRAP);
}

static void interrupted(void)
{
    trap_here();
    length = 3;
}

static void in_handler(int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigaction(SIGILL, &action, &old);
    CHECK(crash(interrupted) == SIGSEGV, "handler");
    sigaction(SIGILL, &old, NULL);
    CHECK(NEAR(stack.frame[0].pc, handler), "frame 0");
    CHECK(stack.frame[1].flags == (EPI_FRAME_EXACT | EPI_FRAME_SIGNAL), "trampoline: flags %d",
          stack.frame[1].flags);
    CHECK(stack.frame[2].flags == EPI_FRAME_EXACT && NEAR(stack.frame[2].pc, trap_here),
          "interrupted: flags %d", stack.frame[2].flags);
    CHECK(NEAR(stack.frame[3].pc, interrupted) && stack.frame[3].flags == 0, "its caller");
    check_rest("signal frame", 1, 1);
}

/* A restorer without call frame information, as musl has. */
void restorer(void);
#if defined(__x86_64__)
__asm__(".text\n"
        ".type restorer, @function\n"
        "restorer: movl $15, %eax\n"
        "    syscall\n"
        ".size restorer, .-restorer\n");
#else
__asm__(".text\n"
        ".type restorer, %function\n"
        "restorer: mov x8, #139\n"
        "    svc #0\n"
        ".size restorer, .-restorer\n");
#endif

struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void by_instructions(void)
{
    struct kernel_sigaction action = {handler, 0x04000000, restorer, 0}, old;
    syscall(SYS_rt_sigaction, SIGILL, &action, &old, sizeof action.mask);
    CHECK(crash(interrupted) == SIGSEGV, "handler");
    syscall(SYS_rt_sigaction, SIGILL, &old, NULL, sizeof action.mask);
    CHECK(stack.frame[1].pc == (uintptr_t)restorer &&
              stack.frame[1].flags == (EPI_FRAME_EXACT | EPI_FRAME_SIGNAL),
          "restorer: flags %d", stack.frame[1].flags);
    CHECK(NEAR(stack.frame[2].pc, trap_here) && NEAR(stack.frame[3].pc, interrupted),
          "interrupted");
    CHECK(stack.stop == EPI_STOP_OUTERMOST, "stop %d", stack.stop);
}

/* Damaged stacks.  The layout of the frames that are overwritten here is x86-64's, where a return
 * address is above its frame. */
#if defined(__x86_64__)

/* From frame FIRST on there are all frames of the reference from its frame FROM on,
 * in order, and no others; each is marked as found by a scan, or as what follows one. */
static void check_scanned(const char *what, uint32_t first, uint32_t from)
{
    unsigned before = check_failures;
    CHECK(first < stack.count && stack.frame[first].how == EPI_HOW_SCAN, "%s: not scanned",
          what);
    CHECK(stack.count - first == reference.count - from, "%s: %u frames after %u, not %zu",
          what, stack.count - first, first, reference.count - from);
    for (uint32_t i = 0; i + first < stack.count && i + from < reference.count; i++) {
        const struct epi_frame *frame = &stack.frame[first + i];
        CHECK(frame->pc == reference.pc[from + i], "%s: frame %u: %#lx, not %#lx", what,
              first + i, frame->pc, reference.pc[from + i]);
        CHECK(frame->how == EPI_HOW_SCAN || (frame->flags & EPI_FRAME_AFTER_SCAN) != 0,
              "%s: frame %u is not marked", what, first + i);
    }
    CHECK(stack.stop == EPI_STOP_OUTERMOST, "%s: stop %d", what, stack.stop);
    if (check_failures != before)
        print_stack(what);
}

static uint64_t garbage;
static volatile unsigned smash_words;

static __attribute__((noinline)) void smash(void)
{
    volatile uint64_t local[4];
    for (unsigned i = 0; i < smash_words; i++)
        local[i] = garbage;
    length = local[0];
}

/* The callers of smash get all their memory from here: what earlier calls have left
 * on the stack is not this test's, and depends on the processor's libc functions. */
static __attribute__((noinline)) void call_smash(void)
{
    volatile uint64_t room[16];
    for (unsigned i = 0; i < EPI_COUNT(room); i++)
        room[i] = 0;
    reference_take(&reference);
    smash();
    room[1] = 2;
    length = room[0];
}

/* Return addresses of calls that are over.  Their rules, 512 bytes up, lead from the
 * one into the room of the next function's, past that function's return address: a
 * walk that takes one for a caller loses a frame. */
static uintptr_t stale;

/* In assembly, since a byte of a compiler's code, in the distance to a variable say, may look
 * like a jump to elsewhere: then nothing could be told from the call. */
uintptr_t called_long_ago(void);
__asm__(".text\n"
        ".type stale_call, @function\n"
        "stale_call: .cfi_startproc\n"
        "    movq (%rsp), %rax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size stale_call, .-stale_call\n"
        ".type called_long_ago, @function\n"
        "called_long_ago: .cfi_startproc\n"
        "    subq $504, %rsp\n"
        "    .cfi_adjust_cfa_offset 504\n"
        "    call stale_call\n"
        "    addq $504, %rsp\n"
        "    .cfi_adjust_cfa_offset -504\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size called_long_ago, .-called_long_ago\n");

#define STALE_WORDS 80

/* What crash does not write of its frame is zero after this. */
static __attribute__((noinline)) void wipe(void)
{
    volatile uint64_t below[1024];
    for (unsigned i = 0; i < EPI_COUNT(below); i++)
        below[i] = 0;
}

static __attribute__((noinline)) void among_stale(void)
{
    volatile uint64_t room[STALE_WORDS];
    for (unsigned i = 0; i < STALE_WORDS; i++)
        room[i] = stale;
    wipe();
    CHECK(crash(call_smash) == SIGSEGV, "%#lx", garbage);
    length = room[0];
}

static __attribute__((noinline)) void call_among_stale(void)
{
    volatile uint64_t room[STALE_WORDS];
    for (unsigned i = 0; i < STALE_WORDS; i++)
        room[i] = stale;
    among_stale();
    length = room[0];
}

static void smashed(void)
{
    static const uint64_t values[] = {0x4141414141414141, 0x0000414141414141, 0,
                                      0x00007fffffffeff8};
    stale = called_long_ago();
    for (size_t i = 0; i < EPI_COUNT(values); i++) {
        garbage = values[i];
        smash_words = 12;
        call_among_stale();
        unsigned bad = garbage == values[0]; /* faults at RET: the frame is there */
        CHECK(stack.frame[bad].pc == garbage &&
                  (stack.frame[bad].flags & EPI_FRAME_BAD_PC) != 0,
              "%#lx: %#lx, flags %d", garbage, stack.frame[bad].pc, stack.frame[bad].flags);
        if (bad)
            CHECK(NEAR(stack.frame[0].pc, smash), "at RET");
        /* What was overwritten is lost; call_smash's own return address is the
         * next that is there. */
        check_scanned("smashed", bad + 1, 1);
    }
}

#else
static void smashed(void)
{
}
#endif

/* Without a usable stack pointer; the CFA comes from the frame pointer (this file is compiled
 * with them). */
static __attribute__((noinline)) void no_stack(void)
{
    reference_take(&reference);
#if defined(__x86_64__)
    __asm__ volatile("xorl %%esp, %%esp\n\tpushq %%rax" ::: "memory");
#else
    __asm__ volatile("mov x1, #0\n\tmov sp, x1\n\tstr x0, [sp]" ::: "x1", "memory");
#endif
}

static void without_stack(void)
{
    CHECK(crash(no_stack) == SIGSEGV || crash(no_stack) == SIGBUS, "no stack");
    CHECK(at_fault.r[EPI_REG_SP] == 0 && NEAR(stack.frame[0].pc, no_stack), "sp");
    /* Rules by SP cannot tell: one step is by the frame pointer. */
    bool by_sp = stack.frame[1].how == EPI_HOW_FP;
    CHECK(by_sp == (EPI_CALL_PUSHES == 0) && stack.frame[1].pc == reference.pc[1], "how %d",
          stack.frame[1].how);
    check_rest("no stack", 1 + by_sp, 1 + by_sp);
}

static __attribute__((noinline)) unsigned overflow_a(unsigned n);
static __attribute__((noinline)) unsigned overflow_b(unsigned n)
{
    volatile char room[64];
    room[n % 64] = 1;
    return overflow_a(n + 1) + (unsigned)room[0];
}
static unsigned overflow_a(unsigned n)
{
    return overflow_b(n + 1) * 2;
}
static __attribute__((noinline)) void overflow(void)
{
    reference_take(&reference);
    length = overflow_b(0);
}

static void stack_overflow(void)
{
    CHECK(crash(overflow) == SIGSEGV, "overflow");
    CHECK(stack.total > 10000 && stack.run_count == 1 && stack.run[0].period == 2,
          "%lu frames, %u runs", stack.total, stack.run_count);
    CHECK(stack.count < 40 && stack.stop == EPI_STOP_OUTERMOST, "%u kept", stack.count);
    uint32_t at = stack.count - (uint32_t)reference.count;
    CHECK(NEAR(stack.frame[at].pc, overflow), "who began it");
    check_rest("overflow", at + 1, 1);
}

static void nowhere(void)
{
    struct epi_regs regs = at_fault;
    static const uint64_t nothing[] = {0, 8, 0x1000, 0x4141414141414141, UINT64_MAX - 7,
                                       UINT64_MAX};
    for (size_t i = 0; i < EPI_COUNT(nothing); i++) {
        regs.r[EPI_REG_SP] = regs.r[EPI_REG_FP] = nothing[i];
        /* A return address in a register is a frame, if only a bad one. */
        uint32_t most = EPI_REG_RA == EPI_REG_PC ? 1 : 2;
        if (most == 2)
            regs.r[EPI_REG_RA] = nothing[i];
        harness_walk(&stack, NULL, &regs, 0);
        CHECK(stack.count <= most && (most == 2 || stack.stop == EPI_STOP_UNREADABLE),
              "%u frames, stop %d", stack.count, stack.stop);
        regs.r[EPI_REG_PC] = nothing[i];
        harness_walk(&stack, NULL, &regs, 0);
        CHECK(stack.count <= most && stack.stop != EPI_STOP_NONE, "%u frames, stop %d",
              stack.count, stack.stop);
        regs.r[EPI_REG_PC] = (uintptr_t)overflow_b;
    }
    regs.known = 0;
    harness_walk(&stack, NULL, &regs, 0);
    CHECK(stack.count == 0 && stack.stop == EPI_STOP_NO_RULE, "stop %d", stack.stop);
}

static void *on_thread(void *arg)
{
    (void)arg;
    static uint8_t alternate[1 << 16];
    stack_t altstack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    stack_t old; /* a sanitizer's runtime takes its own away at the end */
    sigaltstack(&altstack, &old);
    bad_calls();
    in_libc();
    in_handler(0);
    sigaltstack(&old, NULL);
    return NULL;
}

int main(void)
{
    harness_start(on_fault);
    bad_calls();
    in_libc();
    in_handler(0);
    in_handler(SA_ONSTACK);
    by_instructions();
    smashed();
    without_stack();
    stack_overflow();
    nowhere();
    pthread_t thread;
    if (pthread_create(&thread, NULL, on_thread, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
    return check_result();
}
