/* The records of whose turn comes after the core's, which handlers read while they change. */
#include "next.h"
#include "../base/base.h"

EPI_SAFE void epi_action_set_next(struct epi_action *slot, const struct epi_sigaction *action)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < EPI_COUNT(slot->record); i++) {
        if (slot->last_next[i] != 0 && epi_equal(&slot->record[i], action, sizeof *action)) {
            at = i;
            break;
        }
        if (slot->last_next[i] < slot->last_next[at])
            at = i;
    }
    if (!epi_equal(&slot->record[at], action, sizeof *action)) {
        epi_copy(&slot->record[at], action, sizeof *action);
        epi_copy(&slot->spent[at], action, sizeof *action);
    }
    slot->spent[at].handler = (uintptr_t)SIG_DFL;
    slot->last_next[at] = ++slot->changes;
    slot->next = &slot->record[at];
}
