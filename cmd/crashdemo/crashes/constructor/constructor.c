// The library of the kind dlopen-constructor: compiled and loaded when that kind runs. It stands alone and needs no
// header, so that any C compiler will do.
void crash_dlopen_constructor(void);

__attribute__((constructor, noinline)) void crash_dlopen_constructor(void) {
    volatile int *p = 0;
    __asm__ volatile("" : "+r"(p));
    *p = 1;
}
