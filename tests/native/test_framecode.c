/* Frames out of the instructions alone: held against the call frame information of code
 * that has it (the test itself, the C library), and in walks through code that has none.
 * With an argument N, every Nth function of them is compared, and differences are shown. */
#include "check.h"
#include "cfi.h"
#include "framecode.h"
#include "harness.h"
#include "machine.h"
#include "nocfi.h"
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    unsigned long asked, claimed, wrong_cfa, wrong_saved, fewer_saved, not_compared;
};

enum same { SAME, FEWER, WRONG };

/* Are the registers that TOLD has in the frame there in FOUND, too?  A register that was
 * popped is still told of below SP, and the one that will be pushed is not told of yet.
 *
 * FEWER: one that is on the stack on some ways to this instruction only, as far as the jumps
 * tell, is not in FOUND.  That costs a register of the caller's which a walk has no use for. */
static enum same compare_saved(const struct epi_cfi_row *told, const struct epi_cfi_row *found)
{
    static const uint8_t kept[] = {EPI_RULE_REGISTERS, EPI_REG_RA};
    enum same same = SAME;
    for (size_t i = 0; i < sizeof kept; i++) {
        unsigned reg = kept[i];
        bool below = found->cfa_reg == EPI_REG_SP && told->value[reg] < -found->cfa_value;
        bool walked_by = reg == EPI_REG_FP || reg == EPI_REG_RA;
        if (told->kind[reg] != EPI_CFI_OFFSET || below)
            continue;
        if (found->kind[reg] == EPI_CFI_OFFSET ? told->value[reg] != found->value[reg] : walked_by)
            return WRONG;
        if (found->kind[reg] != EPI_CFI_OFFSET)
            same = FEWER;
    }
    return same;
}

static bool verbose;

static void compare(const struct epi_module *module, const struct epi_cfi_entry *entry,
                    uintptr_t pc, bool exact, struct tally *tally)
{
    struct epi_cfi_row told, found;
    if (!epi_cfi_run(entry, pc, &told) || told.cfa_kind != EPI_CFI_REGISTER)
        return;
    tally->asked++;
    uint32_t work = EPI_CODE_REPORT;
    if (!epi_framecode_row(entry->pc, pc, exact, &found, &work))
        return;
    tally->claimed++;
    if (told.cfa_reg != found.cfa_reg) {
        tally->not_compared++;
    } else if (told.cfa_value != found.cfa_value) {
        tally->wrong_cfa++;
        if (verbose)
            printf("%s cfa %#lx of %#lx-%#lx: %d not %d\n", module->path, pc - module->bias,
                   entry->pc.start - module->bias, entry->pc.end - module->bias, found.cfa_value,
                   told.cfa_value);
        return;
    }
    enum same same = compare_saved(&told, &found);
    tally->fewer_saved += same == FEWER;
    tally->wrong_saved += same == WRONG;
    if (verbose && same != SAME)
        printf("%s %s saved %#lx of %#lx-%#lx\n", module->path, same == FEWER ? "fewer" : "other",
               pc - module->bias, entry->pc.start - module->bias, entry->pc.end - module->bias);
}

static void compare_function(const struct epi_module *module, const struct epi_cfi_entry *entry,
                             struct tally *tally)
{
    for (uintptr_t at = entry->pc.start; at < entry->pc.end;) {
        size_t length = instruction_length(at, entry->pc.end - at);
        if (length == 0)
            return;
        compare(module, entry, at, true, tally);
        at += length;
    }
}

static void compare_module(const struct epi_module *module, uint32_t step, struct tally *tally)
{
    uint32_t count;
    int32_t entry_at[2];
    memset(tally, 0, sizeof *tally);
    memcpy(&count, (const void *)(module->eh_frame_hdr + 8), sizeof count);
    for (uint32_t i = 0; i < count; i += step) {
        struct epi_cfi_entry entry;
        memcpy(entry_at, (const void *)(module->eh_frame_hdr + 12 + i * 8), sizeof entry_at);
        uintptr_t pc = module->eh_frame_hdr + (uintptr_t)(intptr_t)entry_at[0];
        struct epi_cfi_row first;
        if (epi_cfi_find(module, pc, &entry) && !entry.signal &&
            epi_cfi_run(&entry, pc, &first) && first.cfa_value == EPI_CALL_PUSHES)
            compare_function(module, &entry, tally);
    }
    printf("%s: %lu asked, %lu claimed, %lu other CFA, %lu other registers, %lu fewer, "
           "%lu not compared\n",
           module->path, tally->asked, tally->claimed, tally->wrong_cfa, tally->wrong_saved,
           tally->fewer_saved, tally->not_compared);
}

/* Of libc with hand-written code in it, whose call frame information leaves pushes out, some
 * places differ where this is right.  Cold parts of functions begin in the middle of a frame
 * and are left out. */
static void like_cfi(uint32_t step)
{
    for (uint32_t i = 0; i < harness_modules->count; i++) {
        struct tally tally;
        const struct epi_module *module = &harness_modules->module[i];
        if (module->eh_frame_hdr == 0)
            continue;
        compare_module(module, step, &tally);
        CHECK(tally.claimed >= tally.asked * 7 / 10, "%s: %lu of %lu", module->path,
              tally.claimed, tally.asked);
        CHECK(tally.wrong_cfa <= 8 + tally.claimed / 500, "%s: %lu wrong of %lu", module->path,
              tally.wrong_cfa, tally.claimed);
        CHECK(tally.wrong_saved <= 8 + tally.claimed / 500, "%s: %lu wrong of %lu", module->path,
              tally.wrong_saved, tally.claimed);
        CHECK(tally.fewer_saved <= 8 + tally.claimed / 100, "%s: %lu fewer of %lu", module->path,
              tally.fewer_saved, tally.claimed);
    }
}

void *nocfi_returns[8];
int nocfi_count;

static struct epi_stack stack;
static struct epi_rule_cache cache;
static struct reference reference;

static __attribute__((noinline)) void stop(void *at)
{
    struct epi_regs regs;
    (void)at;
    harness_here(&regs);
    harness_walk(&stack, &cache, &regs, 0);
}

/* The frames are stop's, those without call frame information, and this function's callers,
 * which REFERENCE has. */
static __attribute__((noinline)) void walk(const char *name, nocfi_run *run, int shape)
{
    reference_take(&reference);
    long result = run(shape, stop);
    CHECK(result != 0, "%s", name);
    uint32_t n = NOCFI_DEPTH;
    for (uint32_t i = 0; i < n && i + 1 < stack.count; i++) {
        const struct epi_frame *frame = &stack.frame[i + 2];
        CHECK(frame->pc == (uintptr_t)nocfi_returns[n - 1 - i] && frame->how == EPI_HOW_CODE &&
                  frame->flags == 0,
              "%s, shape %d, frame %u: %#lx, not %#lx, how %d, flags %d", name, shape, i + 2,
              frame->pc, (uintptr_t)nocfi_returns[n - 1 - i], frame->how, frame->flags);
    }
    CHECK(stack.count == n + 1 + reference.count, "%s: %u frames, reference %zu", name,
          stack.count, reference.count);
    for (uint32_t i = n + 2; i < stack.count; i++)
        CHECK(stack.frame[i].pc == reference.pc[i - n - 1] && stack.frame[i].how == EPI_HOW_CFI,
              "%s, shape %d, frame %u: %#lx, not %#lx", name, shape, i, stack.frame[i].pc,
              reference.pc[i - n - 1]);
}

static void without_cfi(void)
{
    static const struct {
        const char *name;
        nocfi_run *run;
    } variants[] = {{"O0", nocfi_O0},       {"O1", nocfi_O1}, {"O2", nocfi_O2},
                    {"O2_fp", nocfi_O2_fp}, {"Os", nocfi_Os}};
    for (size_t i = 0; i < EPI_COUNT(variants); i++) {
        CHECK(!epi_cfi_covers(epi_modules_find_text(harness_modules, (uintptr_t)variants[i].run),
                              (uintptr_t)variants[i].run),
              "%s has call frame information", variants[i].name);
        for (int shape = 0; shape < NOCFI_SHAPES; shape++)
            for (int again = 0; again < 2; again++) /* then with rules from the cache */
                walk(variants[i].name, variants[i].run, shape);
    }
}

/* A register is saved, and then comes nothing that matters, up to the longest function that is
 * read. */
static void costs_what_it_may(void)
{
    enum { COUNT = (64 << 10) / sizeof(code_unit) };
    static code_unit code[COUNT];
    struct epi_cfi_row row;
    uintptr_t start = (uintptr_t)code, pc = start + sizeof code - sizeof *code;
    struct epi_range function = {start, start + sizeof code};
    for (size_t i = 0; i < COUNT; i++)
        code[i] = i == 0 ? CODE_SAVES : CODE_NOP;
    uint32_t work = EPI_CODE_REPORT;
    CHECK(epi_framecode_row(function, pc, true, &row, &work) && row.cfa_value == CODE_SAVED_DEPTH,
          "not in %u instructions", EPI_CODE_REPORT);
    CHECK(EPI_CODE_REPORT - work == 2 * COUNT, "%u instructions, left of %u", work,
          EPI_CODE_REPORT);
    static const struct {
        uint32_t work, left;
    } less[] = {{0, 0},
                {EPI_CODE_SAMPLE, EPI_CODE_SAMPLE}, /* not even tried */
                {EPI_CODE_THREAD, EPI_CODE_THREAD},
                {COUNT, COUNT < sizeof code / 2 ? COUNT : 0}}; /* some, or none either */
    for (size_t i = 0; i < EPI_COUNT(less); i++) {
        work = less[i].work;
        CHECK(!epi_framecode_row(function, pc, true, &row, &work) && work == less[i].left,
              "a rule with %u instructions, %u of them left", less[i].work, work);
    }
}

static void loop_moves_sp(void)
{
    static const code_unit bare[] = {CODE_CLASH}, framed[] = {CODE_FRAME, CODE_CLASH};
    struct epi_range code = {(uintptr_t)bare, (uintptr_t)bare + sizeof bare};
    struct epi_cfi_row row;
    uint32_t work = EPI_CODE_REPORT;
    CHECK(!epi_framecode_row(code, code.end - 2 * sizeof *bare, true, &row, &work),
          "CFA %d from register %u", row.cfa_value, row.cfa_reg);
    code = (struct epi_range){(uintptr_t)framed, (uintptr_t)framed + sizeof framed};
    CHECK(epi_framecode_row(code, code.end - 2 * sizeof *bare, true, &row, &work) &&
              row.cfa_reg == EPI_REG_FP && row.cfa_value == CODE_FRAME_DEPTH,
          "CFA %d from register %u", row.cfa_value, row.cfa_reg);
}

static uint32_t spent[2];

static __attribute__((noinline)) void stop_and_spend(void *at)
{
    struct epi_regs regs;
    (void)at;
    harness_here(&regs);
    memset(&cache, 0, sizeof cache);
    for (int again = 0; again < 2; again++) {
        struct epi_cursor cursor;
        epi_cursor_start(&cursor, harness_modules, NULL, &cache, &regs);
        CHECK(cursor.code_work == EPI_CODE_SAMPLE, "a walk may take %u", cursor.code_work);
        cursor.code_work = EPI_CODE_REPORT;
        epi_stack_collect(&stack, &cursor, 0);
        spent[again] = EPI_CODE_REPORT - cursor.code_work;
    }
}

/* A rule that was found in one walk costs the next one nothing. */
static void costs_once(void)
{
    nocfi_O2(0, stop_and_spend);
    CHECK(spent[0] > 0 && spent[1] == 0, "%u instructions, then %u", spent[0], spent[1]);
}

int main(int argc, char **argv)
{
    harness_start(NULL);
    verbose = argc > 1;
    like_cfi(argc > 1 ? (uint32_t)atoi(argv[1]) : 31);
    without_cfi();
    loop_moves_sp();
    costs_what_it_may();
    costs_once();
    return check_result();
}
