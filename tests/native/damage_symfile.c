/* Look-ups in damaged symbol tables: in that of the program's own file, which is mapped for
 * the time until there is a block, and in the headers, the dynamic section and the hash table
 * of a loaded module, for which a copy of the vDSO stands.
 *
 *   damage_symfile MILLIONS SEED
 *
 * It prints how many look-ups it made of each, and how many of them found a function. */
#include "draw.h"
#include "fuzz.h"
#include "harness.h"

#include "dynsym.h"
#include "symbols.h"
#include "symfile.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define A_ROUND 64 /* look-ups between two damages */
#define CHANGES 8

struct change {
    uint8_t *at, was;
};

static struct change change[CHANGES];
static unsigned changes;

static void put(uint8_t *at)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    change[changes++] = (struct change){at, *at};
    *at = draw(2) == 0 ? odd[draw(sizeof odd)] : (uint8_t)draw(256);
}

static void mend(void)
{
    while (changes > 0) {
        changes--;
        *change[changes].at = change[changes].was;
    }
}

/* Damage anywhere in it, and near each other where it starts a row of them. */
static void damage(uint8_t *data, size_t size)
{
    size_t at = draw(size);
    for (unsigned n = 1 + (unsigned)draw(CHANGES); n > 0; n--) {
        at = draw(3) == 0 ? draw(size) : (at + draw(16)) % size;
        put(data + at);
    }
}

struct tally {
    uint64_t lookups, found;
};

static void look(struct tally *tally, const struct epi_module *module, uintptr_t pc)
{
    static struct epi_symbols symbols;
    static struct epi_symbol symbol;
    uint32_t work = 1 << 20;
    struct epi_range function;
    tally->lookups++;
    if (!epi_symbols_find(&symbols, module, pc, &symbol))
        return;
    tally->found++;
    MUST(epi_symbols_count(&symbols) == 1 && epi_symbols_next(&symbols, &symbol));
    MUST(memchr(symbol.name, 0, sizeof symbol.name) != NULL && symbol.line == 0);
    MUST(!epi_symbols_next(&symbols, &symbol));
    if (epi_symbols_function(module, pc, &function, &work))
        MUST(function.start <= pc && (function.end > pc || function.end < function.start));
}

/* The program's own file. */
static struct {
    struct epi_module module;
    uint8_t *symbols, *strings;
    size_t symbols_size, strings_size;
} own;

static void make_writable(uint8_t *data, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)data / page * page;
    MUST(mprotect((void *)from, (uintptr_t)data + size - from, PROT_READ | PROT_WRITE) == 0);
}

static void open_own(void)
{
    own.module = *epi_modules_find(harness_modules, (uintptr_t)open_own);
    epi_symfile_map(&own.module);
    const struct epi_symfile *file = epi_symfile_of(&own.module);
    MUST(file != NULL);
    own.symbols = (uint8_t *)file->symbols;
    own.symbols_size = file->count * sizeof(Elf64_Sym);
    own.strings = (uint8_t *)file->strings;
    own.strings_size = file->strings_size;
    make_writable(own.symbols, own.symbols_size);
    make_writable(own.strings, own.strings_size);
}

static void own_round(struct tally *tally)
{
    if (draw(4) == 0)
        damage(own.strings, own.strings_size);
    else
        damage(own.symbols, own.symbols_size);
    struct epi_range text = own.module.text[0];
    for (unsigned i = 0; i < A_ROUND; i++)
        look(tally, &own.module, text.start + draw(text.end - text.start));
    mend();
}

/* A module in memory, with pages around it that cannot be read. */
static struct {
    uint8_t *data;
    size_t size;
    uint64_t refused;
} loaded;

static void open_loaded(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
    const struct epi_module *module =
        vdso == 0 ? NULL : epi_modules_find(harness_modules, vdso);
    if (module == NULL)
        return; /* an emulator has none */
    loaded.size = (module->extent.end - module->extent.start + page - 1) / page * page;
    uint8_t *all = mmap(NULL, loaded.size + 2 * page, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(all != MAP_FAILED &&
         mprotect(all + page, loaded.size, PROT_READ | PROT_WRITE) == 0);
    loaded.data = all + page;
    memcpy(loaded.data, (const void *)vdso, loaded.size);
}

static void damage_loaded(const struct epi_module *module)
{
    struct epi_dynsym table;
    size_t dynamic = module->dynamic - (uintptr_t)loaded.data;
    switch (draw(4)) {
    case 0: /* the header, and the program headers behind it */
        damage(loaded.data, sizeof(Elf64_Ehdr) + 8 * sizeof(Elf64_Phdr));
        return;
    case 1:
        damage(loaded.data + dynamic, 16 * sizeof(Elf64_Dyn));
        return;
    case 2:
        if (epi_dynsym_open(&table, module)) {
            damage((uint8_t *)table.symbols, 12 * sizeof(Elf64_Sym));
            return;
        }
    }
    damage(loaded.data, dynamic); /* hashes, names */
}

static void loaded_round(struct tally *tally)
{
    static struct epi_module whole, module;
    struct epi_dynsym table;
    Elf64_Sym found;
    MUST(epi_module_from_image(&whole, (uintptr_t)loaded.data));
    damage_loaded(&whole);
    memset(&module, 0, sizeof module);
    if (!epi_module_from_image(&module, (uintptr_t)loaded.data)) {
        loaded.refused++;
        module = whole;
    }
    for (unsigned i = 0; i < A_ROUND; i++)
        look(tally, &module, module.bias + draw(loaded.size));
    if (epi_dynsym_open(&table, &module) &&
        epi_dynsym_find(&table, "__vdso_clock_gettime", &found))
        MUST(found.st_shndx != SHN_UNDEF);
    mend();
}

int main(int argc, char **argv)
{
    struct tally file = {0}, memory = {0};
    MUST(argc == 3);
    uint64_t most = strtoull(argv[1], NULL, 10) * 1000000;
    draw_state = strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    harness_start(NULL);
    open_own();
    open_loaded();
    while (file.lookups + memory.lookups < most)
        if (loaded.data == NULL || draw(8) == 0)
            own_round(&file);
        else
            loaded_round(&memory);
    printf("file: %" PRIu64 " look-ups, %" PRIu64 " with an answer; "
           "memory: %" PRIu64 ", %" PRIu64 ", %" PRIu64 " headers refused\n",
           file.lookups, file.found, memory.lookups, memory.found, loaded.refused);
    return file.found == 0 || (loaded.data != NULL && memory.found == 0);
}
