/* Looks after the actions for the fatal signals.  A handler that has come in front of the
 * core's may pass on what it gets, or not: that is unknown before a crash. */
#include "taken.h"
#include "actions.h"
#include "../base/base.h"
#include "../base/system.h"

/* Is the action for SIGNAL, which is NOW, another than the core's? */
static EPI_SAFE bool is_taken(int signal, struct epi_sigaction *now)
{
    const struct epi_action *slot = &epi_actions.slot[signal];
    return slot->role != EPI_ROLE_NONE && !epi_action_holds(signal) &&
           epi_sigaction(signal, NULL, now) && now->handler != slot->ours.handler;
}

EPI_SAFE enum epi_taken_state epi_taken_look(void)
{
    enum epi_taken_state state = EPI_TAKEN_NONE;
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        struct epi_taken *taken = &epi_actions.taken[i];
        struct epi_sigaction now;
        if (!is_taken(epi_fatal[i], &now)) {
            taken->seen = taken->taken = false;
            continue;
        }
        bool same = taken->by.handler == now.handler;
        taken->taken = same && taken->seen;
        taken->said = same && taken->said;
        taken->seen = true;
        epi_copy(&taken->by, &now, sizeof taken->by);
        if (!taken->taken && state == EPI_TAKEN_NONE)
            state = EPI_TAKEN_PERHAPS;
        if (taken->taken && !taken->said)
            state = EPI_TAKEN_NEW;
    }
    return state;
}

EPI_SAFE void epi_taken_is_said(uintptr_t handler)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_actions.taken[i].taken && epi_actions.taken[i].by.handler == handler)
            epi_actions.taken[i].said = true;
}

EPI_SAFE void epi_taken_keep(void)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        struct epi_taken *taken = &epi_actions.taken[i];
        struct epi_sigaction now;
        taken->taken = is_taken(epi_fatal[i], &now);
        if (taken->taken)
            epi_copy(&taken->by, &now, sizeof taken->by);
    }
}
