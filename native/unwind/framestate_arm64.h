/* SP, the frame pointer and LR, followed over an instruction (framestate_arm64.c), for
 * framecode_arm64.c. */
#ifndef EPI_FRAMESTATE_ARM64_H
#define EPI_FRAMESTATE_ARM64_H

#include "framestate.h"
#include "../base/base.h"

/* CODE, which stands at AT and is no branch, has run. */
EPI_SAFE void epi_framestate_arm64(struct epi_framestate *s, uint32_t code, uintptr_t at);

#endif
