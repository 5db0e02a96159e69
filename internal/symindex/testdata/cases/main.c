int outer(int), cmain(int), asm_sum(int), clamped(int);
int main(int argc, char **argv)
{
    (void)argv;
    return (outer(argc + 5) + cmain(argc) + asm_sum(3)) & 1;
}
