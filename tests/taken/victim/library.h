#ifndef LIBRARY_H
#define LIBRARY_H

// Reads what is there now: that is called "first".
void library_begin(void);

// Installs the handler WHAT for a signal, by the function HOW; "saved" is what the last call
// has found. 0: it is done.
int library_set(const char *how, const char *what, int number);

// Prints what sigaction says.
void library_show(int number);

#endif
