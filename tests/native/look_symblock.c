/* What the core's look-up says, for a test in Go that compares it with Go's, and how
 * long it takes: look_symblock BLOCK [ROUNDS], with addresses in hexadecimal on
 * standard input.  Without ROUNDS each address has a line and each call one below
 * it; with ROUNDS there is one line: nanoseconds and calls per look-up. */
#include "symblock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long end = ftell(file);
    uint8_t *data = end <= 0 ? NULL : malloc((size_t)end);
    rewind(file);
    if (data != NULL && fread(data, 1, (size_t)end, file) != (size_t)end)
        return NULL;
    fclose(file);
    *size = (size_t)end;
    return data;
}

static const char *text(const char *s)
{
    return s != NULL ? s : "";
}

static void print(const struct epi_symblock *block, uint64_t address)
{
    struct epi_symblock_chain chain;
    struct epi_symblock_call call;
    uint64_t start;
    printf("0x%" PRIx64 "\n", address);
    if (!epi_symblock_find(&chain, block, address, &start))
        return;
    while (epi_symblock_next(&chain, &call))
        printf(" %s|%s|%" PRIu32 "|%d|%d\n", text(call.name), text(call.file), call.line,
               call.inlined, call.near_line);
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void measure(const uint8_t *data, size_t size, const uint64_t *address, size_t count,
                    int rounds)
{
    uint64_t calls = 0, start, began = now();
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            struct epi_symblock block;
            struct epi_symblock_chain chain;
            struct epi_symblock_call call;
            if (epi_symblock_open(&block, data, size) &&
                epi_symblock_find(&chain, &block, address[i], &start))
                while (epi_symblock_next(&chain, &call))
                    calls++;
        }
    }
    double total = (double)count * rounds;
    printf("%.1f %.2f\n", (double)(now() - began) / total, (double)calls / total);
}

int main(int argc, char **argv)
{
    static uint64_t address[1 << 20];
    size_t size = 0, count = 0;
    uint8_t *data = argc < 2 ? NULL : read_file(argv[1], &size);
    struct epi_symblock block;
    if (data == NULL || !epi_symblock_open(&block, data, size)) {
        fprintf(stderr, "look_symblock: no block\n");
        return 1;
    }
    while (count < sizeof address / sizeof address[0] &&
           scanf("%" SCNx64, &address[count]) == 1)
        count++;
    if (argc > 2) {
        measure(data, size, address, count, atoi(argv[2]));
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        print(&block, address[i]);
    return 0;
}
