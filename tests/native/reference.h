/* libgcc's unwinder as the reference for a stack that is not damaged.  In a
 * file of its own: its header has the name of one of ours. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#define REFERENCE_MAX 512

struct reference {
    size_t count;
    uintptr_t pc[REFERENCE_MAX]; /* pc[0] is in the function that took it */
    uintptr_t sp[REFERENCE_MAX]; /* libgcc's CFA of the frame */
};

void reference_take(struct reference *reference);

/* Walks the stack and does nothing else. */
size_t reference_count(void);

#endif
