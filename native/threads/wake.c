/* The word that the helper thread sleeps on, and its change. */
#include "wake.h"
#include "../base/base.h"
#include "../base/system.h"

#include <stdatomic.h>

static _Atomic uint32_t helper_word;

EPI_SAFE void epi_helper_wake(void)
{
    atomic_fetch_add(&helper_word, 1);
    epi_futex_wake_all(&helper_word);
}

EPI_SAFE _Atomic uint32_t *epi_helper_word(void)
{
    return &helper_word;
}
