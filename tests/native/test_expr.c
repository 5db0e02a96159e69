/* The machine of DWARF expressions, operator by operator. */
#include "check.h"
#include "dwarf_expr.h"
#include "harness.h"

static struct epi_regs regs;

static bool run(const uint8_t *code, size_t size, uint64_t *result)
{
    return epi_expr_evaluate((uintptr_t)code, size, &regs, NULL, result);
}

#define GIVES(expected, ...)                                                \
    do {                                                                    \
        static const uint8_t code[] = {__VA_ARGS__};                        \
        uint64_t result = 0xbad;                                            \
        bool ok = run(code, sizeof code, &result);                          \
        CHECK(ok && result == (uint64_t)(expected), "%d, %#llx", ok,        \
              (unsigned long long)result);                                  \
    } while (0)

#define FAILS(...)                                                          \
    do {                                                                    \
        static const uint8_t code[] = {__VA_ARGS__};                        \
        uint64_t result = 0xbad;                                            \
        CHECK(!run(code, sizeof code, &result), "%#llx",                    \
              (unsigned long long)result);                                  \
    } while (0)

static void constants(void)
{
    GIVES(0x1122334455667788, 0x03, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11);
    GIVES(0xff, 0x08, 0xff);
    GIVES(-1, 0x09, 0xff);
    GIVES(0xfffe, 0x0a, 0xfe, 0xff);
    GIVES(-2, 0x0b, 0xfe, 0xff);
    GIVES(0xfffffffd, 0x0c, 0xfd, 0xff, 0xff, 0xff);
    GIVES(-3, 0x0d, 0xfd, 0xff, 0xff, 0xff);
    GIVES(5, 0x0e, 5, 0, 0, 0, 0, 0, 0, 0);
    GIVES(-5, 0x0f, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    GIVES(624485, 0x10, 0xe5, 0x8e, 0x26);
    GIVES(-123456, 0x11, 0xc0, 0xbb, 0x78);
    GIVES(5, 0x10, 0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
    GIVES(0, 0x30);
    GIVES(31, 0x4f);
}

static void stack(void)
{
    GIVES(10, 0x35, 0x12, 0x22);             /* lit5 dup plus */
    GIVES(5, 0x35, 0x36, 0x13);              /* lit5 lit6 drop */
    GIVES(5, 0x35, 0x36, 0x14);              /* over */
    GIVES(5, 0x35, 0x36, 0x37, 0x15, 2);     /* pick 2 */
    GIVES(1, 0x35, 0x36, 0x16, 0x1c);        /* swap minus: 6 - 5 */
    GIVES(6, 0x35, 0x36, 0x37, 0x17);        /* 5 6 7 rot: 7 5 6 */
    GIVES(5, 0x35, 0x36, 0x37, 0x17, 0x13);
    GIVES(7, 0x35, 0x36, 0x37, 0x17, 0x13, 0x13);
    FAILS(0x12);
    FAILS(0x13);
    FAILS(0x35, 0x16);
    FAILS(0x35, 0x15, 1);
    FAILS(0x35, 0x36, 0x17);
    uint8_t deep[EPI_EXPR_STACK + 1];
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = 0x31;
    uint64_t result;
    CHECK(run(deep, EPI_EXPR_STACK, &result) && result == 1, "full");
    CHECK(!run(deep, EPI_EXPR_STACK + 1, &result), "over-full");
}

static void arithmetic(void)
{
    GIVES(4, 0x09, 0xfc, 0x19);                /* abs */
    GIVES(0x0c, 0x3e, 0x3c, 0x1a);             /* 14 and 12 */
    GIVES(-3, 0x09, 0xf7, 0x33, 0x1b);         /* -9 / 3 */
    GIVES(3, 0x33, 0x09, 0xff, 0x1b, 0x1f);    /* 3 / -1, neg */
    GIVES(0x8000000000000000, 0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b);
    GIVES(1, 0x37, 0x33, 0x1d);                /* 7 mod 3 */
    GIVES(21, 0x37, 0x33, 0x1e);
    GIVES(-7, 0x37, 0x1f);
    GIVES(~7ull, 0x37, 0x20);
    GIVES(7, 0x35, 0x32, 0x21);
    GIVES(135, 0x37, 0x23, 0x80, 0x01);        /* plus_uconst 128 */
    GIVES(40, 0x35, 0x33, 0x24);
    GIVES(0, 0x35, 0x08, 64, 0x24);
    GIVES(0x0fffffffffffffff, 0x09, 0xff, 0x34, 0x25);
    GIVES(-1, 0x09, 0xf0, 0x34, 0x26);
    GIVES(-1, 0x09, 0xf0, 0x08, 200, 0x26);
    GIVES(6, 0x35, 0x33, 0x27);
    FAILS(0x35, 0x30, 0x1b);
    FAILS(0x35, 0x30, 0x1d);
    FAILS(0x35, 0x1c);
    GIVES(1, 0x35, 0x35, 0x29);
    GIVES(1, 0x30, 0x09, 0xff, 0x2a); /* 0 >= -1: signed */
    GIVES(1, 0x30, 0x09, 0xff, 0x2b);
    GIVES(0, 0x30, 0x09, 0xff, 0x2c);
    GIVES(1, 0x09, 0xff, 0x30, 0x2d);
    GIVES(1, 0x35, 0x36, 0x2e);
}

static void control(void)
{
    GIVES(2, 0x31, 0x28, 2, 0, 0x33, 0x22, 0x32);       /* branch taken over "3 plus" */
    GIVES(3, 0x30, 0x28, 1, 0, 0x33);                   /* not taken */
    GIVES(2, 0x32, 0x2f, 1, 0, 0x33, 0x96);             /* skip */
    /* 5 times: counter on the stack, lit1 minus dup bra -6 */
    GIVES(0, 0x35, 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff);
    FAILS(0x31, 0x2f, 0xfd, 0xff);                      /* for ever */
    FAILS(0x31, 0x2f, 0xf0, 0xff);                      /* out at the front */
    FAILS(0x31, 0x2f, 0x10, 0x00);                      /* at the back */
    FAILS(0x2f, 0x10);                                  /* cut off */
    FAILS(0x35, 0xee);                                  /* unknown */
    FAILS(0x96);                                        /* leaves nothing */
}

static void registers_and_memory(void)
{
    static const uint64_t word = 0x8877665544332211;
    epi_zero(&regs, sizeof regs);
    regs.r[7] = (uintptr_t)&word - 16;
    regs.r[1] = 77;
    regs.known = EPI_BIT(7) | EPI_BIT(1);
    GIVES(77, 0x51);
    GIVES(80, 0x71, 3);
    GIVES(75, 0x71, 0x7e);
    GIVES(77, 0x90, 1);
    GIVES(87, 0x92, 1, 10);
    GIVES(word, 0x77, 16, 0x06);
    GIVES(0x2211, 0x77, 16, 0x94, 2);
    GIVES(0x11, 0x77, 16, 0x94, 1);
    FAILS(0x77, 16, 0x94, 9);
    FAILS(0x77, 16, 0x94, 0);
    FAILS(0x50);             /* unknown register */
    FAILS(0x92, 40, 0);      /* no such register */
    FAILS(0x30, 0x06);       /* memory that is not there */
    FAILS(0x09, 0xff, 0x06);
    uint64_t initial = 40, result = 0;
    static const uint8_t plus[] = {0x23, 2};
    CHECK(epi_expr_evaluate((uintptr_t)plus, sizeof plus, &regs, &initial, &result) &&
              result == 42,
          "%llu", (unsigned long long)result);
    CHECK(!epi_expr_evaluate(8, 4, &regs, NULL, &result), "code that is not there");
    CHECK(!epi_expr_evaluate(UINTPTR_MAX - 2, 8, &regs, NULL, &result), "wraps");
    /* DW_OP_GNU_encoded_addr, pc-relative from the operand itself */
    static const uint8_t encoded[] = {0xf1, 0x1b, 4, 0, 0, 0};
    CHECK(run(encoded, sizeof encoded, &result) &&
              result == (uintptr_t)encoded + 2 + 4,
          "encoded address");
}

/* The rule of x86-64 PLTs, where 7 is rsp and 16 rip: rsp + 8 + (rip & 15 >= 11) * 8. */
static void plt(void)
{
    static const uint8_t code[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
    regs.known = EPI_BIT(7) | EPI_BIT(16);
    regs.r[7] = 1000;
    for (unsigned i = 0; i < 16; i++) {
        uint64_t result = 0;
        regs.r[16] = 0x401000 + i;
        CHECK(run(code, sizeof code, &result) && result == 1000u + (i >= 11 ? 16 : 8),
              "at %u: %llu", i, (unsigned long long)result);
    }
}

int main(void)
{
    harness_start(NULL);
    constants();
    stack();
    arithmetic();
    control();
    registers_and_memory();
    plt();
    return check_result();
}
