/* Go alive and dead: what the core keeps of it. */
#ifndef EPI_GOSIDE_H
#define EPI_GOSIDE_H

#include "crashbit.h"
#include "gotext.h"
#include "live.h"
#include "panicnote.h"
#include "sandbox.h"
#include "thaw.h"
#include "../base/base.h"

struct epi_goside {
    struct epi_crashbit crashbit;
    struct epi_gotext gotext;
    struct epi_panic_note panic_note[EPI_PANIC_NOTES]; /* written by Go, at any time */
    struct epi_sandbox sandbox;
    struct epi_thaw thaw;
    struct epi_live *live; /* NULL: no goroutine waits for questions */
};

extern struct epi_goside epi_goside __attribute__((visibility("hidden")));

#endif
