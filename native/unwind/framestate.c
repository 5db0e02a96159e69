/* What is known of a frame between two instructions, on any machine. */
#include "framestate.h"
#include "cursor.h"
#include "../base/base.h"

static const uint8_t kept[] = {EPI_RULE_REGISTERS};
_Static_assert(EPI_COUNT(kept) == EPI_COUNT(((struct epi_framestate *)0)->saved),
               "one slot for each register");

EPI_SAFE void epi_framestate_start(struct epi_framestate *s)
{
    epi_zero(s, sizeof *s);
    s->known = s->link = true;
    s->depth = EPI_CALL_PUSHES;
    s->ra = -EPI_CALL_PUSHES;
}

EPI_SAFE void epi_framestate_set_depth(struct epi_framestate *s, int64_t depth)
{
    if (depth < EPI_CALL_PUSHES || depth > (int64_t)EPI_FRAME_MAX) {
        s->known = false;
        return;
    }
    s->deep = false;
    s->depth = (int32_t)depth;
    for (unsigned i = 0; i < EPI_RULE_SAVED; i++)
        if (s->saved[i] < -depth)
            s->saved[i] = 0;
    if (s->ra < -depth)
        s->ra = 0;
}

EPI_SAFE void epi_framestate_save(struct epi_framestate *s, unsigned slot, int64_t offset)
{
    if (s->saved[slot] == 0 && offset >= INT16_MIN && offset < -EPI_CALL_PUSHES)
        s->saved[slot] = (int16_t)offset;
}

EPI_SAFE bool epi_framestate_join(struct epi_framestate *s, const struct epi_framestate *other)
{
    bool changed = false;
    if (s->frame && (!other->frame || s->frame_depth != other->frame_depth)) {
        s->frame = false;
        changed = true;
    }
    if (!s->deep && (other->deep || s->depth != other->depth)) {
        s->deep = true;
        changed = true;
    }
    if (s->link && !other->link) {
        s->link = false;
        changed = true;
    }
    if (s->ra != 0 && s->ra != other->ra) {
        s->ra = 0;
        changed = true;
    }
    for (unsigned i = 0; i < EPI_RULE_SAVED; i++)
        if (s->saved[i] != 0 && s->saved[i] != other->saved[i]) {
            s->saved[i] = 0;
            changed = true;
        }
    s->torn = s->deep && !s->frame;
    s->known = !s->torn;
    return changed;
}

EPI_SAFE bool epi_framestate_row(const struct epi_framestate *s, struct epi_cfi_row *row)
{
    epi_zero_words(row, sizeof *row);
    if (!s->known || (s->deep && !s->frame) || (s->ra == 0 && !s->link))
        return false;
    row->cfa_kind = EPI_CFI_REGISTER;
    row->cfa_reg = s->deep ? EPI_REG_FP : EPI_REG_SP;
    row->cfa_value = s->deep ? s->frame_depth : s->depth;
    if (s->ra != 0) {
        row->kind[EPI_REG_RA] = EPI_CFI_OFFSET;
        row->value[EPI_REG_RA] = s->ra;
    }
    for (unsigned i = 0; i < EPI_RULE_SAVED; i++)
        if (s->saved[i] != 0) {
            row->kind[kept[i]] = EPI_CFI_OFFSET;
            row->value[kept[i]] = s->saved[i];
        }
    return true;
}
