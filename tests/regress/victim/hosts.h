// Handlers of a host program.
#ifndef VICTIM_HOSTS_H
#define VICTIM_HOSTS_H

// Faults in C; how often the early handler has dealt with that, or -1 when it
// should have and has not.
int host_early_fault(void);

// A handler for SIGSEGV that repairs such a fault, and ends the process at others.
void host_install_repair(void);

// A handler for SIGSEGV that calls the one before it, and how deep its calls
// were nested at most.
void host_install_in_front(void);
int host_in_front_depth(void);

// The default action, or none.
void host_set_action(int signal, int ignore);

// None, and then what there was before.
void host_ignore_a_while(int signal);

// The same on a thread of its own, for ever.
void host_ignore_again_and_again(int signal);

// The default action, with the flags of a handler.
void host_default_like_a_handler(int signal);

#endif
