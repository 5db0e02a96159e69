/* Input: words, which become registers and then a stack. The low bits of a
 * word's first byte say what it stands for, because random addresses alone
 * would lead nowhere. */
#include "fuzz.h"
#include "harness.h"
#include "code.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_WORDS 1024
#define RETURNS 4096

static uint64_t *stack_words;
static uintptr_t returns[RETURNS]; /* of the process: behind CALL instructions */
static size_t return_count;

/* Addresses behind CALLs all over the modules. */
static void find_returns(void)
{
    for (uint32_t i = 0; i < harness_modules->count; i++) {
        struct epi_range text = harness_modules->module[i].text[0];
        uintptr_t stride = (text.end - text.start) / 256 + 1;
        for (uintptr_t at = text.start; at < text.end; at += stride)
            for (uintptr_t pc = at; pc < at + 64 && pc < text.end; pc++)
                if (return_count < RETURNS && epi_arch_after_call(pc))
                    returns[return_count++] = pc;
    }
}

static void start(void)
{
    harness_start(NULL);
    find_returns();
    /* Between two pages that cannot be read. */
    uint8_t *pages = mmap(NULL, STACK_WORDS * 8 + 8192, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(pages != MAP_FAILED && return_count > 0);
    MUST(mprotect(pages + 4096, STACK_WORDS * 8, PROT_READ | PROT_WRITE) == 0);
    stack_words = (uint64_t *)(void *)(pages + 4096);
}

static uint64_t word(const uint8_t *data, size_t size, size_t i)
{
    uint64_t value = 0;
    if (8 * i + 8 > size)
        return i % 3 == 0 ? returns[i % return_count] : 0;
    memcpy(&value, data + 8 * i, 8);
    switch (value & 7) {
    case 0:
    case 1: return returns[(value >> 3) % return_count];
    case 2:
    case 3: return (uintptr_t)&stack_words[(value >> 3) % (STACK_WORDS + 16)];
    case 4: return (uintptr_t)stack_words + (value >> 3) % (STACK_WORDS * 8 + 64);
    case 5: { /* anywhere in the text of a module; not in its data, which the
                 walk itself changes */
        struct epi_range text =
            harness_modules->module[(value >> 3 & 31) % harness_modules->count].text[0];
        return text.start + (value >> 8) % (text.end - text.start);
    }
    case 6: return value >> 48; /* small */
    default: return value;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct epi_rule_cache cache;
    static struct epi_stack stack, again;
    if (stack_words == NULL)
        start();
    struct epi_regs regs;
    for (unsigned i = 0; i < EPI_NREGS; i++)
        regs.r[i] = word(data, size, i);
    regs.known = EPI_BIT(EPI_NREGS) - 1;
    for (size_t i = 0; i < STACK_WORDS; i++)
        stack_words[i] = word(data, size, EPI_NREGS + i);

    uint32_t max = size > 0 ? data[0] : 0;
    harness_walk(&stack, NULL, &regs, max);
    uint64_t sum = stack.count + stack.left_out;
    for (uint32_t i = 0; i < stack.run_count; i++) {
        MUST(stack.run[i].at <= stack.count && stack.run[i].period <= EPI_STACK_PERIOD);
        sum += stack.run[i].more * stack.run[i].period;
    }
    MUST(sum == stack.total && stack.total > 0);
    MUST(stack.count <= (max == 0 ? EPI_STACK_FRAMES : max));
    MUST(stack.head <= stack.count && stack.stop != EPI_STOP_NONE);
    /* SP rises but where stacks change, so a walk over a stack of this size is
     * short. */
    MUST(stack.total < 64 * STACK_WORDS);

    /* The cache makes no difference.  A walk that strayed into memory that it
     * changes itself cannot be compared with another. */
    struct epi_range made = {(uintptr_t)stack_words, (uintptr_t)(stack_words + STACK_WORDS)};
    for (uint32_t f = 0; f < stack.count; f++)
        if (!epi_in(made, stack.frame[f].sp))
            return 0;
    epi_zero(&cache, sizeof cache);
    for (int i = 0; i < 2; i++) {
        harness_walk(&again, &cache, &regs, max);
        MUST(again.total == stack.total && again.stop == stack.stop);
        for (uint32_t f = 0; f < stack.count; f++)
            MUST(again.frame[f].pc == stack.frame[f].pc &&
                 again.frame[f].sp == stack.frame[f].sp &&
                 again.frame[f].how == stack.frame[f].how &&
                 again.frame[f].flags == stack.frame[f].flags);
    }
    return 0;
}
