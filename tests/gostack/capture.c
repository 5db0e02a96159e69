#include "capture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <time.h>

#include "_cgo_export.h"
#include "memory/code.h"
#include "unwind/pclntab.h"
#include "memory/peek.h"

struct epi_goruntime capture_go;
struct capture_walk capture_last;
struct capture_steps capture_steps;

static struct epi_modules *modules;
static struct sigaction previous_segv;
static uintptr_t step_root;

/* The vDSO's clock begins anew when a tick comes between two of its instructions.  Where it has no
 * call frame information (arm64), reading its code for each of them would take that long. */
static struct epi_rule_cache rules;

static void walk(struct capture_walk *into, const ucontext_t *uc)
{
    struct epi_regs regs;
    struct epi_cursor cursor;
    epi_arch_regs_from_context(&regs, uc);
    epi_cursor_start(&cursor, modules, &capture_go, &rules, &regs);
    cursor.code_work = EPI_CODE_REPORT;
    into->count = 0;
    struct epi_frame frame;
    while (epi_cursor_next(&cursor, &frame))
        if (into->count < CAPTURE_FRAMES)
            into->frame[into->count++] = frame;
    into->stop = cursor.stop;
    into->crossed = cursor.crossed_asmcgocall;
}

uint64_t capture_rounds, capture_nanoseconds;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void measure(const ucontext_t *uc)
{
    static struct capture_walk w;
    uint64_t start = now();
    for (uint64_t i = 0; i < capture_rounds; i++)
        walk(&w, uc);
    capture_nanoseconds = (now() - start) / capture_rounds;
    capture_rounds = 0;
}

static uint64_t random_word(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* What a register may hold when things have gone wrong. */
static uint64_t random_register(uintptr_t stack)
{
    uint64_t r = random_word();
    switch (r >> 60) {
    case 0: return 0;
    case 1: return UINT64_MAX - (r & 31);
    case 2: return r; /* most are not canonical */
    case 3: return r & 0xffff;
    case 4: return capture_go.text.start + r % 0x100000;
    case 5: return capture_go.pclntab.start + (r & 0xffff8);
    default: return stack + (r & 0x1ff8) - 0x800;
    }
}

uint64_t capture_random(const uintptr_t *functions, size_t n, uint64_t count)
{
    struct epi_regs regs;
    struct epi_cursor cursor;
    struct epi_frame frame;
    uint64_t frames = 0;
    for (uint64_t i = 0; i < count; i++) {
        for (int r = 0; r < EPI_NREGS; r++)
            regs.r[r] = random_register(epi_arch_current_sp());
        regs.known = (epi_regset)(EPI_BIT(EPI_NREGS) - 1);
        uint64_t x = random_word();
        regs.r[EPI_REG_PC] =
            n > 0 && x >> 62 != 0
                ? functions[x % n] + (x >> 32) % 256
                : capture_go.text.start +
                      x % (capture_go.text.end - capture_go.text.start);
        epi_cursor_start(&cursor, modules, &capture_go, NULL, &regs);
        if (x & 1u << 30)
            cursor.flags = 0; /* a return address */
        while (epi_cursor_next(&cursor, &frame))
            frames++;
    }
    return frames;
}

bool capture_returns_oddly(uintptr_t from, uintptr_t to)
{
    struct epi_regs regs = {.known = EPI_BIT(EPI_REG_PC)};
    struct epi_cursor cursor;
    regs.r[EPI_REG_PC] = from;
    epi_cursor_start(&cursor, modules, &capture_go, NULL, &regs);
    return epi_cursor_returns_oddly(&cursor, to);
}

uintptr_t capture_vdso(void)
{
    return getauxval(AT_SYSINFO_EHDR);
}

static bool same_function(uintptr_t pc, uintptr_t other)
{
    struct epi_func a, b;
    if (!epi_go_text(&capture_go, other))
        return pc >= other && pc < other + 64;
    return epi_pclntab_find(&capture_go, pc, &a) &&
           epi_pclntab_find(&capture_go, other, &b) && a.entry == b.entry;
}

static bool left_for_good(const struct capture_walk *w)
{
    static const char *const names[] = {"runtime.mcall", "runtime.morestack",
                                        "runtime.gogo", "gogo"};
    struct epi_func func;
    if (w->count == 0 || w->stop != EPI_STOP_OUTERMOST ||
        !epi_pclntab_find(&capture_go, w->frame[w->count - 1].pc, &func))
        return false;
    for (size_t i = 0; i < EPI_COUNT(names); i++)
        if (epi_streq(epi_pclntab_function(&capture_go, &func), names[i]))
            return true;
    return false;
}

/* Are A's frames from I on B's from J on, the innermost of all not counted? */
static bool same_callers(const struct capture_walk *a, uint32_t i,
                         const struct capture_walk *b, uint32_t j)
{
    if (a->count - i != b->count - j)
        return false;
    for (; i < a->count; i++, j++)
        if (a->frame[i].pc != b->frame[j].pc)
            return false;
    return true;
}

static void compare(const struct capture_walk *before, const struct capture_walk *now)
{
    uintptr_t from = before->frame[0].pc, to = now->frame[0].pc;
    /* A call has 2 to 8 bytes; one that a signal handler injects, none. */
    uintptr_t length = now->count > 1 ? now->frame[1].pc - from : UINTPTR_MAX;
    if (same_callers(before, 1, now, 1) ||
        (same_callers(before, 1, now, 2) && (length == 0 || (length >= 2 && length <= 8))) ||
        (same_callers(before, 2, now, 1) && to == before->frame[1].pc))
        return;
    if (capture_steps.jumped < CAPTURE_FAILURES) {
        capture_steps.jump[capture_steps.jumped][0] = *before;
        capture_steps.jump[capture_steps.jumped][1] = *now;
    }
    capture_steps.jumped++;
}

static void count_border(uintptr_t pc)
{
    static const char *const names[] = {"runtime.asmcgocall",
                                        "runtime.cgocallback", "crosscall2"};
    struct epi_func func;
    if (!epi_pclntab_find(&capture_go, pc, &func))
        return;
    for (size_t i = 0; i < EPI_COUNT(names); i++)
        capture_steps.border[i] +=
            epi_streq(epi_pclntab_function(&capture_go, &func), names[i]);
}

static struct capture_walk step_walks[2];

void capture_step(const ucontext_t *uc)
{
    struct capture_walk *before = &step_walks[capture_steps.total % 2];
    struct capture_walk *now = &step_walks[++capture_steps.total % 2];
    walk(now, uc);
    count_border(epi_arch_pc(uc));
    for (uint32_t i = 0; i < now->count && now->frame[i].how <= EPI_HOW_CODE; i++)
        if (same_function(now->frame[i].pc, step_root)) {
            capture_steps.reached++;
            if (before->count > 0)
                compare(before, now);
            return;
        }
    struct capture_walk w = *now;
    now->count = 0;
    if (left_for_good(&w)) {
        capture_steps.parked++;
        return;
    }
    if (capture_steps.failed < CAPTURE_FAILURES)
        capture_steps.failure[capture_steps.failed] = w;
    capture_steps.failed++;
}

void capture_walk_here(const ucontext_t *uc)
{
    walk(&capture_last, uc);
    if (capture_rounds > 0)
        measure(uc);
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    capture_trap(context);
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
    if (!epi_peek_fixup(info, context))
        previous_segv.sa_sigaction(sig, info, context);
}

int capture_init(void)
{
    if (modules == NULL) {
        modules = calloc(1, sizeof *modules + 64 * sizeof modules->module[0]);
        if (modules == NULL)
            return ENOMEM;
        modules->capacity = 64;
    }
    if (!epi_modules_load(modules))
        return ENOSPC;
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGSEGV);
    if (sigaction(SIGTRAP, &action, NULL) != 0)
        return errno;
    action.sa_sigaction = on_segv;
    action.sa_flags |= SA_NODEFER;
    return sigaction(SIGSEGV, &action, &previous_segv) == 0 ? 0 : errno;
}

EPI_NOINLINE static void capture_middle(void)
{
    capture_leaf();
    __asm__ volatile(""); /* no tail call */
}

EPI_NOINLINE void capture_here(void)
{
    capture_middle();
    __asm__ volatile("");
}

EPI_NOINLINE void capture_step_begin(uintptr_t root)
{
    step_root = root;
    epi_zero(&capture_steps, sizeof capture_steps);
    epi_zero(step_walks, sizeof step_walks);
    capture_steps.error = capture_steps_on();
}

EPI_NOINLINE void capture_step_end(void)
{
    capture_steps_off();
}

static struct sigaction go_action;

static void on_chain(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    capture_step_begin(step_root);
    go_action.sa_sigaction(SIGURG, info, context);
    capture_step_end();
}

/* SIGURG asks a goroutine to give way: none is due, so the runtime does
 * nothing about it. */
int capture_step_go_handler(uintptr_t root)
{
    struct sigaction action = {.sa_sigaction = on_chain,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction before;
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGTRAP);
    sigdelset(&action.sa_mask, SIGSEGV);
    step_root = root;
    if (sigaction(SIGURG, NULL, &go_action) != 0 ||
        sigaction(SIGUSR2, &action, &before) != 0)
        return errno;
    raise(SIGUSR2);
    return sigaction(SIGUSR2, &before, NULL) == 0 ? 0 : errno;
}

/* So that nothing is found on the stack because the call before left it. */
EPI_NOINLINE static void scribble(void)
{
    volatile uint64_t words[128];
    for (size_t i = 0; i < EPI_COUNT(words); i++)
        words[i] = 0x5555555555555555;
}

EPI_NOINLINE void capture_call_go(uintptr_t arg)
{
    scribble();
    goCallback(arg);
    __asm__ volatile("");
}

static void *capture_thread_main(void *arg)
{
    capture_call_go((uintptr_t)arg);
    return NULL;
}

uintptr_t capture_by_register(int i)
{
    return (uintptr_t)capture_by[i];
}

void capture_call_go_by_registers(uintptr_t arg)
{
    capture_by[4](arg);
    __asm__ volatile("");
}

static int on_thread(void *(*run)(void *), uintptr_t arg)
{
    pthread_t thread;
    int err = pthread_create(&thread, NULL, run, (void *)arg);
    return err != 0 ? err : pthread_join(thread, NULL);
}

int capture_on_thread(uintptr_t arg)
{
    return on_thread(capture_thread_main, arg);
}

/* Not the first time: then needm blocks every signal for a while, and a trap
 * whose signal is blocked kills. */
static void *capture_stepping_main(void *arg)
{
    capture_call_go((uintptr_t)arg);
    capture_step_begin((uintptr_t)capture_stepping_main);
    capture_call_go((uintptr_t)arg);
    capture_step_end();
    return NULL;
}

int capture_on_thread_stepping(uintptr_t arg)
{
    return on_thread(capture_stepping_main, arg);
}

EPI_NOINLINE void capture_nop(void)
{
    __asm__ volatile("");
}

uintptr_t capture_thread_root(void)
{
    return (uintptr_t)capture_thread_main;
}
