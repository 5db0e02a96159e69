// host LIBRARY CASE [off]: loads the library, and does not link with Go.
// With HANDLER in its environment it has a handler of its own before that, or after the library
// has enabled Epitaph: HANDLER=after.
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void handler(int number, siginfo_t *info, void *context) {
    static const char line[] = "the host's handler\n";
    (void)number, (void)info, (void)context;
    _exit(write(1, line, sizeof line - 1) < 0 ? 1 : 42);
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const char *when = getenv("HANDLER");
    bool after = when != NULL && strcmp(when, "after") == 0;
    if (when != NULL && !after) {
        sigaction(SIGSEGV, &action, NULL);
    }
    void *library = argc >= 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (library == NULL) {
        return 1;
    }
    if (argc == 3) {
        void (*enable)(void) = (void (*)(void))dlsym(library, "LibraryEnable");
        enable();
    }
    if (after) {
        sigaction(SIGSEGV, &action, NULL);
    }
    void (*run)(const char *) = (void (*)(const char *))dlsym(library, "LibraryRun");
    run(argv[2]);
    puts("went on");
    return 3;
}
