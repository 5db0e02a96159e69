/* Mapping the executable's symbol table.
 *
 * Go builds a block of it within milliseconds, but a program may crash before that, and a
 * machine that is busy may give the builder no time.  Pages that are never read cost
 * address space and nothing else. */
#include "symfile.h"
#include "../base/base.h"

#include <elf.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_SYMBOLS (1u << 22)

static struct {
    struct epi_symfile table;
    uintptr_t start, bias; /* of the module */
    atomic_bool ready;
} mapped;

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool within(const Elf64_Shdr *section, uint64_t file_size)
{
    return section->sh_offset <= file_size && section->sh_size <= file_size - section->sh_offset;
}

/* Where SECTION is then, or 0.  The first page is not mapped: the core takes a mapping of it
 * for a module. */
static uintptr_t map_section(int fd, const Elf64_Shdr *section)
{
    uint64_t skip = section->sh_offset % (uint64_t)sysconf(_SC_PAGESIZE);
    if (section->sh_offset == skip || section->sh_size == 0)
        return 0;
    void *memory = mmap(NULL, section->sh_size + skip, PROT_READ, MAP_PRIVATE, fd,
                        (off_t)(section->sh_offset - skip));
    if (memory == MAP_FAILED)
        return 0;
    munlock(memory, section->sh_size + skip); /* mlockall(MCL_FUTURE) is not meant for this */
    return (uintptr_t)memory + skip;
}

/* A program that was started by "ld.so PROGRAM" is not what /proc/self/exe is. */
static bool is_of_program(int fd, const Elf64_Ehdr *eh)
{
    const Elf64_Phdr *loaded = (const Elf64_Phdr *)getauxval(AT_PHDR);
    if (loaded == NULL || eh->e_phentsize != sizeof *loaded || eh->e_phnum != getauxval(AT_PHNUM))
        return false;
    for (uint32_t i = 0; i < eh->e_phnum; i++) {
        Elf64_Phdr header;
        if (!read_at(fd, &header, sizeof header, eh->e_phoff + i * sizeof header) ||
            memcmp(&header, &loaded[i], sizeof header) != 0)
            return false;
    }
    return true;
}

static bool find_symtab(int fd, const Elf64_Ehdr *eh, Elf64_Shdr *symbols)
{
    for (uint32_t i = 0; i < eh->e_shnum; i++)
        if (!read_at(fd, symbols, sizeof *symbols, eh->e_shoff + i * sizeof *symbols))
            return false;
        else if (symbols->sh_type == SHT_SYMTAB)
            return symbols->sh_entsize == sizeof(Elf64_Sym);
    return false;
}

static bool map_table(int fd, struct epi_symfile *table)
{
    Elf64_Ehdr eh;
    Elf64_Shdr symbols, strings;
    struct stat st;
    if (fstat(fd, &st) != 0 || !read_at(fd, &eh, sizeof eh, 0) || !is_of_program(fd, &eh) ||
        eh.e_shentsize != sizeof symbols || !find_symtab(fd, &eh, &symbols) ||
        symbols.sh_link >= eh.e_shnum ||
        !read_at(fd, &strings, sizeof strings, eh.e_shoff + symbols.sh_link * sizeof strings))
        return false;
    uint64_t size = (uint64_t)st.st_size, count = symbols.sh_size / sizeof(Elf64_Sym);
    if (!within(&symbols, size) || !within(&strings, size) || count > MOST_SYMBOLS)
        return false;
    table->symbols = map_section(fd, &symbols);
    table->strings = map_section(fd, &strings);
    table->strings_size = strings.sh_size;
    table->count = (uint32_t)count;
    return table->symbols != 0 && table->strings != 0;
}

void epi_symfile_map(const struct epi_module *executable)
{
    static bool tried;
    if (tried || executable == NULL)
        return;
    tried = true;
    /* Not by its path, where another file may be by now. */
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    mapped.start = executable->extent.start;
    mapped.bias = executable->bias;
    bool ready = map_table(fd, &mapped.table);
    close(fd);
    atomic_store(&mapped.ready, ready);
}

EPI_SAFE const struct epi_symfile *epi_symfile_of(const struct epi_module *module)
{
    return atomic_load(&mapped.ready) && module->extent.start == mapped.start &&
                   module->bias == mapped.bias
               ? &mapped.table
               : NULL;
}
