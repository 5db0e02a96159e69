// Handlers of a host program's, one for each thing that such a handler may do, and the
// fault that they are asked about.
#ifndef VICTIM_HOSTS_H
#define VICTIM_HOSTS_H

// Installs the handler that does WAY. FLAGS are those of sigaction that the host wants,
// besides SA_SIGINFO, without which it cannot change the context. RAW: past libc,
// as a library with a system call of its own.
int host_install(const char *way, unsigned flags, int raw);

// From now on it is a handler of SIGFPE, and what faults is a division.
void host_divides(void);
void host_traps(void);

// Installs one that hands on to what was there, as a library that came later; is it there?
int host_install_in_front(void);
int host_is_in_front(void);

// From now on the handler does WAY.
int host_does(const char *way);

// Faults, and comes back if the handler resolves that: N times, on the calling
// thread or on THREADS of its own.
int host_fault(int n);
int host_fault_on_threads(int threads, int n);

// A thread with an alternate stack faults, and its handler, with FLAGS, overflows its stack.
int host_overflows(unsigned flags);

// How often a handler was called.
int host_calls(void);

#endif
