/* Call frame information, opcode by opcode, over CIEs and FDEs written by
 * hand. */
#include "check.h"
#include "harness.h"
#include "symbols.h"
#include "image.h"
#include "machine.h"
#include "dwarf_reader.h"

static uint64_t stack[64];

/* Registers whose value tells their number; SP in the middle of STACK. */
static void start(struct epi_cursor *cursor, uintptr_t pc)
{
    static struct epi_modules none;
    struct epi_regs regs;
    for (unsigned i = 0; i < EPI_NREGS; i++)
        regs.r[i] = 0x1000 + i;
    for (size_t i = 0; i < EPI_COUNT(stack); i++)
        stack[i] = 0xabc000 + i;
    regs.r[EPI_REG_SP] = (uintptr_t)&stack[32];
    regs.r[EPI_REG_FP] = (uintptr_t)&stack[40];
    regs.r[EPI_REG_PC] = pc;
    regs.known = ALL_KNOWN;
    epi_cursor_start(cursor, &none, NULL, NULL, &regs);
}

/* One step at OFFSET into a function with these instructions, twice more with
 * a cache: the second of these is the cached rule. */
static enum epi_step step(struct epi_cursor *cursor, const struct image_cie *cie,
                          const uint8_t *instructions, size_t n, unsigned offset)
{
    static struct epi_rule_cache cache;
    struct image image;
    image_start(&image);
    uintptr_t pc = image_text(&image) + 0x100;
    uintptr_t at = image_cie(&image, cie);
    image_fde(&image, at, cie, pc, 0x1000, instructions, n);
    start(cursor, pc + offset);
    enum epi_step result = epi_cfi_step(cursor, &image.module);
    epi_zero(&cache, sizeof cache);
    for (int i = 0; i < 2; i++) {
        struct epi_cursor other;
        start(&other, pc + offset);
        other.cache = &cache;
        enum epi_step again = EPI_STEP_NO_RULE;
        if (i == 1)
            again = epi_cfi_step_cached(&other, pc + offset);
        if (again == EPI_STEP_NO_RULE)
            again = epi_cfi_step(&other, &image.module);
        CHECK(again == result, "with a cache %d, without %d", again, result);
        CHECK(other.regs.known == cursor->regs.known, "%#llx %#llx",
              (unsigned long long)other.regs.known, (unsigned long long)cursor->regs.known);
        for (unsigned reg = 0; reg < EPI_NREGS; reg++)
            if ((cursor->regs.known >> reg & 1) != 0)
                CHECK(other.regs.r[reg] == cursor->regs.r[reg], "register %u", reg);
    }
    image_free(&image);
    return result;
}

#define STEP(cursor, offset, ...)                                            \
    step(cursor, &(struct image_cie){0}, (const uint8_t[]){__VA_ARGS__},     \
         sizeof((const uint8_t[]){__VA_ARGS__}), offset)

#define CHECK_STEP(result, expected)                                         \
    do {                                                                     \
        enum epi_step made = (result);                                       \
        CHECK(made == (expected), "%d", made);                               \
    } while (0)

/* The caller as the CFA, counted in words of STACK, and the word that its PC
 * comes from. */
static void check_caller(const struct epi_cursor *cursor, unsigned cfa, unsigned pc, int line)
{
    CHECK(cursor->regs.r[EPI_REG_SP] == (uintptr_t)&stack[cfa], "line %d: cfa is word %ld", line,
          (long)(cursor->regs.r[EPI_REG_SP] - (uintptr_t)stack) / 8);
    CHECK(cursor->regs.r[EPI_REG_PC] == stack[pc], "line %d: pc %#llx", line,
          (unsigned long long)cursor->regs.r[EPI_REG_PC]);
    CHECK(cursor->how == EPI_HOW_CFI, "line %d", line);
}
#define CALLER(cfa) check_caller(&cursor, cfa, (cfa) - 1, __LINE__)
#define REG(reg, value)                                                      \
    CHECK((cursor.regs.known >> (reg) & 1) != 0 &&                           \
              cursor.regs.r[reg] == (uint64_t)(value),                       \
          "%#llx", (unsigned long long)cursor.regs.r[reg])
#define UNKNOWN(reg) CHECK((cursor.regs.known >> (reg) & 1) == 0, "known")

static void locations(void)
{
    struct epi_cursor cursor;
    /* After each kind of advance the CFA moves by a word. */
    static const uint8_t code[] = {
        0x41, 0x0e, 16,                              /* advance_loc 1 */
        0x02, 10, 0x0e, 24,                          /* advance_loc1 to 11 */
        0x03, 0x00, 0x01, 0x0e, 32,                  /* advance_loc2 to 267 */
        0x04, 0x00, 0x02, 0x00, 0x00, 0x0e, 40,      /* advance_loc4 to 779 */
        0x1d, 1, 0, 0, 0, 0, 0, 0, 0, 0x0e, 48,      /* advance_loc8 to 780 */
    };
    static const struct {
        unsigned offset, cfa;
    } rows[] = {{0, 33}, {1, 34}, {10, 34}, {11, 35}, {266, 35},
                {267, 36}, {778, 36}, {779, 37}, {780, 38}, {0xfff, 38}};
    for (size_t i = 0; i < EPI_COUNT(rows); i++) {
        CHECK_STEP(step(&cursor, &(struct image_cie){0}, code, sizeof code, rows[i].offset),
                   EPI_STEP_OK);
        CALLER(rows[i].cfa);
    }
    static const uint8_t factored[] = {0x42, 0x0e, 16};
    struct image_cie four = {.code_align = 4};
    CHECK_STEP(step(&cursor, &four, factored, sizeof factored, 7), EPI_STEP_OK);
    CALLER(33);
    CHECK_STEP(step(&cursor, &four, factored, sizeof factored, 8), EPI_STEP_OK);
    CALLER(34);
    /* Outside of the function there is no rule. */
    CHECK_STEP(STEP(&cursor, 0x1000, 0), EPI_STEP_NO_RULE);
}

static void set_loc(void)
{
    struct image image;
    struct image_cie cie = {.encoding = 0xfe};
    struct epi_cursor cursor;
    image_start(&image);
    uintptr_t pc = image_text(&image), target = pc + 0x20;
    uint8_t code[12] = {0x01};
    epi_copy(code + 1, &target, 8);
    code[9] = 0x0e, code[10] = 16;
    image_fde(&image, image_cie(&image, &cie), &cie, pc, 0x100, code, sizeof code);
    start(&cursor, pc + 0x1f);
    CHECK_STEP(epi_cfi_step(&cursor, &image.module), EPI_STEP_OK);
    CALLER(33);
    start(&cursor, pc + 0x20);
    CHECK_STEP(epi_cfi_step(&cursor, &image.module), EPI_STEP_OK);
    CALLER(34);
    image_free(&image);
}

static void cfa(void)
{
    struct epi_cursor cursor;
    CHECK_STEP(STEP(&cursor, 0, 0x0c, EPI_REG_SP, 24), EPI_STEP_OK); /* def_cfa */
    CALLER(35);
    CHECK_STEP(STEP(&cursor, 0, 0x0c, EPI_REG_FP, 16), EPI_STEP_OK);
    CALLER(42);
    CHECK_STEP(STEP(&cursor, 0, 0x0e, 16, 0x0d, EPI_REG_FP), EPI_STEP_OK); /* def_cfa_register */
    CALLER(42);
    CHECK_STEP(STEP(&cursor, 0, 0x12, EPI_REG_SP, 0x7d), EPI_STEP_OK); /* def_cfa_sf: -3 * -8 */
    CALLER(35);
    CHECK_STEP(STEP(&cursor, 0, 0x13, 0x7c), EPI_STEP_OK); /* def_cfa_offset_sf */
    CALLER(36);
    /* def_cfa_expression: breg SP 16; plus_uconst 16 */
    CHECK_STEP(STEP(&cursor, 0, 0x0f, 4, OP_BREG(EPI_REG_SP), 16, 0x23, 16), EPI_STEP_OK);
    CALLER(36);
    CHECK_STEP(STEP(&cursor, 0, 0x0c, NO_REGISTER, 8), EPI_STEP_NO_RULE); /* no such register */
    CHECK_STEP(STEP(&cursor, 0, 0x0f, 1, 0xee), EPI_STEP_UNREADABLE);
    CHECK_STEP(STEP(&cursor, 0, 0x0f, 60), EPI_STEP_NO_RULE); /* cut off */
    CHECK_STEP(STEP(&cursor, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
               EPI_STEP_NO_RULE); /* offset out of all proportion */
    CHECK_STEP(STEP(&cursor, 0, 0x0c, KEPT, 8), EPI_STEP_UNREADABLE); /* 0x1000 and its number */
    CHECK(cursor.regs.r[EPI_REG_SP] == (uintptr_t)&stack[32], "left as it was");
}

static void register_rules(void)
{
    struct epi_cursor cursor;
    /* offset */
    CHECK_STEP(STEP(&cursor, 0, 0x0e, 24, CFI_OFFSET(EPI_REG_FP), 2, CFI_OFFSET(KEPT), 3),
               EPI_STEP_OK);
    CALLER(35);
    REG(EPI_REG_FP, stack[33]);
    REG(KEPT, stack[32]);
    REG(KEPT_TOO, 0x1000 + KEPT_TOO); /* nothing said: kept */
    UNKNOWN(LOST);
    UNKNOWN(LOST_TOO);
    CHECK_STEP(STEP(&cursor, 0, 0x05, KEPT_TOO, 2), EPI_STEP_OK); /* offset_extended */
    REG(KEPT_TOO, stack[31]);
    CHECK_STEP(STEP(&cursor, 0, 0x11, KEPT_TOO, 0x7e), EPI_STEP_OK); /* offset_extended_sf */
    REG(KEPT_TOO, stack[35]);
    CHECK_STEP(STEP(&cursor, 0, 0x2f, KEPT_TOO, 2), EPI_STEP_OK); /* GNU_negative_offset_extended */
    REG(KEPT_TOO, stack[35]);
    CHECK_STEP(STEP(&cursor, 0, 0x14, KEPT_TOO, 2), EPI_STEP_OK); /* val_offset */
    REG(KEPT_TOO, &stack[31]);
    CHECK_STEP(STEP(&cursor, 0, 0x15, KEPT_TOO, 0x7e), EPI_STEP_OK); /* val_offset_sf */
    REG(KEPT_TOO, &stack[35]);
    CHECK_STEP(STEP(&cursor, 0, 0x09, KEPT_TOO, LOST), EPI_STEP_OK); /* register */
    REG(KEPT_TOO, 0x1000);
    CHECK_STEP(STEP(&cursor, 0, 0x09, KEPT_TOO, NO_REGISTER), EPI_STEP_OK);
    UNKNOWN(KEPT_TOO);
    /* expression and val_expression start with the CFA on the stack */
    CHECK_STEP(STEP(&cursor, 0, 0x10, KEPT_TOO, 2, 0x23, 8), EPI_STEP_OK);
    REG(KEPT_TOO, stack[34]);
    CHECK_STEP(STEP(&cursor, 0, 0x16, KEPT_TOO, 2, 0x23, 8), EPI_STEP_OK);
    REG(KEPT_TOO, &stack[34]);
    CHECK_STEP(STEP(&cursor, 0, 0x10, KEPT_TOO, 2, 0x35, 0x06), EPI_STEP_UNREADABLE);
    CHECK_STEP(STEP(&cursor, 0, 0x07, KEPT_TOO), EPI_STEP_OK); /* undefined */
    UNKNOWN(KEPT_TOO);
    CHECK_STEP(STEP(&cursor, 0, CFI_OFFSET(KEPT_TOO), 2, 0x08, KEPT_TOO), EPI_STEP_OK); /* same_value */
    REG(KEPT_TOO, 0x1000 + KEPT_TOO);
    CHECK_STEP(STEP(&cursor, 0, 0x08, LOST), EPI_STEP_OK);
    REG(LOST, 0x1000);
    /* SP by a rule of its own (an epilogue of a function that moves its stack) */
    CHECK_STEP(STEP(&cursor, 0, 0x15, EPI_REG_SP, 0x7e), EPI_STEP_OK);
    CHECK(cursor.regs.r[EPI_REG_SP] == (uintptr_t)&stack[35], "SP");
    /* vector registers are passed over */
    CHECK_STEP(STEP(&cursor, 0, CFI_OFFSET(NO_REGISTER), 2, 0x05, NO_REGISTER + 1, 3, 0x10,
                    NO_REGISTER + 2, 1, 0x30, 0x0e, 16),
               EPI_STEP_OK);
    CALLER(34);
    /* saved where nothing is mapped: LOST is 0x1000 */
    CHECK_STEP(STEP(&cursor, 0, 0x10, KEPT_TOO, 2, OP_BREG(LOST), 0), EPI_STEP_UNREADABLE);
}

static void state(void)
{
    struct epi_cursor cursor;
    const struct image_cie saved_in_cie = {
        .initial = (const uint8_t[]){0x0c, EPI_REG_SP, 8, CFI_OFFSET(EPI_REG_RA), 1,
                                     CFI_OFFSET(EPI_REG_FP), 2},
        .initial_size = 7};
    static const uint8_t restore[] = {CFI_OFFSET(EPI_REG_FP), 3, CFI_RESTORE(EPI_REG_FP)};
    static const uint8_t extended[] = {CFI_OFFSET(EPI_REG_FP), 3, 0x06, EPI_REG_FP};
    CHECK_STEP(step(&cursor, &saved_in_cie, restore, 2, 0), EPI_STEP_OK);
    REG(EPI_REG_FP, stack[30]);
    CHECK_STEP(step(&cursor, &saved_in_cie, restore, sizeof restore, 0), EPI_STEP_OK);
    REG(EPI_REG_FP, stack[31]);
    CHECK_STEP(step(&cursor, &saved_in_cie, extended, sizeof extended, 0), EPI_STEP_OK);
    REG(EPI_REG_FP, stack[31]);
    /* remember_state and restore_state, the CFA included, nested */
    CHECK_STEP(STEP(&cursor, 0, 0x0e, 16, CFI_OFFSET(KEPT), 2, 0x0a, 0x0e, 24, 0x08, KEPT, 0x0a, 0x0e, 32,
                    0x0b, 0x0b),
               EPI_STEP_OK);
    CALLER(34);
    REG(KEPT, stack[32]);
    CHECK_STEP(STEP(&cursor, 0, 0x0e, 16, 0x0a, 0x0e, 24, 0x0a, 0x0e, 32, 0x0b), EPI_STEP_OK);
    CALLER(35);
    CHECK_STEP(STEP(&cursor, 0, 0x0b), EPI_STEP_NO_RULE);
    CHECK_STEP(STEP(&cursor, 0, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0b), EPI_STEP_OK);
    CHECK_STEP(STEP(&cursor, 0, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a), EPI_STEP_NO_RULE);
    CHECK_STEP(STEP(&cursor, 0, 0x2e, 0x80, 0x01, 0x00, 0x0e, 16), EPI_STEP_OK); /* args_size */
    CALLER(34);
    CHECK_STEP(STEP(&cursor, 0, 0x3f), EPI_STEP_NO_RULE); /* unknown */
    CHECK_STEP(STEP(&cursor, 0, 0x07, EPI_REG_RA), EPI_STEP_OUTERMOST);
}

/* The shapes that CIEs come in. */
static void cies(void)
{
    struct epi_cursor cursor;
    static const uint8_t code[] = {0x0e, 24};
    static const struct image_cie good[] = {
        {.version = 1},
        {.version = 3},
        {.version = 4},
        {.wide = true},
        {.augmentation = "", .encoding = 0xfe},
        {.augmentation = "eh", .encoding = 0xfe},
        {.augmentation = "zPLR"},
        {.augmentation = "zRB"},
        {.augmentation = "zRX"},
        {.encoding = 0xfe},
        {.encoding = EPI_PE_UDATA8},
        {.encoding = EPI_PE_SDATA8},
        {.encoding = EPI_PE_ULEB128},
        {.encoding = EPI_PE_SLEB128},
        {.encoding = EPI_PE_ALIGNED},
        {.encoding = EPI_PE_PCREL},
        {.encoding = EPI_PE_PCREL | EPI_PE_UDATA8},
        {.encoding = EPI_PE_PCREL | EPI_PE_SDATA8},
        {.encoding = EPI_PE_PCREL | EPI_PE_SDATA2},
        {.encoding = EPI_PE_PCREL | EPI_PE_UDATA2},
        {.encoding = EPI_PE_PCREL | EPI_PE_UDATA4},
        {.encoding = EPI_PE_PCREL | EPI_PE_SLEB128},
        {.encoding = EPI_PE_INDIRECT | EPI_PE_UDATA8},
        {.encoding = EPI_PE_INDIRECT | EPI_PE_PCREL | EPI_PE_SDATA4},
    };
    for (size_t i = 0; i < EPI_COUNT(good); i++) {
        enum epi_step result = step(&cursor, &good[i], code, sizeof code, 0);
        CHECK(result == EPI_STEP_OK, "CIE %zu: %d", i, result);
        CALLER(35);
    }
    static const struct image_cie bad[] = {
        {.version = 2},
        {.version = 5},
        {.augmentation = "R"},
        {.augmentation = "zRRRRRRRRRR"},
        {.encoding = EPI_PE_TEXTREL | EPI_PE_SDATA4},
        {.encoding = EPI_PE_FUNCREL | EPI_PE_SDATA4},
        {.encoding = EPI_PE_DATAREL | EPI_PE_SDATA4},
        {.encoding = 0x0d},
        {.encoding = EPI_PE_OMIT},
        {.return_column = NO_REGISTER},
    };
    for (size_t i = 0; i < EPI_COUNT(bad); i++) {
        enum epi_step result = step(&cursor, &bad[i], code, sizeof code, 0);
        CHECK(result == EPI_STEP_NO_RULE, "bad CIE %zu: %d", i, result);
    }
    /* A signal frame: what it interrupted is exact, and on any stack. */
    static const struct image_cie signal = {.augmentation = "zRS"};
    CHECK_STEP(step(&cursor, &signal, code, sizeof code, 0), EPI_STEP_OK);
    CALLER(35);
    CHECK(cursor.flags == EPI_FRAME_EXACT && cursor.stack.end == 0, "%d", cursor.flags);
    /* Another return column. */
    const struct image_cie link = {
        .return_column = 14, .initial = (const uint8_t[]){0x0c, EPI_REG_SP, 8, 0x8e, 1}, .initial_size = 5};
    CHECK_STEP(step(&cursor, &link, code, sizeof code, 0), EPI_STEP_OK);
    CALLER(35);
}

/* A return address is looked up one byte before: the call may be the last
 * instruction of its function. */
static void look_up_pc(void)
{
    struct image image;
    struct image_cie cie = {0};
    struct epi_cursor cursor;
    static const uint8_t first[] = {0x0e, 16}, second[] = {0x0e, 24};
    image_start(&image);
    uintptr_t pc = image_text(&image), at = image_cie(&image, &cie);
    image_fde(&image, at, &cie, pc, 0x10, first, 2);
    image_fde(&image, at, &cie, pc + 0x10, 0x10, second, 2);
    start(&cursor, pc + 0x10);
    CHECK_STEP(epi_cfi_step(&cursor, &image.module), EPI_STEP_OK);
    CALLER(35);
    start(&cursor, pc + 0x10);
    cursor.flags = 0;
    CHECK_STEP(epi_cfi_step(&cursor, &image.module), EPI_STEP_OK);
    CALLER(34);
    image_free(&image);
}

/* Every function is found through the table, in every encoding, and without
 * one; what lies between them is not. */
static void look_up(void)
{
    static const uint8_t encodings[] = {
        EPI_PE_DATAREL | EPI_PE_SDATA4, EPI_PE_PCREL | EPI_PE_SDATA4,
        EPI_PE_DATAREL | EPI_PE_SDATA8, EPI_PE_ABSPTR,
        EPI_PE_DATAREL | EPI_PE_UDATA4, EPI_PE_DATAREL | EPI_PE_UDATA2,
        EPI_PE_OMIT,
    };
    enum { FUNCTIONS = 37 };
    for (size_t e = 0; e < EPI_COUNT(encodings); e++) {
        struct image image;
        struct image_cie cie = {0};
        uintptr_t entries[FUNCTIONS][2];
        static const uint8_t code[] = {0};
        image_start(&image);
        uintptr_t at = image_cie(&image, &cie);
        for (unsigned i = 0; i < FUNCTIONS; i++) {
            entries[i][0] = image_text(&image) + 0x40 * i;
            entries[i][1] = image_fde(&image, at, &cie, entries[i][0], 0x30, code, 1);
        }
        image_header(&image, encodings[e], (const uintptr_t(*)[2])entries, FUNCTIONS);
        struct epi_cfi_entry entry;
        for (unsigned i = 0; i < FUNCTIONS; i++) {
            uintptr_t pc = entries[i][0];
            CHECK(epi_cfi_find(&image.module, pc, &entry) && entry.pc.start == pc &&
                      entry.pc.end == pc + 0x30,
                  "encoding %#x, function %u", encodings[e], i);
            CHECK(epi_cfi_find(&image.module, pc + 0x2f, &entry) && entry.pc.start == pc,
                  "encoding %#x, end of function %u", encodings[e], i);
            CHECK(!epi_cfi_find(&image.module, pc + 0x30, &entry), "gap after %u", i);
        }
        CHECK(!epi_cfi_find(&image.module, entries[0][0] - 1, &entry), "before the first");
        /* A count beyond the module's end is cut, not followed. */
        if (encodings[e] == (EPI_PE_DATAREL | EPI_PE_SDATA4)) {
            image.bytes[8] = image.bytes[9] = image.bytes[10] = image.bytes[11] = 0xff;
            epi_cfi_find(&image.module, entries[5][0], &entry);
        }
        image.module.eh_frame_hdr = 8; /* memory that is not there */
        CHECK(!epi_cfi_find(&image.module, entries[0][0], &entry), "no header");
        if (encodings[e] == EPI_PE_ABSPTR) { /* as Go makes it of .debug_frame */
            struct epi_symbol_index frames = {.block = image.bytes, .size = IMAGE_SIZE};
            image.module.frames = &frames;
            CHECK(epi_cfi_find(&image.module, entries[7][0], &entry) &&
                      entry.pc.start == entries[7][0] &&
                      entry.bounds.start == (uintptr_t)image.bytes,
                  "by .debug_frame");
            frames.bias = 1;
            CHECK(!epi_cfi_find(&image.module, entries[7][0], &entry), "another module's");
        }
        image_free(&image);
    }
}

int main(void)
{
    harness_start(NULL);
    locations();
    set_loc();
    cfa();
    register_rules();
    state();
    cies();
    look_up_pc();
    look_up();
    return check_result();
}
