// A library that has a handler, of which nothing is known, that returns.
#include <errno.h>
#include <signal.h>

static volatile int calls;

static void returns(int number) {
    (void)number;
    calls++;
}

int returns_install(int number) { return signal(number, returns) == SIG_ERR ? errno : 0; }

int returns_calls(void) { return calls; }
