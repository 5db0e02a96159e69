/* Where an instruction leads to, and what it does to the frame, on arm64. */
#include "framecode.h"
#include "cfi.h"
#include "framestate.h"
#include "framestate_arm64.h"
#include "../base/base.h"
#include "../memory/decode_arm64.h"
#include "../memory/peek.h"

/* UDF; BRK, HLT, and what only a debugger or the kernel may run. */
static EPI_SAFE bool is_trap(uint32_t code)
{
    return code >> 16 == 0 || (code & 0xffe0001f) == 0xd4200000 ||
           (code & 0xffe0001f) == 0xd4400000;
}

static EPI_SAFE enum epi_flow flow(uint32_t code, uintptr_t at, struct epi_framestate *s,
                                   uintptr_t *to)
{
    enum { NOP = 0xd503201f };
    if (epi_a64_is_bl(code) || epi_a64_is_blr(code)) {
        s->link = false;
        return EPI_FLOW_CALL;
    }
    if (epi_a64_is_jump(code, at, to))
        return EPI_FLOW_JUMP;
    if (epi_a64_is_branch(code, at, to))
        return EPI_FLOW_BRANCH;
    if (epi_a64_is_br(code))
        return EPI_FLOW_TABLE;
    if (epi_a64_is_ret(code) || is_trap(code))
        return EPI_FLOW_END;
    if (code == NOP)
        return EPI_FLOW_NOP;
    epi_framestate_arm64(s, code, at);
    return EPI_FLOW_ON;
}

EPI_SAFE void epi_arch_frame_instruction(struct epi_frame_instruction *i,
                                         struct epi_framestate *s)
{
    uint32_t code;
    i->length = 0;
    if (i->have < sizeof code || i->at % sizeof code != 0)
        return;
    epi_copy(&code, i->code, sizeof code);
    i->flow = flow(code, i->at, s, &i->to);
    i->length = sizeof code;
}

/* stp x29, x30, [sp, #-FRAME]! */
static EPI_SAFE bool opens_frame(uint32_t code)
{
    return (code & 0xffe07fff) == 0xa9a07bfd; /* what it adds to SP is negative */
}

/* What a function begins with: PACIASP, PACIBSP, BTI C. */
static EPI_SAFE bool begins(uint32_t code)
{
    return code == 0xd503233f || code == 0xd503237f || code == 0xd503245f;
}

/* stp x16, x30, [sp, #-16]!, with which the first entry of a procedure linkage table begins. */
enum { PUSH_X16_LR = 0xa9bf7bf0 };

/* A linkage table's way to another function: adrp, ldr, add of x16 and x17, which are for that
 * alone, autia1716, and br x17 as the last. */
static EPI_SAFE bool links(uint32_t code, bool *last)
{
    enum { BR_X17 = 0xd61f0220, AUTIA1716 = 0xd503219f };
    *last = code == BR_X17;
    return *last || code == AUTIA1716 || (code & 0x9f00001f) == 0x90000010 ||
           (code & 0xffc003ff) == 0xf9400211 || (code & 0xffc003ff) == 0x91000210;
}

/* Is AT in an entry of a procedure linkage table?  PUSHED: the first one, which pushes two words
 * before it goes on in the dynamic linker. */
static EPI_SAFE bool in_linkage_table(uintptr_t at, bool *pushed)
{
    enum { LONGEST = 5 };
    uint32_t code;
    bool last = false;
    for (unsigned i = 0; !last; i++)
        if (i == LONGEST || !epi_peek32(&code, at + i * sizeof code) || !links(code, &last))
            return false;
    *pushed = false;
    for (unsigned i = 1; i < LONGEST && epi_peek32(&code, at - i * sizeof code); i++) {
        *pushed = code == PUSH_X16_LR;
        if (*pushed || !links(code, &last) || last)
            break;
    }
    return true;
}

EPI_SAFE bool epi_arch_bare_row(uintptr_t pc, struct epi_cfi_row *row)
{
    enum { RET = 0xd65f03c0, RETAA = 0xd65f0bff, MOV_X29_SP = 0x910003fd };
    uint32_t code, before;
    bool pushed;
    struct epi_framestate s;
    epi_framestate_start(&s);
    if (pc % 4 != 0 || !epi_peek32(&code, pc))
        return false;
    bool returns = code == RET || (code & 0xfffffbff) == RETAA;
    if (returns || begins(code) || opens_frame(code) || code == PUSH_X16_LR)
        return epi_framestate_row(&s, row); /* LR has the return address still, or again */
    if (in_linkage_table(pc, &pushed)) {
        if (pushed)
            epi_framestate_arm64(&s, PUSH_X16_LR, pc);
        return epi_framestate_row(&s, row);
    }
    if (code != MOV_X29_SP || !epi_peek32(&before, pc - 4) || !opens_frame(before))
        return false;
    epi_framestate_arm64(&s, before, pc - 4);
    return epi_framestate_row(&s, row);
}
