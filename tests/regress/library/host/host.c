// host LIBRARY CASE [off]: loads the library, and does not link with Go.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    void *library = argc >= 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (library == NULL) {
        return 1;
    }
    if (argc == 3) {
        void (*enable)(void) = (void (*)(void))dlsym(library, "LibraryEnable");
        enable();
    }
    void (*run)(const char *) = (void (*)(const char *))dlsym(library, "LibraryRun");
    run(argv[2]);
    puts("went on");
    return 3;
}
