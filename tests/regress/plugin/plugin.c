/* A library whose crash is in a function that only its symbol table names. */
static __attribute__((noinline)) void plugin_inner(void)
{
    *(volatile int *)8 = 1;
}

void plugin(void)
{
    plugin_inner();
    __asm__ volatile("");
}
