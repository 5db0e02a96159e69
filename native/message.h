/* What the C library, or the C++ runtime, said when it gave up. */
#ifndef EPI_MESSAGE_H
#define EPI_MESSAGE_H

#include "base.h"

#include <stdatomic.h>

/* Room for EPI_OUT_STRING characters of four bytes each. */
#define EPI_MESSAGE 2048

typedef void epi_terminate_fn(void);

/* What std::terminate leaves behind (cxx.c).  The thread that sets tid, from 0,
 * fills the rest, once: a process terminates once, and a second thread that
 * does so at the same time has nothing to add. */
struct epi_terminate {
    epi_terminate_fn *previous; /* the handler that was there before ours */
    bool installed;
    _Atomic int tid;
    struct epi_jump thrown; /* where a throw of what() ends */
    size_t used;
    char text[EPI_MESSAGE];
};

/* Looks for glibc's message and for a C++ runtime; again when a library was
 * loaded since.  May wait for the loader's lock. */
void epi_message_start(void);
void epi_message_stop(void);

/* The part for C++: ours becomes std::terminate's handler, where there is one. */
void epi_cxx_start(void);
void epi_cxx_stop(void);

#endif
