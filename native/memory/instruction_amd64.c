/* Instructions that explain a fault, for linux/amd64.
 *
 * A general protection (#GP), a stack fault (#SS) and an invalid opcode (#UD)
 * reach a handler with the PC alone: no address, one code for a dozen causes.
 * The cause stands in the instruction, so it is decoded here as far as is
 * needed: prefixes, opcode, ModRM, SIB and displacement (Intel SDM 2A, chapter
 * 2).  What is not recognised stays unknown: a wrong cause is worse than none. */
#include "instruction.h"
#include "peek.h"
#include "../base/base.h"

#define LONGEST 15 /* bytes of an instruction */

enum map { ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };

struct decoder {
    const ucontext_t *uc;
    uint8_t code[LONGEST];
    unsigned have, at;
    bool failed; /* more bytes were needed than there are */
    bool operand16, address32, segment, vex;
    uint8_t rep; /* f2, f3 or 0 */
    uint8_t rex; /* its low four bits: W R X B */
    uint8_t opcode, modrm;
    unsigned vector; /* bytes of a vector register */
    enum map map;
    bool has_memory;
    uintptr_t memory;
};

static EPI_SAFE uint8_t next(struct decoder *d)
{
    if (d->at >= d->have) {
        d->failed = true;
        return 0;
    }
    return d->code[d->at++];
}

static EPI_SAFE uint64_t register_of(const struct decoder *d, unsigned number)
{
    static const unsigned char from[16] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    return (uint64_t)d->uc->uc_mcontext.gregs[from[number & 15]];
}

static EPI_SAFE int64_t displacement(struct decoder *d, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)next(d) << 8 * i;
    return bytes == 1 ? (int8_t)value : (int32_t)value;
}

/* Is B a prefix?  Notes what it says. */
static EPI_SAFE bool prefix(struct decoder *d, uint8_t b)
{
    d->operand16 |= b == 0x66;
    d->address32 |= b == 0x67;
    d->segment |= b == 0x64 || b == 0x65;
    if (b == 0xf2 || b == 0xf3)
        d->rep = b;
    return b == 0x66 || b == 0x67 || b == 0x64 || b == 0x65 || b == 0xf0 || b == 0xf2 ||
           b == 0xf3 || (b & 0xe7) == 0x26; /* ES, CS, SS, DS */
}

/* C5 and C4 take the place of 0F and its prefixes; R, X and B stand inverted. */
static EPI_SAFE void vex(struct decoder *d)
{
    uint8_t first = next(d), last = first;
    d->vex = true;
    d->map = MAP_0F;
    d->rex = (first & 0x80) == 0 ? 4 : 0;
    if (d->opcode == 0xc4) {
        d->rex = (uint8_t)(~first >> 5 & 7);
        d->map = (first & 31) == 1 ? MAP_0F : (first & 31) == 2 ? MAP_0F38 : MAP_0F3A;
        last = next(d);
    }
    d->vector = (last & 4) != 0 ? 32 : 16;
    d->operand16 = (last & 3) == 1;
    d->rep = (last & 3) == 2 ? 0xf3 : (last & 3) == 3 ? 0xf2 : 0;
    d->opcode = next(d);
}

static EPI_SAFE void opcode(struct decoder *d)
{
    uint8_t b = next(d);
    while (prefix(d, b))
        b = next(d);
    if ((b & 0xf0) == 0x40) { /* REX counts only right before the opcode */
        d->rex = b & 15;
        b = next(d);
    }
    d->opcode = b;
    d->vector = 16;
    if (d->opcode == 0xc5 || d->opcode == 0xc4) {
        vex(d);
    } else if (d->opcode == 0x0f) {
        d->map = MAP_0F;
        d->opcode = next(d);
        if (d->opcode == 0x38 || d->opcode == 0x3a) {
            d->map = d->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
            d->opcode = next(d);
        }
    }
}

/* What follows the opcode; the address of an operand in memory.  FS and GS have
 * bases that the context does not hold: no address then.  One relative to the PC
 * is relative to the end of the instruction; with an immediate operand it is some
 * bytes off, which no cause depends on. */
static EPI_SAFE void modrm(struct decoder *d)
{
    uint64_t address = 0;
    d->modrm = next(d);
    unsigned mode = d->modrm >> 6, base = d->modrm & 7;
    if (mode == 3)
        return;
    if (base == 4) {
        uint8_t sib = next(d);
        unsigned index = (sib >> 3 & 7u) | (d->rex & 2u) << 2;
        base = sib & 7;
        if (index != 4)
            address = register_of(d, index) << (sib >> 6);
        if (base == 5 && mode == 0)
            address += (uint64_t)displacement(d, 4);
        else
            address += register_of(d, base | (d->rex & 1u) << 3);
    } else if (base == 5 && mode == 0) {
        int64_t offset = displacement(d, 4);
        address = epi_arch_pc(d->uc) + d->at + (uint64_t)offset;
    } else {
        address = register_of(d, base | (d->rex & 1u) << 3);
    }
    if (mode != 0)
        address += (uint64_t)displacement(d, mode == 1 ? 1 : 4);
    d->memory = d->address32 ? (uint32_t)address : address;
    d->has_memory = !d->segment;
}

static EPI_SAFE bool has_modrm(const struct decoder *d)
{
    uint8_t op = d->opcode;
    if (d->map == MAP_0F)
        return !((op >= 0x05 && op <= 0x09) || op == 0x0b || op == 0x0e ||
                 (op >= 0x30 && op <= 0x37) || op == 0x77 || (op & 0xf0) == 0x80 ||
                 (op >= 0xa0 && op <= 0xa2) || (op >= 0xa8 && op <= 0xaa) ||
                 (op >= 0xc8 && op <= 0xcf));
    if (d->map != ONE_BYTE)
        return true;
    return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
           (op >= 0x80 && op <= 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
           (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) || op == 0xf6 ||
           op == 0xf7 || op == 0xfe || op == 0xff;
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
    if (d->opcode == 0x28 || d->opcode == 0x29)
        name = d->operand16 ? "vmovapd" : "vmovaps";
    else if (d->opcode == 0x2b)
        name = d->operand16 ? "vmovntpd" : "vmovntps";
    else if ((d->opcode == 0x6f || d->opcode == 0x7f) && d->operand16)
        name = "vmovdqa";
    else if (d->opcode == 0xe7 && d->operand16)
        name = "vmovntdq";
    if (name == NULL || d->rep != 0)
        return;
    to->alignment = d->vector;
    to->access = d->opcode == 0x28 || d->opcode == 0x6f ? EPI_ACCESS_READ : EPI_ACCESS_WRITE;
    to->name = name + (d->vex ? 0 : 1);
}

static EPI_SAFE enum epi_access access_of(const struct decoder *d)
{
    uint8_t op = d->opcode;
    if (d->map == ONE_BYTE) {
        if (op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7)
            return EPI_ACCESS_WRITE;
        if (op == 0x8a || op == 0x8b || op == 0x63 || op == 0x69 || op == 0x6b ||
            (op < 0x40 && (op & 7) >= 2) || (op >= 0x38 && op <= 0x3b))
            return EPI_ACCESS_READ;
    } else if (d->map == MAP_0F) {
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
    if (d->modrm >> 6 != 3)
        return d->has_memory && epi_peek(value, d->memory, bytes);
    unsigned number = (d->modrm & 7u) | (d->rex & 1u) << 3;
    if (bytes == 1 && d->rex == 0 && number >= 4 && number < 8) /* ah to bh */
        *value = register_of(d, number - 4) >> 8 & 0xff;
    else
        *value = register_of(d, number) &
                 (bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * bytes) - 1);
    return true;
}

/* Instructions of the map 0F that a process may not run, and two that nobody can. */
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
    uint8_t digit = d->modrm >> 3 & 7;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].opcode != d->opcode || (known[i].digit != ANY && known[i].digit != digit))
            continue;
        if (d->opcode == 0x01 && d->modrm >> 6 == 3 && digit != 6 && d->modrm != 0xf8)
            continue; /* others, which a process may run */
        is(to, (enum epi_instruction_kind)known[i].kind,
           d->modrm == 0xf8 && d->opcode == 0x01 ? "swapgs" : known[i].name);
    }
}

/* String instructions go from RSI to RDI; the one of the two that is no address. */
static EPI_SAFE void string_instruction(struct epi_instruction *to, const struct decoder *d)
{
    uint64_t source = register_of(d, 6), target = register_of(d, 7);
    bool reads = (d->opcode & 0xfe) != 0xaa, both = d->opcode < 0xa8;
    bool from_source = (d->opcode & 0xfe) == 0xac || (both && !epi_arch_canonical(source));
    accesses(to, from_source ? source : target,
             !reads || (!from_source && (d->opcode & 0xfe) == 0xa4) ? EPI_ACCESS_WRITE
                                                                    : EPI_ACCESS_READ);
}

static EPI_SAFE void divide(struct epi_instruction *to, const struct decoder *d)
{
    unsigned bytes = d->opcode == 0xf6 ? 1 : (d->rex & 8) != 0 ? 8 : d->operand16 ? 2 : 4;
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
    unsigned digit = d->modrm >> 3 & 7;
    uint64_t sp = register_of(d, 4), target = 0;
    uint8_t op = d->opcode;
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
    epi_zero(&d, sizeof d);
    epi_zero(to, sizeof *to);
    d.uc = uc;
    while (d.have < LONGEST && epi_peek8(&d.code[d.have], epi_arch_pc(uc) + d.have))
        d.have++;
    opcode(&d);
    if (d.map == ONE_BYTE && d.opcode == 0xcd) {
        is(to, EPI_INSTRUCTION_INTERRUPT, "int");
        to->value = next(&d);
    } else if (has_modrm(&d)) {
        modrm(&d);
    }
    if (d.failed) {
        to->kind = EPI_INSTRUCTION_UNKNOWN;
        return;
    }
    if (d.map == MAP_0F && d.opcode == 0xb9 && !d.vex) {
        /* clang's trap of a check: ud1 with the number as the displacement of an
         * address that nobody reads (X86MCInstLower.cpp, UBSAN_UD1). */
        is(to, d.address32 && d.modrm >> 6 == 1 ? EPI_INSTRUCTION_CHECK : EPI_INSTRUCTION_TRAP,
           "ud1");
        to->value = d.code[d.at - 1];
        return;
    }
    if (d.map == ONE_BYTE)
        one_byte(to, &d);
    else if (d.map == MAP_0F && !d.vex)
        system_instruction(to, &d);
    if (to->kind == EPI_INSTRUCTION_UNKNOWN && d.has_memory &&
        !(d.map == ONE_BYTE && d.opcode == 0x8d)) { /* lea reads nothing */
        accesses(to, d.memory, access_of(&d));
        if (d.map == MAP_0F)
            vector_move(to, &d);
    }
}

EPI_SAFE bool epi_arch_canonical(uintptr_t address)
{
    return address < EPI_USER_END || address >= -EPI_USER_END;
}
