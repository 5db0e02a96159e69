/* host LIBRARY FUNCTION [DIRECTORY]: loads a Go library and calls a function of
 * it that does not return; with a directory, after Epitaph was enabled.  Where HANDLES
 * is in the environment it handles SIGABRT. */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void handle(int signal)
{
    (void)signal;
    _exit(write(1, "handled\n", 8) == 8 ? 4 : 5);
}

int main(int argc, char **argv)
{
    if (getenv("HANDLES") != 0)
        signal(SIGABRT, handle);
    void *library = dlopen(argv[1], RTLD_NOW);
    if (library == 0)
        return 1;
    if (argc > 3)
        ((void (*)(char *))dlsym(library, "Start"))(argv[3]);
    ((void (*)(void))dlsym(library, argv[2]))();
    return 3;
}
