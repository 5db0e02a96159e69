/* LLVM hands over the object that it has linked, and writes into its section headers where it
 * has put each section; the call frame information in the object itself still lacks its
 * relocations.  Others make a small file for each function, whose sections are only there. */
#include "jitfile.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../memory/peek.h"

#include <elf.h>

#define SYMBOLS_MAX (1u << 20)

/* Symbols and sections between two looks at the clock. */
#define A_LOOK 256

struct elf {
    struct epi_range file;
    Elf64_Ehdr header;
};

static EPI_SAFE bool within(const struct elf *elf, uint64_t offset, uint64_t size)
{
    uint64_t all = elf->file.end - elf->file.start;
    return offset <= all && size <= all - offset;
}

static EPI_SAFE bool open_elf(struct elf *elf, struct epi_range file)
{
    const Elf64_Ehdr *header = &elf->header;
    elf->file = file;
    return within(elf, 0, sizeof *header) &&
           epi_peek(&elf->header, file.start, sizeof *header) &&
           epi_equal(header->e_ident, ELFMAG, SELFMAG) &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_shentsize == sizeof(Elf64_Shdr) &&
           within(elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr));
}

static EPI_SAFE bool read_section(const struct elf *elf, uint32_t i, Elf64_Shdr *section)
{
    return i < elf->header.e_shnum &&
           epi_peek(section, elf->file.start + elf->header.e_shoff + i * sizeof *section,
                    sizeof *section);
}

/* The contents of SECTION in the file. */
static EPI_SAFE bool contents(const struct elf *elf, const Elf64_Shdr *section,
                              struct epi_range *range)
{
    if (section->sh_type == SHT_NOBITS || !within(elf, section->sh_offset, section->sh_size))
        return false;
    range->start = elf->file.start + section->sh_offset;
    range->end = range->start + section->sh_size;
    return true;
}

static EPI_SAFE bool is_named(struct epi_range names, const Elf64_Shdr *section, const char *name)
{
    char text[16];
    return section->sh_name < names.end - names.start &&
           epi_peek_string(text, sizeof text, names.start + section->sh_name) &&
           epi_streq(text, name);
}

/* Does the memory at SECTION's address begin as its contents do?  The first word is a length,
 * which relocations leave alone. */
static EPI_SAFE bool is_loaded(const Elf64_Shdr *section, struct epi_range inside)
{
    uint64_t there, here;
    return section->sh_addr != 0 && section->sh_addr + section->sh_size > section->sh_addr &&
           epi_peek64(&there, section->sh_addr) && epi_peek64(&here, inside.start) &&
           (uint32_t)there == (uint32_t)here;
}

EPI_SAFE bool epi_jitfile_frames(struct epi_range file, struct epi_range *frames)
{
    struct elf elf;
    Elf64_Shdr section;
    struct epi_range names;
    if (!open_elf(&elf, file) || !read_section(&elf, elf.header.e_shstrndx, &section) ||
        !contents(&elf, &section, &names))
        return false;
    for (uint32_t i = 0; i < elf.header.e_shnum; i++) {
        if (!read_section(&elf, i, &section))
            return false;
        if (section.sh_size < 2 * sizeof(uint64_t) || !is_named(names, &section, ".eh_frame") ||
            !contents(&elf, &section, frames))
            continue;
        if (is_loaded(&section, *frames))
            *frames = (struct epi_range){section.sh_addr, section.sh_addr + section.sh_size};
        return true;
    }
    return false;
}

/* Where SYMBOL is; in a relocatable file its value counts from its section. */
static EPI_SAFE bool address_of(const struct elf *elf, const Elf64_Sym *symbol, uint64_t *address)
{
    Elf64_Shdr section;
    *address = symbol->st_value;
    if (elf->header.e_type != ET_REL || symbol->st_shndx >= SHN_LORESERVE)
        return true;
    if (!read_section(elf, symbol->st_shndx, &section))
        return false;
    *address += section.sh_addr;
    return true;
}

/* Gives NAMES those that are in the function of SYMBOL. */
static EPI_SAFE void give(struct epi_perfmap *names, const struct elf *elf,
                          const Elf64_Sym *symbol, struct epi_range strings)
{
    uint64_t start;
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
        symbol->st_name >= strings.end - strings.start || !address_of(elf, symbol, &start))
        return;
    struct epi_range function = {start, start + (symbol->st_size != 0 ? symbol->st_size : 1)};
    for (uint32_t i = 0; i < names->count; i++) {
        struct epi_perfmap_name *name = &names->name[i];
        if (name->start != 0 || !epi_in(function, name->pc))
            continue;
        epi_peek_string(name->name, sizeof name->name, strings.start + symbol->st_name);
        name->start = name->name[0] != '\0' ? function.start : 0;
    }
}

static EPI_SAFE void read_symbols(struct epi_perfmap *names, const struct elf *elf,
                                  const Elf64_Shdr *section, uint64_t deadline)
{
    Elf64_Shdr linked;
    Elf64_Sym symbol;
    struct epi_range table, strings;
    if (section->sh_entsize != sizeof symbol || !contents(elf, section, &table) ||
        !read_section(elf, section->sh_link, &linked) || !contents(elf, &linked, &strings))
        return;
    for (uint32_t i = 0; i < section->sh_size / sizeof symbol && i < SYMBOLS_MAX; i++) {
        if (!epi_peek(&symbol, table.start + i * sizeof symbol, sizeof symbol) ||
            (i % A_LOOK == 0 && epi_now() > deadline))
            return;
        give(names, elf, &symbol, strings);
    }
}

EPI_SAFE void epi_jitfile_names(struct epi_range file, struct epi_perfmap *names,
                                uint64_t deadline)
{
    struct elf elf;
    Elf64_Shdr section;
    if (!open_elf(&elf, file))
        return;
    for (uint32_t i = 0; i < elf.header.e_shnum; i++)
        if (!read_section(&elf, i, &section) || (i % A_LOOK == 0 && epi_now() > deadline))
            return;
        else if (section.sh_type == SHT_SYMTAB)
            read_symbols(names, &elf, &section, deadline);
}
