/* A module is known by its program headers.  While the process is healthy the
 * loader hands them out; after a fault they are read from the image itself,
 * whose first page (file offset 0, the ELF header) is always mapped.
 *
 * After a fault dl_iterate_phdr is out of the question: it takes the loader's
 * lock, which the crashing thread or a thread in dlopen may hold. */
#include "modules.h"
#include "../base/base.h"
#include "../memory/maps.h"
#include "../memory/peek.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

/* More than any real file has, less than what would take time. */
#define MAX_PROGRAM_HEADERS 128
#define MAX_NOTES 64

/* As the dynamic linker names it, and as /proc/self/maps does. */
#define VDSO         "linux-vdso.so.1"
#define VDSO_MAPPING "[vdso]"

EPI_SAFE bool epi_module_is_vdso(const struct epi_module *module)
{
    return epi_streq(module->path, VDSO) || epi_streq(module->path, VDSO_MAPPING);
}

static EPI_SAFE void set_path(struct epi_module *module, const char *path)
{
    size_t n = epi_strlen(path);
    char *to = module->path;
    size_t room = sizeof module->path - 1;
    if (n > room) {
        /* The end of a path tells more than its beginning. */
        epi_copy(to, "...", 3);
        to += 3, room -= 3;
        path += n - room;
        n = room;
    }
    epi_copy(to, path, n);
    to[n] = '\0';
}

/* NT_GNU_BUILD_ID out of a PT_NOTE segment. */
static EPI_SAFE void find_build_id(struct epi_module *module, struct epi_range notes)
{
    for (int i = 0; i < MAX_NOTES; i++) {
        Elf64_Nhdr note;
        char name[4];
        if (notes.end - notes.start < sizeof note ||
            !epi_peek(&note, notes.start, sizeof note))
            return;
        uintptr_t at = notes.start + sizeof note;
        uint64_t size = (((uint64_t)note.n_namesz + 3) & ~3ull) +
                        (((uint64_t)note.n_descsz + 3) & ~3ull);
        if (size > notes.end - at)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            note.n_descsz <= sizeof module->build_id &&
            epi_peek(name, at, sizeof name) && epi_equal(name, "GNU", 4) &&
            epi_peek(module->build_id, at + 4, note.n_descsz)) {
            module->build_id_size = (uint8_t)note.n_descsz;
            return;
        }
        notes.start = at + size;
    }
}

static EPI_SAFE void add_text(struct epi_module *module, struct epi_range text)
{
    for (size_t i = 0; i < EPI_COUNT(module->text); i++)
        if (module->text[i].end == 0) {
            module->text[i] = text;
            return;
        }
    module->text[EPI_COUNT(module->text) - 1].end = text.end;
}

/* Fills MODULE from COUNT program headers at HEADERS. */
static EPI_SAFE bool from_headers(struct epi_module *module, uintptr_t bias,
                                  uintptr_t headers, unsigned count)
{
    epi_zero(module, sizeof *module);
    module->bias = bias;
    if (count > MAX_PROGRAM_HEADERS)
        return false;
    for (unsigned i = 0; i < count; i++) {
        Elf64_Phdr ph;
        if (!epi_peek(&ph, headers + i * sizeof ph, sizeof ph))
            return false;
        struct epi_range range = {bias + ph.p_vaddr, bias + ph.p_vaddr + ph.p_memsz};
        if (range.end < range.start)
            return false;
        if (ph.p_type == PT_LOAD) {
            if (module->extent.end == 0 || range.start < module->extent.start)
                module->extent.start = range.start;
            if (range.end > module->extent.end)
                module->extent.end = range.end;
            if (ph.p_flags & PF_X)
                add_text(module, range);
        } else if (ph.p_type == PT_GNU_EH_FRAME) {
            module->eh_frame_hdr = range.start;
        } else if (ph.p_type == PT_DYNAMIC) {
            module->dynamic = range.start;
        } else if (ph.p_type == PT_NOTE && module->build_id_size == 0) {
            find_build_id(module, range);
        }
    }
    return module->extent.end != 0;
}

EPI_SAFE bool epi_module_from_image(struct epi_module *module, uintptr_t address)
{
    Elf64_Ehdr eh;
    if (!epi_peek(&eh, address, sizeof eh) ||
        !epi_equal(eh.e_ident, ELFMAG, SELFMAG) ||
        eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(Elf64_Phdr) ||
        eh.e_phnum > MAX_PROGRAM_HEADERS)
        return false;
    uintptr_t headers = address + eh.e_phoff;
    for (unsigned i = 0; i < eh.e_phnum; i++) {
        Elf64_Phdr ph;
        if (!epi_peek(&ph, headers + i * sizeof ph, sizeof ph))
            return false;
        if (ph.p_type == PT_LOAD && ph.p_offset == 0)
            return from_headers(module, address - ph.p_vaddr, headers, eh.e_phnum);
    }
    return false;
}

/* Keeps the table sorted.  False when it is full. */
static EPI_SAFE bool insert(struct epi_modules *table, const struct epi_module *module)
{
    if (table->count == table->capacity)
        return false;
    uint32_t at = table->count;
    for (; at > 0 && table->module[at - 1].extent.start > module->extent.start; at--)
        epi_copy(&table->module[at], &table->module[at - 1], sizeof *module);
    epi_copy(&table->module[at], module, sizeof *module);
    table->count++;
    return true;
}

struct load {
    struct epi_modules *table;
    bool fits;
};

static int add_loaded(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct load *load = arg;
    struct epi_module module;
    if (size >= offsetof(struct dl_phdr_info, dlpi_tls_modid)) {
        load->table->adds = info->dlpi_adds;
        load->table->subs = info->dlpi_subs;
    }
    if (!from_headers(&module, info->dlpi_addr, (uintptr_t)info->dlpi_phdr,
                      info->dlpi_phnum))
        return 0;
    if (info->dlpi_name != NULL && info->dlpi_name[0] != '\0' &&
        !epi_streq(info->dlpi_name, "/proc/self/exe")) {
        set_path(&module, info->dlpi_name);
    } else if (load->table->count == 0) {
        /* The executable comes first, without a name (glibc) or with this one
         * (static musl). */
        char exe[4096];
        ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
        exe[n > 0 ? n : 0] = '\0';
        set_path(&module, exe);
    }
    module.loaded = true;
    load->fits = insert(load->table, &module) && load->fits;
    return 0;
}

bool epi_modules_load(struct epi_modules *table)
{
    struct load load = {.table = table, .fits = true};
    table->count = 0;
    dl_iterate_phdr(add_loaded, &load);

    /* Static programs, and musl's, do not list the vDSO. */
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
    const struct epi_module *there = epi_modules_find(table, vdso);
    struct epi_module module;
    if (vdso != 0 && (there == NULL || there->extent.start != vdso) &&
        epi_module_from_image(&module, vdso)) {
        set_path(&module, VDSO);
        module.loaded = true;
        load.fits = insert(table, &module) && load.fits;
    }
    return load.fits;
}

static int compare_counters(struct dl_phdr_info *info, size_t size, void *arg)
{
    const struct epi_modules *table = arg;
    return size < offsetof(struct dl_phdr_info, dlpi_tls_modid) ||
                   info->dlpi_adds != table->adds || info->dlpi_subs != table->subs
               ? 2
               : 1;
}

bool epi_modules_changed(const struct epi_modules *table)
{
    return dl_iterate_phdr(compare_counters, (void *)(uintptr_t)table) == 2;
}

/* The kernel maps the vDSO where there is room, and where a dynamic linker's segments are 64 KiB
 * apart, as on arm64, that may be between two of them.  So the last that begins below ADDRESS is
 * not always the one that has it; modules with as much in them as NESTED are not known. */
static EPI_SAFE struct epi_module *find(struct epi_modules *table, uintptr_t address)
{
    enum { NESTED = 4 };
    uint32_t low = 0, high = table->count; /* those below LOW begin at or below ADDRESS */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (address < table->module[middle].extent.start)
            high = middle;
        else
            low = middle + 1;
    }
    for (uint32_t i = 0; i < NESTED && i < low; i++)
        if (epi_in(table->module[low - 1 - i].extent, address))
            return &table->module[low - 1 - i];
    return NULL;
}

EPI_SAFE const struct epi_module *
epi_modules_find(const struct epi_modules *table, uintptr_t address)
{
    return find((struct epi_modules *)(uintptr_t)table, address); /* which only looks */
}

EPI_SAFE const struct epi_module *
epi_modules_find_text(const struct epi_modules *table, uintptr_t pc)
{
    const struct epi_module *module = epi_modules_find(table, pc);
    if (module != NULL)
        for (size_t i = 0; i < EPI_COUNT(module->text); i++)
            if (epi_in(module->text[i], pc))
                return module;
    return NULL;
}

static EPI_SAFE bool overlap(const struct epi_range *a, const struct epi_range *b)
{
    return a->start < b->end && b->start < a->end;
}

static EPI_SAFE bool overlaps_any(const struct epi_modules *table,
                                  const struct epi_module *module)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (overlap(&table->module[i].extent, &module->extent))
            return true;
    return false;
}

static EPI_SAFE bool overlaps_text(const struct epi_module *module,
                                   const struct epi_range *range)
{
    for (size_t i = 0; i < EPI_COUNT(module->text); i++)
        if (overlap(&module->text[i], range))
            return true;
    return false;
}

/* Is MAPPING a segment of MODULE?  One that begins in the first page of the file is mapped with
 * an offset of 0, too: the code, where the linker has put less than a page before it. */
static EPI_SAFE bool is_segment(const struct epi_mapping *mapping,
                                const struct epi_module *module)
{
    return module->extent.start < mapping->range.start && mapping->inode != 0 &&
           module->inode == mapping->inode;
}

/* Does MODULE stand although an image begins at START, further up?  The list is by rising
 * address: if the image has taken MODULE's place, MODULE has not been seen at its start. */
static EPI_SAFE bool stays(const struct epi_module *module, uintptr_t start)
{
    return module->seen && module->extent.start != start;
}

/* A module whose image is at the start of MAPPING, and which the table does
 * not have yet, is added.  Its place may have been another's. */
static EPI_SAFE void add_image(struct epi_modules *table, const struct epi_mapping *mapping,
                               struct epi_module *known)
{
    struct epi_module module;
    if (!epi_module_from_image(&module, mapping->range.start) || module.text[0].end == 0 ||
        module.extent.start != mapping->range.start)
        return;
    set_path(&module, mapping->path);
    if (known == NULL) {
        if (!overlaps_any(table, &module))
            insert(table, &module);
    } else if (stays(known, mapping->range.start)) {
        if (!overlaps_text(known, &module.extent)) /* it is between two segments */
            insert(table, &module);
    } else if (known->bias != module.bias || known->build_id_size != module.build_id_size ||
               !epi_equal(known->build_id, module.build_id, module.build_id_size)) {
        epi_copy(known, &module, sizeof module);
    }
}

/* What one line of the list says about the table.  A module that the table has
 * stays as long as something is mapped at its start: the first page of an
 * executable may be remapped without its name (huge pages, packers).  One that
 * was found here stays if its text is executable: the file may have been mapped
 * only to be read. */
static EPI_SAFE void see(struct epi_modules *table, const struct epi_mapping *mapping)
{
    bool device = epi_equal(mapping->path, "/dev/", 5); /* reading may have effects */
    bool image = (mapping->inode != 0 && !device) || epi_streq(mapping->path, VDSO_MAPPING);
    struct epi_module *module = find(table, mapping->range.start);
    if (image && mapping->offset == 0 && (mapping->prot & EPI_PROT_READ) != 0 &&
        (module == NULL || !is_segment(mapping, module))) {
        add_image(table, mapping, module);
        module = find(table, mapping->range.start);
    }
    if (module == NULL)
        return;
    if (epi_in(mapping->range, module->extent.start))
        module->inode = mapping->inode;
    if ((module->loaded && epi_in(mapping->range, module->extent.start)) ||
        ((mapping->prot & EPI_PROT_EXEC) != 0 &&
         epi_in(mapping->range, module->text[0].start)))
        module->seen = true;
}

EPI_SAFE void epi_modules_refresh(struct epi_modules *table)
{
    struct epi_maps maps;
    struct epi_mapping mapping;
    if (!epi_maps_open(&maps))
        return;
    for (uint32_t i = 0; i < table->count; i++) {
        table->module[i].seen = false;
        table->module[i].inode = 0;
    }
    bool any = false;
    while (epi_maps_next(&maps, &mapping)) {
        see(table, &mapping);
        any = true;
    }
    epi_maps_close(&maps);
    if (!any)
        return; /* the list could be opened but not read */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table->count; i++)
        if (table->module[i].seen) {
            if (kept != i)
                epi_copy(&table->module[kept], &table->module[i], sizeof table->module[i]);
            kept++;
        }
    table->count = kept;
}
