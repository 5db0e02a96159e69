// Machine code without a frame pointer, and what a JIT compiler tells of it.
#ifndef VICTIM_RULED_H
#define VICTIM_RULED_H

// To whom the call frame information is told.
enum { RULED_NOBODY, RULED_UNWINDER, RULED_DEBUGGER, RULED_TAKEN_BACK };

// What is wrong with the list for debuggers.
enum { RULED_INTACT, RULED_RING, RULED_WILD, RULED_HALF, RULED_GARBAGE, RULED_ENDLESS };

// Runs code that calls C, which runs code that faults.
int ruled_run(int told, int damage);

#endif
