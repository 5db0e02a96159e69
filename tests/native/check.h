/* Checks that name the place and go on, so that one run shows all failures. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static unsigned check_count, check_failures;

#define CHECK(condition, ...)                                            \
    do {                                                                 \
        check_count++;                                                   \
        if (!(condition) && check_failures++ < 20) {                     \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);       \
            printf(__VA_ARGS__);                                         \
            printf("\n");                                                \
        }                                                                \
    } while (0)

/* For the end of main.  A test that checked nothing has failed. */
static inline int check_result(void)
{
    printf("%u checks, %u failures\n", check_count, check_failures);
    return check_failures != 0 || check_count == 0;
}

#endif
