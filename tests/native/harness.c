#include "harness.h"
#include "code.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct sigaction previous[NSIG];
static void (*fault_handler)(int, siginfo_t *, void *);

static void on_signal(int sig, siginfo_t *info, void *context)
{
    if (epi_peek_fixup(info, context))
        return;
    if (fault_handler != NULL) {
        fault_handler(sig, info, context);
        return;
    }
    /* The instruction repeats, under whoever was there before (a fuzzer wants
     * to keep the input). */
    sigaction(sig, &previous[sig], NULL);
}

struct epi_modules *harness_modules;

void harness_start(void (*on_fault)(int, siginfo_t *, void *))
{
    fault_handler = on_fault;
    size_t size = sizeof *harness_modules +
                  HARNESS_MODULES * sizeof harness_modules->module[0];
    harness_modules = calloc(1, size);
    if (harness_modules == NULL)
        abort();
    harness_modules->capacity = HARNESS_MODULES;
    if (!epi_modules_load(harness_modules))
        abort();

    stack_t stack = {.ss_size = 1 << 18};
    stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
        abort();
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    for (size_t i = 0; i < EPI_COUNT(signals); i++)
        if (sigaction(signals[i], &action, &previous[signals[i]]) != 0)
            abort();
}

void harness_walk(struct epi_stack *stack, struct epi_rule_cache *cache,
                  const struct epi_regs *regs, uint32_t max)
{
    struct epi_cursor cursor;
    epi_cursor_start(&cursor, harness_modules, NULL, cache, regs);
    cursor.code_work = EPI_CODE_REPORT;
    epi_stack_collect(stack, &cursor, max);
}

__attribute__((noinline)) void harness_here(struct epi_regs *regs)
{
    ucontext_t context;
    if (getcontext(&context) != 0)
        abort();
    epi_arch_regs_from_context(regs, &context);
    /* getcontext tells where it returns to: here.  One step leads to the
     * caller, whose registers are asked for. */
    struct epi_cursor cursor;
    struct epi_frame frame;
    epi_cursor_start(&cursor, harness_modules, NULL, NULL, regs);
    if (!epi_cursor_next(&cursor, &frame) || cursor.stop != EPI_STOP_NONE)
        abort();
    *regs = cursor.regs;
}

struct epi_range harness_function(const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    if (address == NULL ||
        dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 ||
        symbol == NULL)
        abort();
    uintptr_t start = (uintptr_t)address;
    return (struct epi_range){start, start + symbol->st_size};
}
