/* What JIT compilers tell: blocks that are registered, and the list for debuggers, whatever is
 * wrong with them. */
#include "check.h"
#include "codeframes.h"
#include "frameblocks.h"
#include "gdbjit.h"
#include "harness.h"
#include "image.h"
#include "jitfile.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

struct entry {
    uintptr_t next, previous, file;
    uint64_t size;
};
struct {
    uint32_t version, action;
    uintptr_t relevant, first;
} __jit_debug_descriptor = {1, 0, 0, 0};

static struct epi_codemap code;
static struct epi_codeframes frames;
static struct image image;
static uintptr_t libgcc_has;

static void libgcc_takes(void *begin) { libgcc_has = (uintptr_t)begin; }
static void libgcc_drops(void *begin) { libgcc_has -= (uintptr_t)begin; }

static bool covers(uintptr_t pc)
{
    struct epi_cfi_entry entry;
    epi_codeframes_load(&frames, &code, harness_modules);
    return epi_codeframes_find(&frames, pc, &entry) && epi_in(entry.pc, pc);
}

/* Three functions, the last of them first. */
static void make_block(void)
{
    static const struct image_cie cie;
    static const uint8_t nop = 0;
    image_start(&image);
    uintptr_t at = image_cie(&image, &cie);
    for (int i = 2; i >= 0; i--)
        image_fde(&image, at, &cie, image_text(&image) + 0x100 * (uintptr_t)i, 0x80, &nop, 1);
    image_put(&image, 0, 4);
    code.count = 1;
    code.range[0].range = (struct epi_range){image_text(&image), image_text(&image) + 0x1000};
}

static void registered(void)
{
    void *begin = image.bytes + IMAGE_EH_FRAME;
    uintptr_t text = image_text(&image);
    CHECK(!covers(text), "nothing is registered");
    epi_frameblock_register(begin, libgcc_takes);
    epi_frameblock_register(begin, libgcc_takes);
    CHECK(libgcc_has == (uintptr_t)begin, "libgcc was not told");
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(covers(text + 0x100 * i) && covers(text + 0x100 * i + 0x7f) &&
                  !covers(text + 0x100 * i + 0x80),
              "function %d", (int)i);
    CHECK(frames.count == 3, "%d entries: it counts twice", (int)frames.count);
    code.range[0].range.end = text + 0x100;
    CHECK(covers(text) && !covers(text + 0x100), "an entry for memory that is no code");
    code.range[0].range.end = text + 0x1000;
    epi_frameblock_deregister(begin, libgcc_drops);
    CHECK(libgcc_has == 0 && !covers(text), "taken back");
    for (int i = 0; i < EPI_FRAMEBLOCKS + 1; i++)
        epi_frameblock_register((void *)(uintptr_t)(i * 16 + 8), libgcc_takes);
    CHECK(!covers(text), "blocks where no memory is");
    for (int i = 0; i < EPI_FRAMEBLOCKS + 1; i++)
        epi_frameblock_deregister((void *)(uintptr_t)(i * 16 + 8), libgcc_drops);
    epi_frameblock_register(begin, libgcc_takes);
    CHECK(covers(text), "the places are free again");
    epi_frameblock_deregister(begin, libgcc_drops);
}

static unsigned files(void)
{
    struct epi_gdbjit walk;
    struct epi_range file;
    unsigned n = 0;
    epi_gdbjit_start(&walk, harness_modules);
    while (epi_gdbjit_next(&walk, &file))
        n++;
    return n;
}

static void list(void)
{
    static struct entry entry[4];
    epi_gdbjit_prepare();
    CHECK(files() == 0, "an empty list");
    for (int i = 0; i < 4; i++)
        entry[i] = (struct entry){i < 3 ? (uintptr_t)&entry[i + 1] : 0, 0, 0x1000, 64};
    __jit_debug_descriptor.first = (uintptr_t)entry;
    CHECK(files() == 4, "%u files", files());
    entry[3].next = (uintptr_t)&entry[1];
    CHECK(files() >= 4 && files() < 16, "a ring: %u files", files());
    entry[3].next = (uintptr_t)&entry[3];
    CHECK(files() >= 4 && files() < 16, "a loop: %u files", files());
    entry[1].next = 16;
    CHECK(files() == 2, "an end in the wild: %u files", files());
    entry[0].size = UINT64_MAX; /* wraps */
    entry[1].file = 0;
    CHECK(files() == 0, "no files: %u", files());
    __jit_debug_descriptor.version = 2;
    entry[0].size = 1;
    CHECK(files() == 0, "another version");
}

/* Every byte of a small file is damaged in turn; what is found then lies anywhere, and nothing
 * faults or hangs. */
static void damaged_file(void)
{
    static struct {
        Elf64_Ehdr header;
        Elf64_Shdr section[4];
        Elf64_Sym symbol[2];
        char strings[32];
        unsigned char frames[64];
    } elf, good;
    static struct epi_perfmap names;
    struct epi_range found, file = {(uintptr_t)&elf, (uintptr_t)(&elf + 1)};
    memcpy(good.header.e_ident, ELFMAG, SELFMAG);
    good.header.e_ident[EI_CLASS] = ELFCLASS64;
    good.header.e_shoff = offsetof(__typeof__(elf), section);
    good.header.e_shentsize = sizeof good.section[0];
    good.header.e_shnum = 4;
    good.header.e_shstrndx = 3;
    memcpy(good.strings, "\0.eh_frame\0function", 20);
    good.section[1] = (Elf64_Shdr){.sh_name = 1, .sh_type = SHT_PROGBITS,
        .sh_offset = offsetof(__typeof__(elf), frames), .sh_size = sizeof good.frames};
    good.section[2] = (Elf64_Shdr){.sh_type = SHT_SYMTAB, .sh_link = 3,
        .sh_offset = offsetof(__typeof__(elf), symbol), .sh_size = sizeof good.symbol,
        .sh_entsize = sizeof good.symbol[0]};
    good.section[3] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
        .sh_offset = offsetof(__typeof__(elf), strings), .sh_size = sizeof good.strings};
    good.symbol[1] = (Elf64_Sym){.st_name = 11, .st_info = STT_FUNC, .st_shndx = 1,
                                 .st_value = 0x5000, .st_size = 16};
    elf = good;
    epi_perfmap_want(&names, 0x5008);
    epi_jitfile_names(file, &names, UINT64_MAX);
    const struct epi_perfmap_name *name = epi_perfmap_find(&names, 0x5008);
    CHECK(name != NULL && strcmp(name->name, "function") == 0, "no name");
    CHECK(epi_jitfile_frames(file, &found) && found.start == (uintptr_t)elf.frames &&
              found.end - found.start == sizeof elf.frames, "no frames");
    for (size_t i = 0; i < sizeof elf * 8; i++) {
        elf = good;
        ((unsigned char *)&elf)[i / 8] ^= (unsigned char)(1 << i % 8);
        names.name[0].start = 0;
        epi_jitfile_names(file, &names, UINT64_MAX);
        epi_jitfile_frames(file, &found);
    }
    elf = good;
    for (file.end = file.start; file.end < (uintptr_t)(&elf + 1); file.end++) {
        names.name[0].start = 0;
        epi_jitfile_names(file, &names, UINT64_MAX);
        CHECK(names.name[0].start == 0 || file.end > (uintptr_t)elf.strings,
              "a name from behind the end");
    }
}

int main(void)
{
    harness_start(NULL);
    make_block();
    registered();
    list();
    damaged_file();
    image_free(&image);
    return check_result();
}
