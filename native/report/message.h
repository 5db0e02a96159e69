/* What the C library, or the C++ runtime, said when it gave up; the latter is in cxx.c
 * and cxx_*.c. */
#ifndef EPI_MESSAGE_H
#define EPI_MESSAGE_H

#include "../base/base.h"
#include "../incident/incident.h"

#include <stdatomic.h>

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

struct epi_last_words {
    uintptr_t abort_message; /* of glibc's variable; 0: there is none */
    struct epi_terminate terminate;
};

extern struct epi_last_words epi_last_words __attribute__((visibility("hidden")));

/* Looks for glibc's message and for a C++ runtime; again when a library was
 * loaded since.  May wait for the loader's lock. */
void epi_message_start(void);
void epi_message_stop(void);

/* The part for C++: ours becomes std::terminate's handler, where there is one. */
void epi_cxx_start(void);
void epi_cxx_stop(void);

/* Calls FN(ARG).  A C++ exception that leaves FN is shown to epi_cxx_personality
 * (cxx.c) before anything is unwound. */
void epi_arch_call_cxx(void (*fn)(void *), void *arg);

#endif
