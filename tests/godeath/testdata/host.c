/* host LIBRARY FUNCTION [DIRECTORY]: loads a Go library and calls a function of
 * it that does not return; with a directory, after Epitaph was enabled. */
#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *library = dlopen(argv[1], RTLD_NOW);
    if (library == 0)
        return 1;
    if (argc > 3)
        ((void (*)(char *))dlsym(library, "Start"))(argv[3]);
    ((void (*)(void))dlsym(library, argv[2]))();
    return 3;
}
