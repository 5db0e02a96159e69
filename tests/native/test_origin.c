/* Whose code a frame is, where only its file tells: glibc's is a library's, and a program's own
 * file in a directory of the same name is the program's. */
#include "check.h"
#include "origin.h"

int main(void)
{
    static const struct {
        const char *file;
        enum epi_origin want;
    } cases[] = {
        {"nptl/futex-internal.c", EPI_OF_LIBRARY},
        {"./nptl/pthread_create.c", EPI_OF_LIBRARY},
        {"../sysdeps/unix/sysv/linux/x86_64/clone3.S", EPI_OF_LIBRARY},
        {"sysdeps/posix/raise.c", EPI_OF_LIBRARY},
        {"nptl/worker.c", EPI_OF_PROGRAM},
        {"./nptl/queue.c", EPI_OF_PROGRAM},
        {"sysdeps/board.c", EPI_OF_PROGRAM},
        {"src/nptl/pthread_pool.c", EPI_OF_PROGRAM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct epi_origin_hints hints = {.module = "", .file = cases[i].file, .build = ""};
        enum epi_origin is = epi_origin_of("wait_for_work", &hints);
        CHECK(is == cases[i].want, "%s: %d", cases[i].file, (int)is);
    }
    return check_result();
}
