/* Runs a fuzz target without a fuzzer: every seed, and a fixed sequence of
 * mutations of each. The same on every machine, with any compiler.
 *
 *   smoke DIRECTORY ROUNDS */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_MAX 65536

static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % limit;
}

static size_t mutate(uint8_t *data, size_t size)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0b, 0x0f, 0x10, 0x2e};
    for (uint32_t n = 1 + below(8); n > 0 && size > 0; n--) {
        uint32_t at = below((uint32_t)size);
        switch (below(5)) {
        case 0: data[at] ^= (uint8_t)(1u << below(8)); break;
        case 1: data[at] = (uint8_t)below(256); break;
        case 2: data[at] = telling[below(sizeof telling)]; break;
        case 3: size = at + 1; break;
        case 4: /* a piece moves */
            memmove(data + at, data + below((uint32_t)size),
                    size - at < 16 ? size - at : below(16));
            break;
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t seed[INPUT_MAX + 16], data[INPUT_MAX + 16];
    DIR *directory = argc == 3 ? opendir(argv[1]) : NULL;
    unsigned seeds = 0;
    if (directory == NULL) {
        fprintf(stderr, "usage: smoke DIRECTORY ROUNDS\n");
        return 2;
    }
    int rounds = atoi(argv[2]);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file == NULL)
            continue;
        size_t size = fread(seed, 1, INPUT_MAX, file);
        fclose(file);
        seeds++;
        LLVMFuzzerTestOneInput(seed, size);
        for (int i = 0; i < rounds; i++) {
            memcpy(data, seed, size);
            LLVMFuzzerTestOneInput(data, mutate(data, size));
        }
    }
    closedir(directory);
    printf("%u seeds, %d mutations each\n", seeds, rounds);
    return seeds == 0;
}
