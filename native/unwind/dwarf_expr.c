/* The stack machine of DWARF expressions, bounded in steps and in depth.
 *
 * Left out, because they cannot occur in call frame information (DWARF 5,
 * 6.4.2): operators that name another debugging entry, the frame base, the
 * CFA or thread-local storage, and pieces of objects. */
#include "dwarf_expr.h"
#include "dwarf_reader.h"
#include "../base/base.h"
#include "../memory/peek.h"

enum {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S,
    OP_CONST2U,
    OP_CONST2S,
    OP_CONST4U,
    OP_CONST4S,
    OP_CONST8U,
    OP_CONST8S,
    OP_CONSTU,
    OP_CONSTS,
    OP_DUP,
    OP_DROP,
    OP_OVER,
    OP_PICK,
    OP_SWAP,
    OP_ROT,
    OP_ABS = 0x19,
    OP_AND,
    OP_DIV,
    OP_MINUS,
    OP_MOD,
    OP_MUL,
    OP_NEG,
    OP_NOT,
    OP_OR,
    OP_PLUS,
    OP_PLUS_UCONST,
    OP_SHL,
    OP_SHR,
    OP_SHRA,
    OP_XOR,
    OP_BRA,
    OP_EQ,
    OP_GE,
    OP_GT,
    OP_LE,
    OP_LT,
    OP_NE,
    OP_SKIP,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_REG0 = 0x50,
    OP_REG31 = 0x6f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_REGX = 0x90,
    OP_BREGX = 0x92,
    OP_DEREF_SIZE = 0x94,
    OP_NOP = 0x96,
    OP_GNU_ENCODED_ADDR = 0xf1,
};

struct machine {
    struct epi_dwarf code;
    uintptr_t start;
    const struct epi_regs *regs;
    unsigned depth;
    bool failed;
    uint64_t stack[EPI_EXPR_STACK];
};

static EPI_SAFE void push(struct machine *m, uint64_t value)
{
    if (m->depth == EPI_EXPR_STACK)
        m->failed = true;
    else
        m->stack[m->depth++] = value;
}

static EPI_SAFE uint64_t pop(struct machine *m)
{
    if (m->depth == 0) {
        m->failed = true;
        return 0;
    }
    return m->stack[--m->depth];
}

/* The value N below the top. */
static EPI_SAFE void pick(struct machine *m, unsigned n)
{
    if (n >= m->depth)
        m->failed = true;
    else
        push(m, m->stack[m->depth - 1 - n]);
}

static EPI_SAFE void push_register(struct machine *m, uint64_t number, int64_t offset)
{
    if (number >= EPI_NREGS || !epi_known(m->regs, number))
        m->failed = true;
    else
        push(m, m->regs->r[number] + (uint64_t)offset);
}

static EPI_SAFE void deref(struct machine *m, unsigned size)
{
    uint64_t value = 0;
    uintptr_t from = pop(m);
    if (size == 0 || size > sizeof value || !epi_peek(&value, from, size))
        m->failed = true;
    else
        push(m, value);
}

static EPI_SAFE void jump(struct machine *m, int64_t by)
{
    uintptr_t to = m->code.at + (uintptr_t)by;
    if (to < m->start || to > m->code.end)
        m->failed = true;
    else
        m->code.at = to;
}

/* Division by zero and the one quotient that does not fit would trap. */
static EPI_SAFE uint64_t divide(struct machine *m, uint64_t a, uint64_t b)
{
    if (b == 0) {
        m->failed = true;
        return 0;
    }
    if (b == UINT64_MAX)
        return -a;
    return (uint64_t)((int64_t)a / (int64_t)b);
}

static EPI_SAFE void binary(struct machine *m, uint8_t op)
{
    uint64_t b = pop(m), a = pop(m);
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    switch (op) {
    case OP_AND: a &= b; break;
    case OP_OR: a |= b; break;
    case OP_XOR: a ^= b; break;
    case OP_PLUS: a += b; break;
    case OP_MINUS: a -= b; break;
    case OP_MUL: a *= b; break;
    case OP_DIV: a = divide(m, a, b); break;
    case OP_MOD:
        if (b == 0)
            m->failed = true;
        else
            a %= b;
        break;
    case OP_SHL: a = b < 64 ? a << b : 0; break;
    case OP_SHR: a = b < 64 ? a >> b : 0; break;
    case OP_SHRA: a = (uint64_t)(sa >> (b < 64 ? b : 63)); break;
    case OP_EQ: a = sa == sb; break;
    case OP_NE: a = sa != sb; break;
    case OP_GE: a = sa >= sb; break;
    case OP_GT: a = sa > sb; break;
    case OP_LE: a = sa <= sb; break;
    case OP_LT: a = sa < sb; break;
    }
    push(m, a);
}

static EPI_SAFE void unary(struct machine *m, uint8_t op)
{
    uint64_t a = pop(m);
    if (op == OP_NOT)
        a = ~a;
    else if (op == OP_NEG || (op == OP_ABS && (int64_t)a < 0))
        a = -a;
    push(m, a);
}

static EPI_SAFE void rotate(struct machine *m)
{
    uint64_t top = pop(m), second = pop(m), third = pop(m);
    push(m, top);
    push(m, third);
    push(m, second);
}

/* lint: long because it is one switch, with a case for each operation. */
static EPI_SAFE void step(struct machine *m, uint8_t op)
{
    struct epi_dwarf *code = &m->code;
    if (op >= OP_LIT0 && op <= OP_LIT31) {
        push(m, (uint64_t)(op - OP_LIT0));
        return;
    }
    if (op >= OP_REG0 && op <= OP_REG31) {
        push_register(m, (uint64_t)(op - OP_REG0), 0);
        return;
    }
    if (op >= OP_BREG0 && op <= OP_BREG31) {
        push_register(m, (uint64_t)(op - OP_BREG0), epi_dwarf_sleb(code));
        return;
    }
    uint64_t a, b;
    switch (op) {
    case OP_ADDR:
    case OP_CONST8U:
    case OP_CONST8S: push(m, epi_dwarf_unsigned(code, 8)); break;
    case OP_CONST1U: push(m, epi_dwarf_unsigned(code, 1)); break;
    case OP_CONST1S: push(m, (uint64_t)epi_dwarf_signed(code, 1)); break;
    case OP_CONST2U: push(m, epi_dwarf_unsigned(code, 2)); break;
    case OP_CONST2S: push(m, (uint64_t)epi_dwarf_signed(code, 2)); break;
    case OP_CONST4U: push(m, epi_dwarf_unsigned(code, 4)); break;
    case OP_CONST4S: push(m, (uint64_t)epi_dwarf_signed(code, 4)); break;
    case OP_CONSTU: push(m, epi_dwarf_uleb(code)); break;
    case OP_CONSTS: push(m, (uint64_t)epi_dwarf_sleb(code)); break;
    case OP_GNU_ENCODED_ADDR:
        a = epi_dwarf_u8(code);
        push(m, epi_dwarf_pointer(code, (uint8_t)a, 0));
        break;
    case OP_DUP: pick(m, 0); break;
    case OP_OVER: pick(m, 1); break;
    case OP_PICK: pick(m, epi_dwarf_u8(code)); break;
    case OP_DROP: pop(m); break;
    case OP_SWAP:
        b = pop(m), a = pop(m);
        push(m, b);
        push(m, a);
        break;
    case OP_ROT: rotate(m); break;
    case OP_ABS:
    case OP_NEG:
    case OP_NOT: unary(m, op); break;
    case OP_PLUS_UCONST: push(m, pop(m) + epi_dwarf_uleb(code)); break;
    case OP_SKIP: jump(m, epi_dwarf_signed(code, 2)); break;
    case OP_BRA:
        a = (uint64_t)epi_dwarf_signed(code, 2);
        if (pop(m) != 0)
            jump(m, (int64_t)a);
        break;
    case OP_REGX: push_register(m, epi_dwarf_uleb(code), 0); break;
    case OP_BREGX:
        a = epi_dwarf_uleb(code);
        push_register(m, a, epi_dwarf_sleb(code));
        break;
    case OP_DEREF: deref(m, sizeof(uintptr_t)); break;
    case OP_DEREF_SIZE: deref(m, epi_dwarf_u8(code)); break;
    case OP_NOP: break;
    default:
        if ((op >= OP_AND && op <= OP_XOR) || (op >= OP_EQ && op <= OP_NE))
            binary(m, op);
        else
            m->failed = true;
    }
}

EPI_SAFE bool epi_expr_evaluate(uintptr_t at, uint64_t size,
                                const struct epi_regs *regs,
                                const uint64_t *initial, uint64_t *result)
{
    struct machine m;
    if (at + size < at)
        return false;
    epi_dwarf_open(&m.code, at, at + size);
    m.start = at;
    m.regs = regs;
    m.depth = 0;
    m.failed = false;
    if (initial != NULL)
        push(&m, *initial);
    for (unsigned steps = 0; epi_dwarf_more(&m.code); steps++) {
        if (steps == EPI_EXPR_STEPS)
            return false;
        step(&m, epi_dwarf_u8(&m.code));
        if (m.failed || m.code.failed)
            return false;
    }
    *result = pop(&m);
    return !m.failed && !m.code.failed;
}
