/* Threads of C11. */

/* From now on the library at PATH makes them. 0: it cannot. */
int c11_by_library(const char *path);

/* What a thread has returned, which is -42. */
int c11_result(void);

/* A thread overflows its stack. */
void c11_overflow(void);
