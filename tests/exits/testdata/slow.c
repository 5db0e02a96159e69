#include <unistd.h>

// Runs when the program exits, behind what atexit has registered.
static __attribute__((destructor)) void destroy(void) {
    sleep(2);
}
