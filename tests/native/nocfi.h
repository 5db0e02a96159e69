/* Functions that are built without call frame information, by several sets of flags. */
#ifndef NOCFI_H
#define NOCFI_H

typedef void nocfi_at(void *at);

/* Each ends in a call of STOP, from frames of many shapes; 4 is how many shapes there are, of
 * DEPTH frames each. */
#define NOCFI_SHAPES 4
#define NOCFI_DEPTH 3
typedef long nocfi_run(int shape, nocfi_at *stop);

nocfi_run nocfi_O0, nocfi_O1, nocfi_O2, nocfi_O2_fp, nocfi_Os;

/* Where the functions that run now return to, innermost first. */
extern void *nocfi_returns[8];
extern int nocfi_count;

#endif
