/* The function table reader on a table that is known byte by byte: first as it
 * should be, then with bytes changed, in every place and at random, under the
 * sanitizers or between guard pages. */
#include "check.h"
#include "pclntab_sample.h"
#include "pclntab_use.h"

#include <sys/mman.h>

static void expect(const struct epi_goruntime *go, uintptr_t pc, const char *want)
{
    struct epi_goframe frames[8];
    uint8_t callee = 0;
    char got[256] = "";
    int32_t n = epi_pclntab_frames(go, SAMPLE_TEXT + pc * EPI_PC_QUANTUM, &callee, frames, 8);
    for (int32_t i = 0; i < n; i++) {
        char line[96];
        snprintf(line, sizeof line, "%s %s:%d%s; ", frames[i].function,
                 frames[i].file, frames[i].line, frames[i].inlined ? " inlined" : "");
        strcat(got, line);
    }
    CHECK(strcmp(got, want) == 0, "PC %#zx: %s; want: %s", (size_t)pc, got, want);
}

static void test_names(const struct epi_goruntime *go)
{
    expect(go, 0, "main.outer a.go:10; ");
    expect(go, 0x20, "main.middle a.go:30 inlined; main.outer a.go:10; ");
    expect(go, 0x10, "main.inner a.go:20 inlined; main.middle a.go:30 inlined; "
                     "main.outer a.go:10; ");
    expect(go, 0x40, "runtime.asmcgocall asm.s:10; ");
    expect(go, SAMPLE_TEXT_SIZE / EPI_PC_QUANTUM, "");
}

static void test_deltas(const struct epi_goruntime *go)
{
    static const struct {
        uintptr_t pc;
        struct epi_spdelta want;
    } cases[] = {
        {0, {0, 0, true}}, {1, {8, 0, true}}, {2, {8, 0, false}},
        {0x3e, {8, 0, false}}, {0x3f, {0, 8, true}}, {0x41, {8, 0, true}},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        struct epi_func func;
        struct epi_spdelta delta;
        uintptr_t pc = SAMPLE_TEXT + cases[i].pc * EPI_PC_QUANTUM;
        bool found =
            epi_pclntab_find(go, pc, &func) && epi_pclntab_spdelta(go, &func, pc, &delta);
        CHECK(found && delta.bytes == cases[i].want.bytes &&
                  delta.before == cases[i].want.before &&
                  delta.first == cases[i].want.first,
              "PC %#zx", (size_t)cases[i].pc);
    }
}

static void test_print(void)
{
    static const char *const cases[][2] = {
        {"main.main", "main.main"},
        {"", ""},
        {"main.F[go.shape.int]", "main.F[...]"},
        {"main.F[go.shape.[]int,go.shape.map[string]int].func1", "main.F[...].func1"},
        {"main.(*T[go.shape.int]).M[go.shape.[]string]", "main.(*T[...]).M[...]"},
        {"main.F]", "main.F]"},
        {"main.F[", "main.F["},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        char printed[64], cut[8];
        const char *want = cases[i][1];
        size_t length = epi_pclntab_print(printed, sizeof printed, cases[i][0]);
        CHECK(length == strlen(want) && strcmp(printed, want) == 0, "%s: %s",
              cases[i][0], printed);
        length = epi_pclntab_print(cut, sizeof cut, cases[i][0]);
        CHECK(length == (strlen(want) < 7 ? strlen(want) : 7) &&
                  strncmp(cut, want, length) == 0 && cut[length] == '\0',
              "%s: %s", cases[i][0], cut);
    }
}

static void test_damaged(uint8_t *table)
{
    struct epi_goruntime go;
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t place = 0; place < SAMPLE_SIZE; place++)
        for (size_t i = 0; i < EPI_COUNT(values); i++) {
            sample_build(table, &go);
            table[place] = values[i];
            use_table(&go, SAMPLE_TEXT_SIZE);
        }
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 3000; round++) {
        sample_build(table, &go);
        for (int changes = 0; changes < 1 + round % 6; changes++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            table[(random >> 16) % SAMPLE_SIZE] = (uint8_t)random;
        }
        use_table(&go, SAMPLE_TEXT_SIZE);
    }
    /* A table that ends early, at every length. */
    for (size_t size = 0; size < SAMPLE_SIZE; size++) {
        sample_build(table, &go);
        go.pclntab.end = go.pclntab.start + size;
        use_table(&go, SAMPLE_TEXT_SIZE);
    }
}

int main(void)
{
    /* The table ends at a page that cannot be read, and another precedes its
     * first page. */
    uint8_t *pages = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE) != 0) {
        perror("mmap");
        return 1;
    }
    uint8_t *table = pages + 2 * 4096 - SAMPLE_SIZE;

    struct epi_goruntime go;
    sample_build(table, &go);
    CHECK(epi_pclntab_readable(&go), "the sample's header");
    test_names(&go);
    test_deltas(&go);
    test_print();
    test_damaged(table); /* aborts, or is killed, when something is wrong */
    return check_result();
}
