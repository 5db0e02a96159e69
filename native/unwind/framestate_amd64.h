/* RSP and RBP, followed over an instruction (framestate_amd64.c), for framecode_amd64.c. */
#ifndef EPI_FRAMESTATE_AMD64_H
#define EPI_FRAMESTATE_AMD64_H

#include "framestate.h"
#include "../base/base.h"
#include "../memory/decode_amd64.h"

/* X, which is no jump, call or return, has run. */
EPI_SAFE void epi_framestate_amd64(struct epi_framestate *s, const struct epi_x86 *x);

#endif
