/* The faults of Go code.  Go makes a panic of each, which may be recovered; of one that is
 * not, Go prints little of what the kernel reported: so that is kept until Go dies. */
#ifndef EPI_GOFAULT_H
#define EPI_GOFAULT_H

#include "../base/base.h"

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

/* A thread has one place, which it may share with few others. */
#define EPI_GOFAULTS 32

struct epi_gofault {
    _Atomic uint32_t number; /* odd while it is written */
    int signal;              /* 0: none yet */
    siginfo_t info;
    ucontext_t context; /* as far as EPI_CONTEXT_SIZE */
};

/* For the handler: Go's handler is about to get this fault. */
EPI_SAFE void epi_gofault_keep(int signal, const siginfo_t *info, const ucontext_t *uc);

/* Copies to FAULT the one that Go names in TEXT, "[signal SIGBUS: bus error code=0x2
 * addr=0x7f… pc=0x46…]"; false when there is none, or it is not kept any more. */
EPI_SAFE bool epi_gofault_find(struct epi_gofault *fault, const char *text);

#endif
