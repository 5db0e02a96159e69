// Machine code that a program writes for itself, as a JIT compiler does.
#ifndef VICTIM_CODES_H
#define VICTIM_CODES_H

#include <stddef.h>

enum { CODES_FRAMED, CODES_BARE, CODES_LEAF, CODES_PUSHED };

extern void *codes_place; // of the code that was made last
enum { CODES_SIZE = 64 }; // as far as it is used

// Makes code that calls CALLED (a leaf, which faults itself, makes no call), calls it, and
// returns what it returns: with a frame pointer, or with a stack pointer alone.  Of two
// functions with frame pointers the outer one may push where to go on and jump, as an
// interpreter does.
int codes_run(int kind, int (*called)(void));

int codes_fault(void);    // called by the code, faults
int codes_call_go(void);  // called by the code, calls codesGo
int codes_wait(void);     // called by the code, says so and waits for ever
void codes_await(void);   // returns when somebody does

#endif
