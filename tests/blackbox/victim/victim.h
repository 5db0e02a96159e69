/* The C part of the victim. */
#include <stdlib.h>

extern void epi_breadcrumb(const char *text); /* of native/epitaph.h */

enum { VICTIM_PLAIN_CALL = 1, VICTIM_CRASH = 2 };

void victim_crash(void);
void victim_crash_blocked(void);      /* on a thread that blocks SIGSEGV */
void victim_grow(size_t bytes);
void victim_write_crumbs(void);       /* on a thread of its own, for ever */
int victim_fork(int how);             /* the child's wait status */
