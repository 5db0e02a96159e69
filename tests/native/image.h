/* Assembles a module that has nothing but .eh_frame_hdr, .eh_frame and a text
 * range, in memory of its own. */
#ifndef IMAGE_H
#define IMAGE_H

#include "cfi.h"

/* Where images go if there is room, so that absolute addresses in a fuzzer's
 * seed stay right. */
#define IMAGE_ADDRESS 0x5e0000000000
#define IMAGE_SIZE 0x10000
#define IMAGE_CELL 0x3f8 /* what indirect pointers go through */
#define IMAGE_EH_FRAME 0x400
#define IMAGE_TEXT 0x8000 /* addresses only; there is no code */

struct image {
    uint8_t *bytes; /* IMAGE_SIZE of them; what follows is not mapped */
    size_t at;      /* where the next byte of .eh_frame goes */
    struct epi_module module;
};

/* How a CIE is to be written; zeroed fields have the usual values. */
struct image_cie {
    uint8_t version;          /* 1 */
    const char *augmentation; /* "zR" */
    uint8_t encoding;         /* EPI_PE_PCREL | EPI_PE_SDATA4; 0xfe: absptr */
    uint8_t code_align;       /* 1 */
    int8_t data_align;        /* -8 */
    uint8_t return_column;    /* EPI_REG_RA */
    bool wide;                /* 64-bit length */
    const uint8_t *initial;   /* def_cfa SP+8, the return address at cfa-8 */
    size_t initial_size;
};

void image_start(struct image *image);
void image_free(struct image *image);

void image_put(struct image *image, uint64_t value, unsigned size);
void image_put_bytes(struct image *image, const void *bytes, size_t n);

/* Both return the address of what they wrote. */
uintptr_t image_cie(struct image *image, const struct image_cie *cie);
uintptr_t image_fde(struct image *image, uintptr_t cie_address,
                    const struct image_cie *cie, uintptr_t pc, uint32_t length,
                    const uint8_t *instructions, size_t n);

/* Ends .eh_frame and writes a header with a table of N entries whose pointers
 * have the ENCODING; sorted by the caller. */
void image_header(struct image *image, uint8_t encoding, const uintptr_t (*entries)[2],
                  size_t n);

static inline uintptr_t image_text(const struct image *image)
{
    return (uintptr_t)image->bytes + IMAGE_TEXT;
}

#endif
