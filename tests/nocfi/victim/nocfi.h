/* Crashes in code without call frame information for exceptions. */
#ifndef NOCFI_H
#define NOCFI_H

typedef void nocfi_fault(void);

/* In C; in assembly below a frame of pushes, below one with a frame pointer, between a
 * push and the frame pointer, and in the epilogue, when the frame is gone. */
nocfi_fault nocfi_null, asm_pushes, asm_framed, asm_prologue, asm_epilogue;

/* Runs one of them, by its number, below frames of several shapes: nocfi_call, nocfi_room,
 * nocfi_saved. */
long nocfi_call(int fault, long n);

#endif
