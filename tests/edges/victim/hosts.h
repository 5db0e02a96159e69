// Handlers that a host program has installed before Epitaph.
#ifndef VICTIM_HOSTS_H
#define VICTIM_HOSTS_H

#include "crash.h"

// Installs the handler NAME for SIGNAL; 0, or -1 when there is none.
int host_install(const char *name, int signal);

// The last siginfo that a handler of the host was given, and how often one
// was called.
struct host_seen {
    int calls, signal, code;
    uintptr_t address;
    uintptr_t frame; // the lowest address of the kernel's
};
extern struct host_seen host_seen;

// A page without access; the handler "repair" makes it writable.
int *host_page(void);

// Calls CRASH where the handler "jump" comes back to: 1 if it did.
int host_guarded(victim_function crash);

#endif
