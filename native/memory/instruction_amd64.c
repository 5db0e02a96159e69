/* Instructions that explain a fault, for linux/amd64.
 *
 * A general protection (#GP), a stack fault (#SS) and an invalid opcode (#UD)
 * reach a handler with the PC alone: no address, one code for a dozen causes.
 * The cause stands in the instruction, so it is decoded here as far as is
 * needed (decode_amd64.c).  What is not recognised stays unknown: a wrong cause is
 * worse than none. */
#include "instruction.h"
#include "decode_amd64.h"
#include "peek.h"
#include "../base/base.h"

struct decoder {
    const ucontext_t *uc;
    struct epi_x86 x;
    bool has_memory;
    uintptr_t memory;
};

static EPI_SAFE uint64_t register_of(const struct decoder *d, unsigned number)
{
    static const unsigned char from[16] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    return (uint64_t)d->uc->uc_mcontext.gregs[from[number & 15]];
}

/* The address of an operand in memory.  FS and GS have bases that the context does not
 * hold: no address then.  One relative to the PC is relative to the end of the
 * instruction. */
static EPI_SAFE void find_memory(struct decoder *d)
{
    const struct epi_x86 *x = &d->x;
    uint64_t address = 0;
    unsigned mode = x->modrm >> 6, base = x->modrm & 7;
    if (!x->has_modrm || mode == 3)
        return;
    if (x->has_sib) {
        if (epi_x86_index(x) != 4)
            address = register_of(d, epi_x86_index(x)) << (x->sib >> 6);
        if ((x->sib & 7) != 5 || mode != 0)
            address += register_of(d, epi_x86_base(x));
    } else if (base == 5 && mode == 0) {
        address = epi_arch_pc(d->uc) + x->length;
    } else {
        address = register_of(d, epi_x86_rm(x));
    }
    address += (uint64_t)(int64_t)x->displacement;
    d->memory = x->address32 ? (uint32_t)address : address;
    d->has_memory = !x->segment && !x->evex;
}

static EPI_SAFE void is(struct epi_instruction *to, enum epi_instruction_kind kind,
                        const char *name)
{
    to->kind = kind;
    to->name = name;
}

static EPI_SAFE void accesses(struct epi_instruction *to, uintptr_t address,
                              enum epi_access access)
{
    to->kind = EPI_INSTRUCTION_MEMORY;
    to->known = true;
    to->address = address;
    to->access = access;
}

static EPI_SAFE void goes_to(struct epi_instruction *to, bool known, uint64_t address)
{
    to->kind = EPI_INSTRUCTION_JUMP;
    to->known = known;
    to->address = address;
}

/* The moves that refuse an address which is not aligned, legacy and VEX form alike.
 * Other legacy SSE instructions refuse it, too; for them nothing is claimed. */
static EPI_SAFE void vector_move(struct epi_instruction *to, const struct decoder *d)
{
    const char *name = NULL; /* of the VEX form; the legacy one lacks the v */
    if (d->x.opcode == 0x28 || d->x.opcode == 0x29)
        name = d->x.operand16 ? "vmovapd" : "vmovaps";
    else if (d->x.opcode == 0x2b)
        name = d->x.operand16 ? "vmovntpd" : "vmovntps";
    else if ((d->x.opcode == 0x6f || d->x.opcode == 0x7f) && d->x.operand16)
        name = "vmovdqa";
    else if (d->x.opcode == 0xe7 && d->x.operand16)
        name = "vmovntdq";
    if (name == NULL || d->x.rep != 0)
        return;
    to->alignment = d->x.vector;
    to->access = d->x.opcode == 0x28 || d->x.opcode == 0x6f ? EPI_ACCESS_READ : EPI_ACCESS_WRITE;
    to->name = name + (d->x.vex ? 0 : 1);
}

static EPI_SAFE enum epi_access access_of(const struct decoder *d)
{
    uint8_t op = d->x.opcode;
    if (d->x.map == EPI_X86_ONE_BYTE) {
        if (op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7)
            return EPI_ACCESS_WRITE;
        if (op == 0x8a || op == 0x8b || op == 0x63 || op == 0x69 || op == 0x6b ||
            (op < 0x40 && (op & 7) >= 2) || (op >= 0x38 && op <= 0x3b))
            return EPI_ACCESS_READ;
    } else if (d->x.map == EPI_X86_0F) {
        if (op == 0x11 || op == 0x7f || op == 0xd6)
            return EPI_ACCESS_WRITE;
        if (op == 0x10 || op == 0x6f || (op & 0xf6) == 0xb6 || (op & 0xf0) == 0x40)
            return EPI_ACCESS_READ;
    }
    return EPI_ACCESS_UNKNOWN;
}

/* An operand's value, from a register or from memory. */
static EPI_SAFE bool operand(const struct decoder *d, unsigned bytes, uint64_t *value)
{
    *value = 0;
    if (d->x.modrm >> 6 != 3)
        return d->has_memory && epi_peek(value, d->memory, bytes);
    unsigned number = (d->x.modrm & 7u) | (d->x.rex & 1u) << 3;
    if (bytes == 1 && d->x.rex == 0 && number >= 4 && number < 8) /* ah to bh */
        *value = register_of(d, number - 4) >> 8 & 0xff;
    else
        *value = register_of(d, number) &
                 (bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * bytes) - 1);
    return true;
}

/* Instructions of the map 0F that a process may not run, and two that no processor can. */
static EPI_SAFE void system_instruction(struct epi_instruction *to, const struct decoder *d)
{
    enum { ANY = 8 };
    static const struct {
        uint8_t opcode, digit; /* the middle bits of ModRM, or ANY */
        uint8_t kind;
        const char *name;
    } known[] = {
        {0x00, 2, EPI_INSTRUCTION_PRIVILEGED, "lldt"},
        {0x00, 3, EPI_INSTRUCTION_PRIVILEGED, "ltr"},
        {0x01, 2, EPI_INSTRUCTION_PRIVILEGED, "lgdt"},
        {0x01, 3, EPI_INSTRUCTION_PRIVILEGED, "lidt"},
        {0x01, 6, EPI_INSTRUCTION_PRIVILEGED, "lmsw"},
        {0x01, 7, EPI_INSTRUCTION_PRIVILEGED, "invlpg"}, /* F8 with it: swapgs */
        {0x06, ANY, EPI_INSTRUCTION_PRIVILEGED, "clts"},
        {0x08, ANY, EPI_INSTRUCTION_PRIVILEGED, "invd"},
        {0x09, ANY, EPI_INSTRUCTION_PRIVILEGED, "wbinvd"},
        {0x0b, ANY, EPI_INSTRUCTION_TRAP, "ud2"},
        {0x20, ANY, EPI_INSTRUCTION_PRIVILEGED, "mov from a control register"},
        {0x21, ANY, EPI_INSTRUCTION_PRIVILEGED, "mov from a debug register"},
        {0x22, ANY, EPI_INSTRUCTION_PRIVILEGED, "mov to a control register"},
        {0x23, ANY, EPI_INSTRUCTION_PRIVILEGED, "mov to a debug register"},
        {0x30, ANY, EPI_INSTRUCTION_PRIVILEGED, "wrmsr"},
        {0x32, ANY, EPI_INSTRUCTION_PRIVILEGED, "rdmsr"},
        {0x33, ANY, EPI_INSTRUCTION_PRIVILEGED, "rdpmc"},
        {0xff, ANY, EPI_INSTRUCTION_TRAP, "ud0"},
    };
    uint8_t digit = d->x.modrm >> 3 & 7;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].opcode != d->x.opcode || (known[i].digit != ANY && known[i].digit != digit))
            continue;
        if (d->x.opcode == 0x01 && d->x.modrm >> 6 == 3 && digit != 6 && d->x.modrm != 0xf8)
            continue; /* others, which a process may run */
        is(to, (enum epi_instruction_kind)known[i].kind,
           d->x.modrm == 0xf8 && d->x.opcode == 0x01 ? "swapgs" : known[i].name);
    }
}

/* String instructions go from RSI to RDI; the one of the two that is no address. */
static EPI_SAFE void string_instruction(struct epi_instruction *to, const struct decoder *d)
{
    uint64_t source = register_of(d, 6), target = register_of(d, 7);
    bool reads = (d->x.opcode & 0xfe) != 0xaa, both = d->x.opcode < 0xa8;
    bool from_source = (d->x.opcode & 0xfe) == 0xac || (both && !epi_arch_canonical(source));
    accesses(to, from_source ? source : target,
             !reads || (!from_source && (d->x.opcode & 0xfe) == 0xa4) ? EPI_ACCESS_WRITE
                                                                    : EPI_ACCESS_READ);
}

static EPI_SAFE void divide(struct epi_instruction *to, const struct decoder *d)
{
    unsigned bytes = d->x.opcode == 0xf6 ? 1 : (d->x.rex & 8) != 0 ? 8 : d->x.operand16 ? 2 : 4;
    to->kind = EPI_INSTRUCTION_DIVIDE;
    to->known = operand(d, bytes, &to->value);
}

/* CALL and JMP by a register or memory: a bad operand and a bad target are both
 * faults of the instruction itself. */
static EPI_SAFE void jump(struct epi_instruction *to, const struct decoder *d)
{
    uint64_t target = 0;
    if (d->has_memory && !epi_arch_canonical(d->memory))
        return;
    bool known = operand(d, 8, &target);
    goes_to(to, known, target);
}

static EPI_SAFE void one_byte(struct epi_instruction *to, const struct decoder *d)
{
    unsigned digit = d->x.modrm >> 3 & 7;
    uint64_t sp = register_of(d, 4), target = 0;
    uint8_t op = d->x.opcode;
    if (op == 0xf4) {
        is(to, EPI_INSTRUCTION_HALT, "hlt");
    } else if (op == 0xfa || op == 0xfb) {
        is(to, EPI_INSTRUCTION_PRIVILEGED, op == 0xfa ? "cli" : "sti");
    } else if ((op & 0xf4) == 0xe4) { /* E4 to E7, EC to EF */
        is(to, EPI_INSTRUCTION_IO, (op & 2) == 0 ? "in" : "out");
    } else if ((op & 0xfc) == 0x6c) {
        is(to, EPI_INSTRUCTION_IO, (op & 2) == 0 ? "ins" : "outs");
    } else if (op == 0xc2 || op == 0xc3) {
        bool known = epi_peek64(&target, sp);
        if (epi_arch_canonical(sp))
            goes_to(to, known, target);
        else
            accesses(to, sp, EPI_ACCESS_READ);
    } else if ((op == 0xf6 || op == 0xf7) && digit >= 6) {
        divide(to, d);
    } else if (op == 0xff && (digit == 2 || digit == 4)) {
        jump(to, d);
    } else if ((op & 0xfc) == 0xa4 || (op >= 0xaa && op <= 0xaf)) {
        string_instruction(to, d);
    } else if ((op & 0xf0) == 0x50 || op == 0x68 || op == 0x6a || op == 0xe8) {
        accesses(to, sp, (op & 0xf8) == 0x58 ? EPI_ACCESS_READ : EPI_ACCESS_WRITE);
    } else if (op == 0xc9) {
        accesses(to, register_of(d, 5), EPI_ACCESS_READ);
    }
}

EPI_SAFE void epi_arch_instruction(struct epi_instruction *to, const ucontext_t *uc)
{
    struct decoder d;
    struct epi_x86 *x = &d.x;
    epi_zero(&d, sizeof d);
    epi_zero(to, sizeof *to);
    d.uc = uc;
    while (x->have < EPI_X86_LONGEST && epi_peek8(&x->code[x->have], epi_arch_pc(uc) + x->have))
        x->have++;
    epi_x86_decode(x);
    find_memory(&d);
    if (x->failed)
        return;
    if (x->map == EPI_X86_ONE_BYTE && x->opcode == 0xcd) {
        is(to, EPI_INSTRUCTION_INTERRUPT, "int");
        to->value = (uint8_t)x->immediate;
    }
    if (x->map == EPI_X86_0F && x->opcode == 0xb9 && !x->vex) {
        /* clang's trap of a check: ud1 with the number as the displacement of an
         * address that is never read (X86MCInstLower.cpp, UBSAN_UD1). */
        is(to, x->address32 && x->modrm >> 6 == 1 ? EPI_INSTRUCTION_CHECK : EPI_INSTRUCTION_TRAP,
           "ud1");
        to->value = (uint8_t)x->displacement;
        return;
    }
    if (x->map == EPI_X86_ONE_BYTE)
        one_byte(to, &d);
    else if (x->map == EPI_X86_0F && !x->vex)
        system_instruction(to, &d);
    if (to->kind == EPI_INSTRUCTION_UNKNOWN && d.has_memory &&
        !(x->map == EPI_X86_ONE_BYTE && x->opcode == 0x8d)) { /* lea reads nothing */
        accesses(to, d.memory, access_of(&d));
        if (x->map == EPI_X86_0F)
            vector_move(to, &d);
    }
}

EPI_SAFE bool epi_arch_canonical(uintptr_t address)
{
    return address < EPI_USER_END || address >= -EPI_USER_END;
}
