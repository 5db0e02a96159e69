//go:build linux && cgo

// A heap that the program damaged. What the C library does about it, and by which signal, is its own affair
// (CRASH_HEAP_SIGNAL).
#include "crash.h"

#include <stdlib.h>
#include <string.h>

// Too large for glibc's per-thread cache (1032 bytes), whose blocks are checked much less.
enum { BLOCK = 2000 };

static void *block(void) {
    char *p = malloc(BLOCK);
    if (p == NULL) {
        crash_unavailable("out of memory");
    }
    memset(p, 0x55, BLOCK);
    return crash_hide(p);
}

CRASH_FN void crash_double_free(void) {
    void *p = block();
    void *neighbour = block();
    void *again = crash_hide(p);
    free(p);
    free(again);
    CRASH_KEEP_FRAME();
    free(neighbour);
}

// Writes over the end of one block into the header of the next; free of the first notices.
CRASH_FN void crash_heap_corruption(void) {
    char *first = block(), *second = block();
    // Behind the lower one there is memory for sure.
    char *p = first < second ? first : second;
    memset(crash_hide(p), 0xff, BLOCK + 64);
    free(p);
    CRASH_KEEP_FRAME();
    free(p == first ? second : first);
}

// Faults inside the allocator, which holds the lock of its arena at that moment.
//
// glibc: a freed block that is not at the border of others waits in a doubly linked list; its second word is the back
// link, and malloc of a larger block follows it before it checks it. (The list of the per-thread cache would be shorter
// to damage, but newer versions mangle its links, and it is read without the lock.)
//
// musl keeps its lists away from the blocks; there a pointer that malloc never returned makes free trap.
CRASH_FN void crash_in_malloc(void) {
#ifdef __GLIBC__
    void *before = block();
    void *p = block();
    void *after = block();
    void **links = crash_hide(p);
    free(p);
    links[1] = (void *)(uintptr_t)0x123456789ab0;
    crash_sink = crash_hide(malloc(BLOCK * 2)) != NULL;
    free(before);
    free(after);
#else
    char *p = block();
    free(crash_hide(p + 24));
    CRASH_KEEP_FRAME();
#endif
}
