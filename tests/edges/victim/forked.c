// A child of fork that does not call exec.
#include "forked.h"

#include <sys/wait.h>
#include <unistd.h>

int victim_fork(victim_function crash, bool shared) {
    int status;
    pid_t child = shared ? vfork() : fork();
    if (child == 0) {
        crash();
        _exit(EXIT_WENT_ON);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return status;
}
