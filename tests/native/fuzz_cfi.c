/* Input: where PC is, how .eh_frame is to be found, then a module's memory
 * from .eh_frame_hdr on, as image.h lays it out. */
#include "dwarf_expr.h"
#include "fuzz.h"
#include "harness.h"
#include "image.h"

#include <string.h>

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image image;
    static struct epi_modules none;
    static struct epi_rule_cache cache;
    static uint64_t stack[256];
    if (image.bytes == NULL) {
        harness_start(NULL);
        image_start(&image);
        for (size_t i = 0; i < EPI_COUNT(stack); i++)
            stack[i] = (uintptr_t)&stack[(i * 7) % EPI_COUNT(stack)];
    }
    if (size < HEAD)
        return 0;
    uintptr_t pc = image_text(&image) + data[0] + 256u * data[1];
    size_t n = size - HEAD < IMAGE_SIZE ? size - HEAD : IMAGE_SIZE;
    memset(image.bytes, 0, IMAGE_SIZE);
    memcpy(image.bytes, data + HEAD, n);
    image.module.eh_frame_hdr = (data[2] & 1) != 0 ? 0 : (uintptr_t)image.bytes;

    struct epi_cfi_entry entry;
    if (epi_cfi_find(&image.module, pc, &entry)) {
        struct epi_range extent = image.module.extent;
        MUST(epi_in(entry.pc, pc));
        MUST(entry.instructions.start <= entry.instructions.end &&
             entry.instructions.start >= extent.start && entry.instructions.end <= extent.end);
        MUST(entry.initial.start <= entry.initial.end &&
             entry.initial.start >= extent.start && entry.initial.end <= extent.end);
    }

    struct epi_regs regs;
    for (unsigned i = 0; i < EPI_NREGS; i++)
        regs.r[i] = (uintptr_t)&stack[32 + 8 * i];
    regs.r[EPI_REG_SP] = (uintptr_t)&stack[16];
    regs.r[EPI_REG_PC] = pc;
    regs.known = EPI_BIT(EPI_NREGS) - 1;
    struct epi_cursor cursors[2];
    enum epi_step steps[2];
    for (int i = 0; i < 2; i++) {
        struct epi_cursor *cursor = &cursors[i];
        epi_cursor_start(cursor, &none, NULL, i == 0 ? NULL : &cache, &regs);
        epi_zero(&cache, sizeof cache);
        steps[i] = epi_cfi_step(cursor, &image.module);
        /* What failed has changed nothing. */
        MUST(steps[i] == EPI_STEP_OK || memcmp(&cursor->regs, &regs, sizeof regs) == 0);
    }
    /* The cache makes no difference. */
    MUST(steps[0] == steps[1]);
    MUST(cursors[0].regs.known == cursors[1].regs.known);
    for (unsigned i = 0; i < EPI_NREGS; i++)
        MUST((cursors[0].regs.known >> i & 1) == 0 ||
             cursors[0].regs.r[i] == cursors[1].regs.r[i]);

    uint64_t result;
    epi_expr_evaluate((uintptr_t)image.bytes, n, &regs, &regs.r[0], &result);
    return 0;
}
