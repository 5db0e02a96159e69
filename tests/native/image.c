#include "image.h"
#include "dwarf_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void image_start(struct image *image)
{
    /* A page that cannot be read stands behind it, so that reading too far is
     * seen. */
    uint8_t *bytes = mmap((void *)IMAGE_ADDRESS, IMAGE_SIZE + 4096, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED ||
        mprotect(bytes, IMAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
        abort();
    memset(image, 0, sizeof *image);
    image->bytes = bytes;
    image->at = IMAGE_EH_FRAME;
    struct epi_module *module = &image->module;
    module->extent = (struct epi_range){(uintptr_t)bytes, (uintptr_t)bytes + IMAGE_SIZE};
    module->text[0] = (struct epi_range){image_text(image), module->extent.end};
    module->eh_frame = (struct epi_range){(uintptr_t)bytes + IMAGE_EH_FRAME,
                                          image_text(image)};
}

void image_free(struct image *image)
{
    munmap(image->bytes, IMAGE_SIZE + 4096);
}

void image_put(struct image *image, uint64_t value, unsigned size)
{
    image_put_bytes(image, &value, size);
}

void image_put_bytes(struct image *image, const void *bytes, size_t n)
{
    if (image->at + n > IMAGE_TEXT)
        abort();
    memcpy(image->bytes + image->at, bytes, n);
    image->at += n;
}

static uintptr_t here(const struct image *image)
{
    return (uintptr_t)image->bytes + image->at;
}

/* Leaves room for the length; end_unit fills it in. */
static size_t start_unit(struct image *image, bool wide)
{
    if (wide)
        image_put(image, UINT32_MAX, 4);
    size_t length_at = image->at;
    image_put(image, 0, wide ? 8 : 4);
    return length_at;
}

static void end_unit(struct image *image, size_t length_at, bool wide)
{
    unsigned size = wide ? 8 : 4;
    while (image->at % 8 != 4)
        image_put(image, 0, 1);
    uint64_t length = image->at - length_at - size;
    memcpy(image->bytes + length_at, &length, size);
}

static uint8_t encoding_of(const struct image_cie *cie)
{
    if (cie->encoding == 0xfe)
        return EPI_PE_ABSPTR;
    return cie->encoding == 0 ? EPI_PE_PCREL | EPI_PE_SDATA4 : cie->encoding;
}

static const char *augmentation_of(const struct image_cie *cie)
{
    return cie->augmentation == NULL ? "zR" : cie->augmentation;
}

uintptr_t image_cie(struct image *image, const struct image_cie *cie)
{
    static const uint8_t usual[] = {0x0c, EPI_REG_SP, 8, 0x80 | EPI_REG_RA, 1};
    const char *augmentation = augmentation_of(cie);
    uintptr_t address = here(image);
    size_t length_at = start_unit(image, cie->wide);
    uint8_t version = cie->version == 0 ? 1 : cie->version;
    image_put(image, 0, 4);
    image_put(image, version, 1);
    image_put_bytes(image, augmentation, strlen(augmentation) + 1);
    if (version == 4)
        image_put(image, 8, 2); /* address size, segment selector size */
    if (strncmp(augmentation, "eh", 2) == 0)
        image_put(image, 0x1234, 8);
    image_put(image, cie->code_align == 0 ? 1 : cie->code_align, 1);
    image_put(image, (uint64_t)((cie->data_align == 0 ? -8 : cie->data_align) & 0x7f), 1);
    image_put(image, cie->return_column == 0 ? EPI_REG_RA : cie->return_column, 1);
    if (augmentation[0] == 'z') {
        size_t size_at = image->at;
        image_put(image, 0, 1);
        for (const char *c = augmentation + 1; *c != '\0'; c++)
            switch (*c) {
            case 'R': image_put(image, encoding_of(cie), 1); break;
            case 'L': image_put(image, EPI_PE_PCREL | EPI_PE_SDATA4, 1); break;
            case 'P':
                image_put(image, EPI_PE_INDIRECT | EPI_PE_PCREL | EPI_PE_SDATA4, 1);
                image_put(image, 0x10, 4);
                break;
            case 'X': image_put(image, 0x55aa, 2); break;
            }
        image->bytes[size_at] = (uint8_t)(image->at - size_at - 1);
    }
    if (cie->initial != NULL)
        image_put_bytes(image, cie->initial, cie->initial_size);
    else
        image_put_bytes(image, usual, sizeof usual);
    end_unit(image, length_at, cie->wide);
    return address;
}

/* A pointer to TARGET, in the encodings that the tests use. */
static void put_pointer(struct image *image, uint8_t encoding, uintptr_t target)
{
    if (encoding == EPI_PE_ALIGNED) {
        while (image->at % 8 != 0)
            image_put(image, 0, 1);
        image_put(image, target, 8);
        return;
    }
    if ((encoding & EPI_PE_INDIRECT) != 0) {
        uintptr_t cell = (uintptr_t)image->bytes + IMAGE_CELL;
        memcpy((void *)cell, &target, sizeof target);
        target = cell;
    }
    if ((encoding & EPI_PE_BASE) == EPI_PE_PCREL)
        target -= here(image);
    else if ((encoding & EPI_PE_BASE) == EPI_PE_DATAREL)
        target -= image->module.eh_frame_hdr;
    unsigned size = epi_dwarf_pointer_size(encoding & EPI_PE_FORMAT);
    if (size != 0) {
        image_put(image, target, size);
        return;
    }
    for (int i = 0; i < 9; i++) /* LEB128, padded */
        image_put(image, (target >> 7 * i & 0x7f) | 0x80, 1);
    image_put(image, target >> 63 == 0 ? 0 : 0x7f, 1);
}

uintptr_t image_fde(struct image *image, uintptr_t cie_address,
                    const struct image_cie *cie, uintptr_t pc, uint32_t length,
                    const uint8_t *instructions, size_t n)
{
    uint8_t encoding = encoding_of(cie);
    uintptr_t address = here(image);
    size_t length_at = start_unit(image, cie->wide);
    image_put(image, here(image) - cie_address, 4);
    put_pointer(image, encoding, pc);
    put_pointer(image, encoding == EPI_PE_ALIGNED ? encoding : encoding & EPI_PE_FORMAT,
                length);
    if (augmentation_of(cie)[0] == 'z') {
        image_put(image, 4, 1);
        image_put(image, 0x7777, 4);
    }
    image_put_bytes(image, instructions, n);
    end_unit(image, length_at, cie->wide);
    return address;
}

void image_header(struct image *image, uint8_t encoding, const uintptr_t (*entries)[2],
                  size_t n)
{
    image_put(image, 0, 4);
    size_t end = image->at;
    image->at = 0;
    image->module.eh_frame_hdr = (uintptr_t)image->bytes;
    image_put(image, 1, 1);
    image_put(image, EPI_PE_PCREL | EPI_PE_SDATA4, 1);
    image_put(image, encoding == EPI_PE_OMIT ? EPI_PE_OMIT : EPI_PE_UDATA4, 1);
    image_put(image, encoding, 1);
    image_put(image, (uint64_t)(IMAGE_EH_FRAME - image->at), 4);
    if (encoding != EPI_PE_OMIT) {
        image_put(image, n, 4);
        for (size_t i = 0; i < n; i++) {
            put_pointer(image, encoding, entries[i][0]);
            put_pointer(image, encoding, entries[i][1]);
        }
    }
    image->at = end;
}
