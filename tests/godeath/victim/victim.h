#include <stdbool.h>

int victim_sleeper(void);   /* starts a C thread that sleeps in victim_sleeps; its id */
void victim_callback(void); /* a new C thread calls Go, which panics */
void victim_coroutine(void); /* calls Go on a stack that the runtime does not know */
void victim_null(void);
void victim_null_on_thread(void);
void victim_null_later(void); /* on another thread, 0.3 s from now */
void victim_refuse_fork(bool kill); /* one is death, or EPERM; threads can be started */
void victim_refuse(int call, int error); /* of the system: from now on, the error */
