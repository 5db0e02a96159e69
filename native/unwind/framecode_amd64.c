/* Where an instruction leads to, and what it does to the frame, on amd64. */
#include "framecode.h"
#include "cfi.h"
#include "framestate.h"
#include "framestate_amd64.h"
#include "../base/base.h"
#include "../memory/decode_amd64.h"
#include "../memory/peek.h"

_Static_assert(EPI_X86_LONGEST <= EPI_INSTRUCTION_LONGEST, "its bytes are given");

static EPI_SAFE enum epi_flow one_byte(const struct epi_x86 *x, struct epi_framestate *s)
{
    uint8_t op = x->opcode, digit = x->modrm >> 3 & 7;
    if (op == 0x90)
        return EPI_FLOW_NOP;
    if ((op & 0xf0) == 0x70 || (op & 0xfc) == 0xe0)
        return EPI_FLOW_BRANCH;
    if (op == 0xe8) {
        if (x->immediate == 0)
            s->known = false; /* its return address is data */
        return EPI_FLOW_CALL;
    }
    if (op == 0xff && digit == 2)
        return EPI_FLOW_CALL;
    if (op == 0xe9 || op == 0xeb)
        return EPI_FLOW_JUMP;
    if (op == 0xff && digit == 4)
        return EPI_FLOW_TABLE;
    if (op == 0xc2 || op == 0xc3 || op == 0xf4 || op == 0xcc)
        return EPI_FLOW_END;
    epi_framestate_amd64(s, x);
    return EPI_FLOW_ON;
}

static EPI_SAFE enum epi_flow flow(const struct epi_x86 *x, struct epi_framestate *s)
{
    uint8_t op = x->opcode;
    if (x->map == EPI_X86_ONE_BYTE)
        return one_byte(x, s);
    if (x->map == EPI_X86_0F && op == 0x1f)
        return EPI_FLOW_NOP;
    if (x->map == EPI_X86_0F && !x->vex && (op & 0xf0) == 0x80)
        return EPI_FLOW_BRANCH;
    if (x->map == EPI_X86_0F && !x->vex && (op == 0x0b || op == 0xb9 || op == 0xff))
        return EPI_FLOW_END; /* ud2 and its like */
    epi_framestate_amd64(s, x);
    return EPI_FLOW_ON;
}

EPI_SAFE void epi_arch_frame_instruction(struct epi_frame_instruction *i,
                                         struct epi_framestate *s)
{
    struct epi_x86 x;
    epi_zero(&x, sizeof x);
    x.have = (uint8_t)(i->have < EPI_X86_LONGEST ? i->have : EPI_X86_LONGEST);
    epi_copy(x.code, i->code, x.have);
    epi_x86_decode(&x);
    i->length = x.failed ? 0 : x.length;
    if (x.failed)
        return;
    i->flow = flow(&x, s);
    i->to = i->at + x.length + (uintptr_t)x.immediate;
}

/* [endbr64] push %rbp; mov %rsp, %rbp.  The second of the two is only known by the first
 * before it. */
EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row)
{
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    static const uint8_t prologue[] = {0x55, 0x48, 0x89, 0xe5};
    enum { RBP_SLOT = 1 };
    struct epi_framestate s;
    uint8_t b[8];
    epi_framestate_start(&s);
    epi_zero(b, sizeof b);
    if (!epi_peek(b, pc, sizeof b) && !epi_peek(b, pc, 2))
        return false;
    if (b[0] == 0xc3 || b[0] == 0xc2 || (b[0] == 0xf3 && b[1] == 0xc3) ||
        epi_equal(b, prologue, sizeof prologue) ||
        (epi_equal(b, endbr64, 4) && epi_equal(b + 4, prologue, 4)))
        return epi_framestate_row(&s, row);
    if (!epi_equal(b, prologue + 1, 3) || !epi_peek8(b, pc - 1) || b[0] != prologue[0])
        return false;
    epi_framestate_set_depth(&s, 2 * EPI_CALL_PUSHES);
    epi_framestate_save(&s, RBP_SLOT, -2 * EPI_CALL_PUSHES);
    return epi_framestate_row(&s, row);
}
