// Signals that the program sends itself, and what it has for them.
#ifndef VICTIM_SENT_H
#define VICTIM_SENT_H

// Installs a handler that returns, or that of the shared library LIBRARY; or has SIGNAL ignored.
int sent_handle(int signal);
int sent_handle_in(const char *library, int signal);
int sent_ignore(int signal);

// Sends SIGNAL BY raise, pthread_kill, tgkill, kill, abort (deeper or not), or has a child do
// so; on a thread of its own or on this one.
int sent_send(const char *by, int signal, int thread);

// How often the handlers were called.
int sent_calls(void);

#endif
