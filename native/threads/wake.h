/* The word that the helper thread sleeps on. */
#ifndef EPI_WAKE_H
#define EPI_WAKE_H

#include "../base/base.h"

/* Tells the helper thread that there is something to watch. */
EPI_SAFE void epi_helper_wake(void);

/* A change of the word wakes it. */
EPI_SAFE _Atomic uint32_t *epi_helper_word(void);

#endif
