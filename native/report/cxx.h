/* What the C++ runtime said when it gave up. */
#ifndef EPI_CXX_H
#define EPI_CXX_H

#include "../base/base.h"
#include "../incident/incident.h"

#include <stdatomic.h>

typedef void epi_terminate_fn(void);

/* What std::terminate leaves behind.  The thread that sets tid, from 0,
 * fills the rest, once: a process terminates once, and a second thread that
 * does so at the same time has nothing to add. */
struct epi_terminate {
    epi_terminate_fn *previous; /* the handler that was there before ours */
    bool installed;
    _Atomic int tid;
    size_t used;
    char text[EPI_MESSAGE];
};

extern struct epi_terminate epi_terminate_words __attribute__((visibility("hidden")));

/* Ours becomes std::terminate's handler, where there is one. */
void epi_cxx_start(void);
void epi_cxx_stop(void);

/* Where an exception that leaves epi_arch_call_cxx's FN ends; set by its caller. */
extern struct epi_jump epi_cxx_thrown __attribute__((visibility("hidden")));

/* Calls FN(ARG).  A C++ exception that leaves FN is shown to epi_cxx_personality
 * before anything is unwound. */
void epi_arch_call_cxx(void (*fn)(void *), void *arg);

#endif
