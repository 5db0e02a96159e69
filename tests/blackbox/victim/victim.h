/* The C part of the victim. */
#include <stdlib.h>

extern void epi_breadcrumb(const char *text); /* of native/epitaph.h */

enum { VICTIM_PLAIN_CALL = 1, VICTIM_CRASH = 2, VICTIM_RESET = 4 };

void victim_crash(void);
void victim_crash_blocked(void);      /* on a thread that blocks SIGSEGV */
void victim_crash_thread(void);       /* on a thread of its own */
int victim_crash_vfork(void);         /* in a child of vfork; its wait status */
void victim_grow(size_t bytes);
void victim_write_crumbs(void);       /* on a thread of its own, for ever */
int victim_fork(int how);             /* the child's wait status */
int victim_fork_has(int fd);          /* is the descriptor open in a child? */
void victim_take_signal(int number);
void victim_spoil(void *page);        /* an access to it faults */
