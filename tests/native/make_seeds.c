/* Writes the seed corpora of the fuzzers: make_seeds DIRECTORY. Run by hand
 * when the layouts of fuzz_cfi.c or fuzz_walk.c change. */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *directory;
static unsigned number;

static void save(const char *target, const void *head, size_t head_size, const void *bytes,
                 size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/seed-%02u", directory, target, number++);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(head, 1, head_size, file) != head_size ||
        fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* One of each kind of instruction, in plausible order. */
static const uint8_t prologue[] = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x83, 3, 0x0a,
                                   0x44, 0x0c, 7, 8, 0x0b, 0x08, 3, 0x06, 6, 0x2e, 8};
static const uint8_t extended[] = {0x02, 4, 0x05, 12, 2, 0x03, 4, 0, 0x11, 13, 0x7e, 0x04, 4, 0,
                                   0, 0, 0x14, 14, 2, 0x15, 15, 0x7e, 0x2f, 3, 2, 0x09, 6, 0,
                                   0x07, 3, 0x12, 7, 0x7e, 0x13, 0x7d, 0xc6};
static const uint8_t plt[] = {0x0e, 16, 0x46, 0x0e, 24, 0x4a, 0x0f, 11, 0x77, 8, 0x80, 0,
                              0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
static const uint8_t realigned[] = {0x45, 0x0c, 10, 0, 0x49, 0x10, 6, 2, 0x76, 0, 0x44, 0x0f, 3,
                                    0x76, 0x78, 0x06, 0x10, 3, 2, 0x76, 0x70, 0x16, 12, 2, 0x23, 8};
static const uint8_t signal_frame[] = {0x0f, 4, 0x77, 0xa0, 1, 0x06, 0x10, 6, 3, 0x77, 0xf8, 0,
                                       0x10, 16, 3, 0x77, 0xa8, 1};

static const struct {
    const uint8_t *code;
    size_t size;
} bodies[] = {{prologue, sizeof prologue}, {extended, sizeof extended}, {plt, sizeof plt},
              {realigned, sizeof realigned}, {signal_frame, sizeof signal_frame}};

static void seed_cfi(const struct image_cie *cie, uint8_t table, bool header)
{
    struct image image;
    uintptr_t entries[EPI_COUNT(bodies)][2];
    image_start(&image);
    uintptr_t at = image_cie(&image, cie);
    for (size_t i = 0; i < EPI_COUNT(bodies); i++) {
        entries[i][0] = image_text(&image) + 0x40 * i;
        entries[i][1] =
            image_fde(&image, at, cie, entries[i][0], 0x40, bodies[i].code, bodies[i].size);
    }
    image_header(&image, table, (const uintptr_t(*)[2])entries, EPI_COUNT(bodies));
    for (size_t i = 0; i < EPI_COUNT(bodies); i++) {
        const uint8_t head[4] = {(uint8_t)(0x40 * i + 0x20), (uint8_t)((0x40 * i + 0x20) >> 8),
                                 !header, 0};
        save("cfi", head, sizeof head, image.bytes, image.at);
    }
    image_free(&image);
}

static void seed_walk(unsigned kind)
{
    uint64_t words[17 + 200];
    for (uint64_t i = 0; i < EPI_COUNT(words); i++) {
        uint64_t return_address = i * 8 * 13 % 4096 * 8, stack = (i + 4) << 3 | 2;
        words[i] = kind == 0   ? (i % 2 == 0 ? stack : return_address)
                   : kind == 1 ? (i % 8 == 0 ? return_address : i << 48 | 6)
                   : kind == 2 ? (i % 4 < 2 ? stack - 8 * (i % 16) : return_address)
                               : i << 40 | i << 8 | 5;
    }
    words[7] = 4 << 3 | 2;  /* rsp */
    words[6] = 20 << 3 | 2; /* rbp */
    words[16] = kind * 8 * 100;
    save("walk", words, sizeof words, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    seed_cfi(&(struct image_cie){0}, EPI_PE_DATAREL | EPI_PE_SDATA4, true);
    seed_cfi(&(struct image_cie){.augmentation = "zRS"}, EPI_PE_DATAREL | EPI_PE_SDATA4, true);
    seed_cfi(&(struct image_cie){.augmentation = "zPLR", .version = 3}, EPI_PE_OMIT, true);
    seed_cfi(&(struct image_cie){.wide = true, .version = 4, .encoding = EPI_PE_UDATA8},
             EPI_PE_PCREL | EPI_PE_SDATA8, true);
    seed_cfi(&(struct image_cie){.encoding = EPI_PE_ULEB128}, EPI_PE_OMIT, false);
    number = 0;
    for (unsigned kind = 0; kind < 4; kind++)
        seed_walk(kind);
    return 0;
}
