// C functions to be seen on the stack of a healthy program.
#ifndef ASKED_H
#define ASKED_H

// Calls Go, which dumps.
void demo_ask(void);

// Works until demo_release is called.
void demo_stuck(void);
void demo_release(void);

#endif
