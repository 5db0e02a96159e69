/* The records of whose turn comes after the core's, which handlers read while they change. */
#include "next.h"
#include "../base/base.h"

/* The kernel interrupts nothing for a signal that is ignored, and no call comes back from one
 * that kills. */
EPI_SAFE bool epi_action_follow(struct epi_action *slot)
{
    const struct epi_sigaction *next = slot->next;
    unsigned long restart = SA_RESTART;
    if (slot->role != EPI_ROLE_FAULT && slot->role != EPI_ROLE_ABORT)
        return false;
    if (next != NULL && next->handler > (uintptr_t)SIG_IGN)
        restart &= next->flags;
    if ((slot->ours.flags & SA_RESTART) == restart)
        return false;
    slot->ours.flags ^= SA_RESTART;
    return true;
}

EPI_SAFE bool epi_action_set_next(struct epi_action *slot, const struct epi_sigaction *action)
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
    return epi_action_follow(slot);
}
